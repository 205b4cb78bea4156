"""No forged mail is ever verified: every published way around mail authentication, on a mailbox whose mark is known.

The cases of sender spoofing are those of Chen, Paxson and Jiang, "Composition Kills: A Case Study of Email Sender
Authentication" (USENIX Security 2020), as their public tool espoofer sends them, with the results that a provider who
is taken in by them would write.
"""

import base64

import pytest

from dkim_signer import published, record, sign
from kuraban.home.mail.authenticity.keys import Keys
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.reading import read_letter
from kuraban.home.model import Authenticity, Verdict
from mail_writer import RECEIVER, mail, passes, trace, word

REAL = "sbisec.co.jp"
EVIL = "attack.example"
ADMIN = b"admin@sbisec.co.jp"


def judged(raw: bytes) -> Authenticity:
    keys = Keys(published({EVIL: record("thief"), REAL: record("broker")}))
    return read_letter(raw, "x", MailContext(receivers=(RECEIVER,), keys=keys)).authenticity


def from_(fields: bytes, results: str, mail_from: str = f"any@{EVIL}", extra: tuple[bytes, ...] = ()) -> bytes:
    return mail(b"", "test", on_top=trace(results, mail_from), sender_fields=fields, extra=extra)


def encoded(address: bytes) -> bytes:
    return b"=?utf-8?b?" + base64.b64encode(address) + b"?="


FOOLED = f"spf=pass smtp.mailfrom=any@{REAL}; dmarc=pass header.from={REAL}"
OWN = f"spf=pass smtp.mailfrom=any@{EVIL}; dmarc=pass header.from={EVIL}"
PLAIN = b"From: <" + ADMIN + b">"


def signed_by(domain: str, selector: str = "s2026") -> bytes:
    """A signature field whose d= and s= are the attacker's to choose."""
    return (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector}; h=From:Subject; ".encode()
        + (b"bh=AAAA; b=AAAA")
    )


