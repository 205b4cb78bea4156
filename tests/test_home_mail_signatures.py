"""DKIM signatures and ARC seals, checked again on the owner's computer with real keys."""

import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dkim_signer import SELECTOR, dns_server, published, record, seal, sign
from kuraban.home.mail import parsing
from kuraban.home.mail.authenticity import canonical, sender
from kuraban.home.mail.authenticity.keys import Answer, Availability, Keys, Resolver, dns_resolver, offline
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.reading import read_letter
from kuraban.home.model import Authenticity, Verdict
from mail_writer import OWNER, RECEIVER, mail, passes, trace

SBI = "sbisec.co.jp"
NOW = datetime(2026, 7, 7, 0, 30, tzinfo=UTC)


def notice(**given: object) -> bytes:
    return mail("<alert_master@sbisec.co.jp>", "【SBI証券】お知らせ", "本文です。\n", **given)  # type: ignore[arg-type]


def judged(raw: bytes, resolver: Resolver | None = None, **given: object) -> Authenticity:
    keys = Keys(resolver if resolver is not None else published({SBI: record()}))
    return read_letter(raw, "x", MailContext(keys=keys, **given)).authenticity  # type: ignore[arg-type]


def codes(found: Authenticity) -> list[str]:
    return [why.code for why in found.why]


def test_a_signature_that_holds_verifies_a_mail_without_any_provider() -> None:
    found = judged(sign(notice(), SBI))
    assert (found.verdict, found.broker, codes(found)) == (Verdict.VERIFIED, "sbi", ["signature_holds"])


def test_a_subdomain_of_the_broker_may_sign() -> None:
    raw = sign(notice(), "mail.sbisec.co.jp")
    assert judged(raw, published({"mail.sbisec.co.jp": record()})).verdict is Verdict.VERIFIED


def test_line_ends_of_a_file_do_not_break_a_signature() -> None:
    assert judged(sign(notice(), SBI).replace(b"\r\n", b"\n")).verdict is Verdict.VERIFIED


def test_a_changed_body_is_a_forgery() -> None:
    raw = sign(notice(), SBI).replace(b"\r\n\r\n", b"\r\n\r\nAAAA", 1)
    found = judged(raw)
    assert (found.verdict, codes(found)) == (Verdict.FORGED, ["body_changed"])


def test_a_changed_subject_is_a_forgery() -> None:
    raw = sign(notice(), SBI).replace(b"Subject: ", b"Subject: Re ")
    found = judged(raw)
    assert (found.verdict, codes(found)) == (Verdict.FORGED, ["header_changed"])


def test_a_signature_made_with_another_key_is_a_forgery() -> None:
    assert judged(sign(notice(), SBI, name="thief")).verdict is Verdict.FORGED


@pytest.mark.parametrize("domain", ["attacker.example", "co.jp", "xsbisec.co.jp", "sbisec.co.jp.attacker.example"])
def test_the_signature_of_another_domain_proves_nothing(domain: str) -> None:
    found = judged(sign(notice(), domain), published({domain: record()}))
    assert found.verdict is Verdict.UNVERIFIED


def test_a_key_that_is_gone_means_unknown_and_not_forged() -> None:
    found = judged(sign(notice(), SBI), published({}))
    assert (found.verdict, codes(found)) == (Verdict.UNVERIFIED, ["no_proof", "key_absent"])


def test_a_revoked_key_proves_nothing() -> None:
    found = judged(sign(notice(), SBI), published({SBI: b"v=DKIM1; p="}))
    assert (found.verdict, codes(found)) == (Verdict.UNVERIFIED, ["no_proof", "key_revoked"])


def test_without_a_network_the_mail_stays_unverified() -> None:
    found = judged(sign(notice(), SBI), offline)
    assert (found.verdict, codes(found)) == (Verdict.UNVERIFIED, ["no_proof", "key_unreachable"])


def test_a_key_kept_on_receipt_verifies_after_it_is_gone_and_after_a_restart(tmp_path: Path) -> None:
    raw, file = sign(notice(), SBI), tmp_path / "keys" / "dkim.json"
    first = Keys(published({SBI: record()}), file)
    assert read_letter(raw, "x", MailContext(keys=first)).authenticity.verdict is Verdict.VERIFIED
    first.save(NOW)
    for resolver in (offline, published({})):
        later = MailContext(keys=Keys(resolver, file))
        assert read_letter(raw, "x", later).authenticity.verdict is Verdict.VERIFIED
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"keys": 3}', b"\xff"])
def test_a_damaged_key_file_is_filled_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "dkim.json"
    file.write_bytes(content)
    keys = Keys(published({SBI: record()}), file)
    assert read_letter(sign(notice(), SBI), "x", MailContext(keys=keys)).authenticity.verdict is Verdict.VERIFIED
    keys.save(NOW)
    assert f"{SELECTOR}._domainkey.{SBI}" in file.read_text()