EXPLOITS = {
    "A1 non-existent subdomain": from_(
        PLAIN, f"spf=none smtp.mailfrom=any@mailfrom.notexist.{REAL}; dmarc=none", f"any@mailfrom.notexist.{REAL}"
    ),
    "A2 empty MAIL FROM": from_(PLAIN, f"spf=pass smtp.helo={EVIL}; dmarc=none", f"(any@{REAL}"),
    "A3 NUL in the selector": from_(
        PLAIN,
        f"dkim=pass header.d={REAL}; dmarc=pass header.from={REAL}",
        extra=(signed_by(REAL, f"s._domainkey.{EVIL}.\x00.any"),),
    ),
    "A4 results injected by a quote in d=": from_(
        PLAIN,
        f"dkim=pass header.d={REAL}'a.{EVIL}; dmarc=pass header.from={REAL}",
        extra=(signed_by(f"{REAL}'a.{EVIL}"),),
    ),
    "A4 results injected by a parenthesis in d=": from_(
        PLAIN,
        f"dkim=pass header.d={REAL}(.{EVIL}; dmarc=pass header.from={REAL}",
        extra=(signed_by(f"{REAL}(.{EVIL}"),),
    ),
    "A4 the same, closed again": from_(
        PLAIN,
        f"dkim=pass header.d={REAL}(.{EVIL}) header.s=x; dmarc=pass header.from={REAL}",
        extra=(signed_by(f"{REAL}(.{EVIL})"),),
    ),
    "A5 results injected by a parenthesis in MAIL FROM": from_(
        PLAIN, f"spf=pass smtp.mailfrom=any@{REAL}(a.{EVIL}; dmarc=pass header.from={REAL}", f"any@{REAL}(a.{EVIL}"
    ),
    "A6 results injected by a quote in MAIL FROM": from_(
        PLAIN,
        f"spf=pass smtp.mailfrom=any@{REAL}'@any.{EVIL}; dmarc=pass header.from={REAL}",
        f"any@{REAL}'@any.{EVIL}",
    ),
    "A7 route in MAIL FROM": from_(
        PLAIN,
        f"spf=pass smtp.mailfrom=@{REAL},@any.com:'any@{EVIL}; dmarc=pass header.from={REAL}",
        f"@{REAL},@any.com:'any@{EVIL}",
    ),
    "A8 several From fields": from_(b"From: <first@attack.example>\r\n" + PLAIN, OWN),
    "A8 the other way round": from_(PLAIN + b"\r\nFrom: <first@attack.example>", OWN),
    "A9 From after a blank": from_(b" From: <first@attack.example>\r\n" + PLAIN, OWN),
    "A10 blank after From": from_(PLAIN + b"\r\nFrom : <first@attack.example>", OWN),
    "A10 the other way round": from_(b"From: <first@attack.example>\r\nFrom : <" + ADMIN + b">", OWN),
    "A11 folded From": from_(b"From\r\n : <first@attack.example>\r\n" + PLAIN, OWN),
    "A12 From and Sender": from_(b"From\r\n : <first@attack.example>\r\nSender: <" + ADMIN + b">", OWN),
    "A13 From and Resent-From": from_(b"From\r\n : <first@attack.example>\r\nResent-From: <" + ADMIN + b">", OWN),
    "A14 several addresses": from_(b"From: <first@attack.example>, <" + ADMIN + b">", OWN),
    "A15 encoded address": from_(b"From:" + encoded(b"<" + ADMIN + b">") + b",<second@attack.example>", OWN),
    "A16 route portion": from_(b"From: <@attack.example,@any.com:" + ADMIN + b">", OWN),
    "A17 quoted pair": from_(b"From: <" + ADMIN + b">\\,<second@attack.example>", OWN),
    "A18 special characters": from_(b"From: " + ADMIN + b",<second@attack.example>", OWN),
    "A19 address behind the address": from_(b"From: <any@attack.example>" + ADMIN, OWN),
    "A19 address before the address": from_(b"From: " + ADMIN + b" <any@attack.example>", OWN),
    "display name of an address": from_(b'From: "' + ADMIN + b'" <any@attack.example>', OWN),
    "encoded display name of an address": from_(b"From: " + encoded(ADMIN) + b" <any@attack.example>", OWN),
    "blanks in the shown address": from_(b"From: admin@sbisec.co. jp <any@attack.example>", OWN),
    "group": from_(b"From: group: <" + ADMIN + b">;", OWN),
    "empty group": from_(b"From: " + ADMIN + b":;", OWN),
    "comment": from_(b"From: (" + ADMIN + b") any@attack.example", OWN),
    "comment within": from_(b"From: admin@sbisec.co.jp(.attack.example)", OWN),
    "null byte": from_(b"From: <" + ADMIN + b"\0.attack.example>", OWN),
    "bare carriage return": from_(b"From: <any@attack.example>\rFrom: <" + ADMIN + b">", OWN),
    "no From": from_(b"X-None: <" + ADMIN + b">\r\nSender: <" + ADMIN + b">", OWN),
    "results about another author": from_(PLAIN, OWN),
}


@pytest.mark.parametrize("case", EXPLOITS)
def test_a_published_exploit_never_verifies(case: str) -> None:
    assert judged(EXPLOITS[case]).verdict is not Verdict.VERIFIED


@pytest.mark.parametrize("case", [case for case in EXPLOITS if case[:2] in ("A8", "A9") or case[:3] in ("A10", "A11")])
@pytest.mark.parametrize("results", [FOOLED, OWN])
def test_two_readers_seeing_two_authors_is_called_a_forgery(case: str, results: str) -> None:
    raw = EXPLOITS[case].replace(OWN.encode(), results.encode())
    assert judged(raw).verdict is Verdict.FORGED


def test_the_same_mailbox_verifies_a_genuine_mail() -> None:
    assert judged(from_(PLAIN, passes(REAL), f"bounce@{REAL}")).verdict is Verdict.VERIFIED


PASTED = f"Authentication-Results: {RECEIVER.name}; {passes(REAL)}\r\n".encode()