def test_each_key_is_asked_for_once() -> None:
    asked = []

    def resolver(name: str) -> Answer:
        asked.append(name)
        return published({SBI: record()})(name)

    context = MailContext(keys=Keys(resolver))
    for _ in range(3):
        read_letter(sign(notice(), SBI), "x", context)
    assert asked == [f"{SELECTOR}._domainkey.{SBI}"]


def test_keys_come_over_dns() -> None:
    name = f"{SELECTOR}._domainkey.{SBI}"
    with dns_server({name: record(), f"odd._domainkey.{SBI}": b"no key at all"}) as port:
        resolve = dns_resolver(2.0, "127.0.0.1", port)
        assert resolve(name) == Answer(Availability.PRESENT, record())
        assert resolve(f"odd._domainkey.{SBI}").availability is Availability.ABSENT
        assert resolve(f"none._domainkey.{SBI}").availability is Availability.ABSENT
        assert judged(sign(notice(), SBI), resolve).verdict is Verdict.VERIFIED
    assert dns_resolver(0.2, "127.0.0.1", port)(name).availability is Availability.UNREACHABLE


def unfit_signatures() -> dict[str, bytes]:
    headers = [b"from", b"to", b"subject", b"date", b"content-type", b"content-transfer-encoding"]
    held = sign(notice(), SBI)
    return {
        "partial_body": sign(notice(), SBI, length=True),
        "unsigned_fields": sign(notice(), SBI, include_headers=[b"from", b"to", b"date"]),
        "weak_signature": sign(notice(), SBI, signature_algorithm=b"rsa-sha1", include_headers=headers),
        "unsigned_from": held.replace(b"h=from : to", b"h=to", 1).replace(b"h=from", b"h=xfrom", 1),
        "malformed_signature": held.replace(b" s=" + SELECTOR.encode(), b" s=a..example/any", 1),
    }


@pytest.mark.parametrize("code", list(unfit_signatures()))
def test_a_signature_that_leaves_something_open_never_verifies(code: str) -> None:
    raw = unfit_signatures()[code]
    for results in (None, passes(SBI), f"dkim=pass header.d={SBI}; spf=pass smtp.mailfrom=a@{SBI}; dmarc=pass"):
        found = judged(trace(results, f"bounce@{SBI}") + raw, receivers=(RECEIVER,))
        assert (found.verdict, codes(found)) == (Verdict.UNVERIFIED, [code])


def test_a_text_added_behind_a_partly_signed_body_never_verifies() -> None:
    raw = sign(notice(), SBI, length=True) + b"QUFBQQ==\r\n"
    assert judged(raw).verdict is not Verdict.VERIFIED


ARRIVAL = int(datetime(2026, 7, 7, 0, 7, 30, tzinfo=UTC).timestamp())


def test_a_signature_that_expired_after_arrival_still_counts() -> None:
    raw = trace() + sign(notice(), SBI, expires=ARRIVAL + 3600)
    assert judged(raw).verdict is Verdict.VERIFIED


def test_a_signature_that_had_expired_on_arrival_does_not_count() -> None:
    found = judged(trace() + sign(notice(), SBI, at=ARRIVAL - 172_800, expires=ARRIVAL - 86_400))
    assert (found.verdict, codes(found)) == (Verdict.UNVERIFIED, ["expired_signature"])


def test_an_old_genuine_mail_that_is_sent_again_is_not_verified() -> None:
    raw = trace() + sign(notice(date="Tue, 2 Jun 2026 09:00:00 +0900"), SBI)
    found = judged(raw)
    assert (found.verdict, codes(found)) == (Verdict.UNVERIFIED, ["old_mail"])


def test_a_genuine_mail_of_somebody_else_is_not_verified_as_the_owners() -> None:
    raw = sign(notice(), SBI)
    assert judged(raw, addresses=frozenset({OWNER})).verdict is Verdict.VERIFIED
    found = judged(raw, addresses=frozenset({"somebody@example.com"}))
    assert (found.verdict, codes(found)) == (Verdict.UNVERIFIED, ["other_recipient"])