@pytest.mark.parametrize(
    "raw",
    [
        mail(PLAIN[6:], on_top=trace(f"dmarc=fail header.from={REAL}") + PASTED),
        mail(PLAIN[6:], on_top=trace("spf=none; dkim=none; dmarc=none") + PASTED),
        mail(PLAIN[6:], on_top=PASTED),
        mail(PLAIN[6:], on_top=trace(None) + b"Received: from x by y; Tue, 7 Jul 2026 09:07:30 +0900\r\n" + PASTED),
        mail(PLAIN[6:], on_top=trace("dmarc=none;\r\n dmarc=pass header.from=sbisec.co.jp")),
        mail(PLAIN[6:], on_top=trace(f"spf=none\r\n ; spf=pass smtp.mailfrom=a@{REAL}", f"a@{REAL}")),
    ],
    ids=["below a failure", "below nothing said", "alone", "another hop", "folded in", "folded in twice"],
)
def test_results_that_came_with_the_mail_are_not_believed(raw: bytes) -> None:
    assert judged(raw).verdict is not Verdict.VERIFIED


def test_without_a_known_provider_no_results_are_believed() -> None:
    raw = mail(PLAIN[6:], on_top=trace(passes(REAL), f"bounce@{REAL}"))
    assert read_letter(raw, "x", MailContext(receivers=())).authenticity.verdict is Verdict.UNVERIFIED


def test_a_malformed_line_that_is_nobodys_name_does_not_spoil_a_genuine_mail() -> None:
    odd = (b"X-Odd Field : scanned", b"a line without a colon", b"X-\xe5\x80\xa4: y")
    raw = mail(PLAIN[6:], on_top=trace(passes(REAL), f"bounce@{REAL}"), extra=odd)
    assert judged(raw).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    "field", [b"Subject: another", b"Date: Mon, 6 Jul 2026 00:00:00 +0900", b"Content-Type: text/html"]
)
def test_a_field_that_must_be_single_and_is_not_keeps_a_mail_from_being_verified(field: bytes) -> None:
    raw = mail(PLAIN[6:], on_top=trace(passes(REAL), f"bounce@{REAL}"), extra=(field,))
    assert judged(raw).verdict is Verdict.UNVERIFIED


TRUST_MARKS = (
    "X-Z-SRV: Company=ＳＢＩ証券; comp_siu=https://example.jp/companymark/sbisec/".encode(),
    b"X-Z-PassedDKIMSig: sbisec.co.jp",
    b"Received: from psmtp004.sbisec.co.jp (psmtp004.sbisec.co.jp [103.71.158.4]) by mta.example.jp; "
    b"Tue, 7 Jul 2026 09:00:00 +0900",
    b"Authentication-Results: attack.example; auth=pass; dkim=pass header.d=sbisec.co.jp",
    b"ARC-Authentication-Results: i=1; mx.example.jp; dmarc=pass header.from=sbisec.co.jp",
    b"Received-SPF: pass",
)


def test_trust_marks_pasted_from_genuine_mail_change_nothing() -> None:
    raw = mail(PLAIN[6:], on_top=trace(f"dmarc=fail header.from={REAL}"), extra=TRUST_MARKS)
    assert judged(raw).verdict is Verdict.FORGED


def test_a_mailing_list_that_rewrites_the_author_does_not_vouch_for_him() -> None:
    raw = mail(
        word("SBI証券 via List") + b" <list@lists.example.org>",
        on_top=trace(passes("lists.example.org"), "bounce@lists.example.org"),
    )
    assert judged(raw).verdict is Verdict.LOOKALIKE


def test_a_throw_away_domain_that_passes_everything_is_a_lookalike_by_the_name_it_shows() -> None:
    raw = sign(mail(word("SBI証券") + b" <service_1@515173.example>"), "515173.example")
    found = judged(trace(passes("515173.example"), "bounce@515173.example") + raw)
    assert (found.verdict, found.broker) == (Verdict.LOOKALIKE, "sbi")