@pytest.mark.parametrize(
    ("to", "verified"),
    [
        (OWNER, True),
        (f'"Taro, Yamada" <{OWNER.upper()}>', True),
        (OWNER.replace("@", "+sbi@"), True),
        ("x" + OWNER, False),
        (f'"{OWNER}" <thief@example.com>', False),
        (f"{OWNER}.example.com", False),
    ],
)
def test_only_an_address_of_the_owners_own_counts_as_his(to: str, verified: bool) -> None:
    raw = notice().replace(b"To: <" + OWNER.encode() + b">", b"To: " + to.encode())
    found = judged(sign(raw, SBI), addresses=frozenset({OWNER}))
    assert (found.verdict is Verdict.VERIFIED) == verified
    assert ("other_recipient" in codes(found)) != verified


def test_a_mail_that_the_provider_passed_and_the_key_refutes_is_left_open() -> None:
    raw = sign(notice(), SBI).replace(b"Subject: ", b"Subject: Re ")
    found = judged(trace(passes(SBI), f"bounce@{SBI}") + raw, receivers=(RECEIVER,))
    assert (found.verdict, codes(found)) == (Verdict.UNVERIFIED, ["contradiction", "header_changed"])


def test_a_body_that_the_provider_stored_in_another_form_leaves_a_confirmed_mail_verified() -> None:
    signed = sign(notice(), SBI)
    head, _, _ = signed.partition(b"\r\n\r\n")
    rewritten = head + b"\r\n\r\n5pys5paH44Gn44GZ44CCDQo=\r\nDQo=\r\n"
    found = judged(trace(passes(SBI), f"bounce@{SBI}") + rewritten, receivers=(RECEIVER,))
    assert (found.verdict, codes(found)) == (Verdict.VERIFIED, ["provider_confirms", "body_rewritten"])
    failed = f"spf=fail smtp.mailfrom=x@attack.example; dkim=fail header.d={SBI}; dmarc=fail header.from={SBI}"
    assert judged(trace(failed) + rewritten, receivers=(RECEIVER,)).verdict is Verdict.FORGED


def forwarded(results: str, sealer: str = "forwarder.example") -> bytes:
    """A notice that was received elsewhere, sealed there and passed on, its own signature broken on the way."""
    received = b"Authentication-Results: mx.forwarder.example; " + results.encode() + b"\r\n" + notice()
    return trace(f"dmarc=fail header.from={SBI}") + seal(received, sealer, "mx.forwarder.example")


def test_a_forwarder_the_owner_trusts_can_vouch_for_a_mail() -> None:
    keys = published({"forwarder.example": record("sealer")})
    trusted = {"receivers": (RECEIVER,), "sealers": frozenset({"forwarder.example"})}
    found = judged(forwarded(passes(SBI)), keys, **trusted)
    assert (found.verdict, codes(found)) == (Verdict.VERIFIED, ["forwarder_confirms"])


def test_a_forwarder_the_owner_does_not_trust_cannot() -> None:
    keys = published({"forwarder.example": record("sealer")})
    assert judged(forwarded(passes(SBI)), keys, receivers=(RECEIVER,)).verdict is Verdict.FORGED
    others = frozenset({"other.example"})
    assert judged(forwarded(passes(SBI)), keys, receivers=(RECEIVER,), sealers=others).verdict is Verdict.FORGED


def test_a_seal_over_a_failure_or_with_a_wrong_key_vouches_for_nothing() -> None:
    trusted = {"receivers": (RECEIVER,), "sealers": frozenset({"forwarder.example"})}
    keys = published({"forwarder.example": record("sealer")})
    assert judged(forwarded(f"dmarc=fail header.from={SBI}"), keys, **trusted).verdict is Verdict.FORGED
    others = published({"forwarder.example": record("thief")})
    assert judged(forwarded(passes(SBI)), others, **trusted).verdict is Verdict.FORGED


def test_a_sealed_mail_that_was_changed_afterwards_is_not_vouched_for() -> None:
    keys = published({"forwarder.example": record("sealer")})
    raw = forwarded(passes(SBI)).replace(b"\r\n\r\n", b"\r\n\r\nAAAA", 1)
    trusted = frozenset({"forwarder.example"})
    assert judged(raw, keys, receivers=(RECEIVER,), sealers=trusted).verdict is Verdict.FORGED


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_key_that_could_not_be_asked_for_is_asked_for_again_later() -> None:
    clock, answers = Clock(), [Answer(Availability.UNREACHABLE), Answer(Availability.PRESENT, record())]
    keys = Keys(lambda name: answers.pop(0), clock=clock)
    assert keys.find("a").availability is Availability.UNREACHABLE
    assert keys.find("a").availability is Availability.UNREACHABLE
    clock.seconds += 61
    assert keys.find("a").availability is Availability.PRESENT
    assert answers == []


def test_a_rotated_key_is_seen_within_the_hour() -> None:
    clock, answers = Clock(), [Answer(Availability.ABSENT), Answer(Availability.PRESENT, record())]
    keys = Keys(lambda name: answers.pop(0), clock=clock)
    assert keys.find("a").availability is Availability.ABSENT
    clock.seconds += 3601
    assert keys.find("a").availability is Availability.PRESENT


def test_invented_selectors_do_not_keep_a_dead_resolver_busy() -> None:
    clock, asked = Clock(), []

    def dead(name: str) -> Answer:
        asked.append(name)
        return Answer(Availability.UNREACHABLE)

    keys = Keys(dead, clock=clock)
    for number in range(500):
        keys.find(f"selector{number}")
    assert len(asked) == 3
    clock.seconds += 61
    keys.find("another")
    assert len(asked) == 4


HOSTILE = {
    "blanks": b" " * 3_000_000,
    "blank lines": b"\r\n" * 1_500_000,
    "blank lines of blanks": b" \r\n" * 1_000_000,
    "tabs and blanks": b"\t \t" * 1_000_000 + b"x",
    "carriage returns": b"\r" * 3_000_000,
}


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("form", [b"relaxed/relaxed", b"simple/simple"])
def test_a_body_made_to_keep_the_checker_busy_does_not(body: str, form: bytes) -> None:
    field = (
        b"DKIM-Signature: v=1; a=rsa-sha256; c=" + form + b"; d=sbisec.co.jp; s=s2026; h=from:subject; bh=AAAA; b=AAAA"
    )
    raw = field + b"\r\nFrom: <a@sbisec.co.jp>\r\nSubject: x\r\n\r\n" + HOSTILE[body]
    began = time.process_time()
    assert judged(raw).verdict is Verdict.FORGED
    assert time.process_time() - began < 3.0


def test_a_header_made_to_keep_the_checker_busy_does_not() -> None:
    raw = sign(notice(extra=(b"X-Long: y" + b"\r\n z" * 60_000,)), SBI)
    began = time.process_time()
    assert [why.code for why in judged(raw).why] == ["no_proof", "not_checkable"]
    assert time.process_time() - began < 3.0


LINES = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r\n\r\n", b"b c ", b"\r"]), max_size=30)


@given(LINES)
def test_a_body_is_put_into_the_form_the_reference_gives_it(pieces: list[bytes]) -> None:
    content = b"".join(pieces) + b"x \t\r\n\r\n"
    reference = import_module("dkim.canonicalization")
    assert canonical.body(content, relaxed=True) == reference.Relaxed.canonicalize_body(content)
    assert canonical.body(content, relaxed=False) == reference.Simple.canonicalize_body(content)


@given(st.binary(max_size=60), st.booleans())
def test_canonical_form_is_the_same_when_it_is_taken_twice(content: bytes, relaxed: bool) -> None:
    once = canonical.body(content, relaxed)
    assert canonical.body(once, relaxed) == once


@pytest.mark.parametrize("form", [(b"relaxed", b"relaxed"), (b"relaxed", b"simple"), (b"simple", b"simple")])
def test_every_canonical_form_verifies(form: tuple[bytes, bytes]) -> None:
    raw = notice().replace(b"\r\n\r\n", b"\r\n\r\nZm9v  \t\r\n \r\n", 1) + b"\r\n\r\n"
    assert judged(sign(raw, SBI, canonicalize=form)).verdict is Verdict.VERIFIED


SIGNED = sign(mail("<alert_master@sbisec.co.jp>", "約定通知", "見本株式会社を買付しました。\n"), SBI)


def shown(raw: bytes) -> tuple[str, str, str]:
    message = parsing.parse(raw)
    return sender.read(message.headers).address, message.subject, "".join(message.text.split())


EDITS = st.tuples(
    st.integers(0, len(SIGNED)),
    st.integers(0, 3),
    st.binary(max_size=3)
    | st.sampled_from([b"\r\n", b"\r\n ", b"\r\nFrom: x@attack.example", b"\r\nSubject: y", b"\0"]),
)


@settings(max_examples=400)
@given(st.lists(EDITS, min_size=1, max_size=3))
def test_whatever_is_changed_in_a_signed_mail_what_people_read_is_verified_only_if_it_is_as_signed(
    edits: list[tuple[int, int, bytes]],
) -> None:
    raw = SIGNED
    for at, removed, put in edits:
        raw = raw[:at] + put + raw[at + removed :]
    if judged(raw).verdict is Verdict.VERIFIED:
        assert shown(raw) == shown(SIGNED)


def test_how_the_body_is_encoded_may_be_left_unsigned() -> None:
    raw = sign(notice(), SBI, include_headers=[b"from", b"subject", b"date"])
    assert judged(raw).verdict is Verdict.VERIFIED
