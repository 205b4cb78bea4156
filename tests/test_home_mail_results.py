"""The provider's own results: read strictly, taken from the top only, and its mark learned from the mailbox."""

from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuraban.home.mail import headers
from kuraban.home.mail.authenticity.results import NAMELESS, Receiver, learn, read_value, topmost
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.headers import Headers
from kuraban.home.mail.reading import read_letter
from kuraban.home.model import Verdict
from mail_writer import mail, passes, trace

authres: Any = import_module("authres")

GMAIL = (
    b" mx.google.com;\r\n       dkim=pass header.i=@sbisec.co.jp header.s=p20190830 header.b=AbCd1234;\r\n"
    b"       spf=pass (google.com: domain of alert_error@sbisec.co.jp designates 103.71.158.4 as permitted sender)"
    b" smtp.mailfrom=alert_error@sbisec.co.jp;\r\n"
    b"       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=sbisec.co.jp"
)
OUTLOOK = (
    b" spf=pass (sender IP is 103.71.158.4)\r\n smtp.mailfrom=sbisec.co.jp; dkim=pass (signature was verified)\r\n"
    b" header.d=sbisec.co.jp;dmarc=pass action=none\r\n header.from=sbisec.co.jp;compauth=pass reason=100"
)
YAHOO = (
    b" mta0001.mail.example.jp  from=sbisec.co.jp; domainkeys=neutral (no sig); dkim=pass (ok);"
    b" header.i=@sbisec.co.jp; dmarc=pass (p=REJECT,sp=NONE,pct=100,domain=sbisec.co.jp); header.from=sbisec.co.jp"
)


def test_the_form_of_a_large_provider_is_read() -> None:
    block = read_value(GMAIL)
    assert (block.name, block.broken) == ("mx.google.com", False)
    assert [(result.method, result.result) for result in block.results] == [
        ("dkim", "pass"),
        ("spf", "pass"),
        ("dmarc", "pass"),
    ]
    assert block.of("dmarc")[0].properties == {"header.from": "sbisec.co.jp"}


def test_a_field_without_an_authserv_id_is_the_nameless_providers() -> None:
    block = read_value(OUTLOOK)
    assert (block.name, block.broken) == (NAMELESS, False)
    assert {result.method for result in block.results} >= {"spf", "dkim", "dmarc"}


def test_results_are_read_where_a_provider_parts_its_properties_oddly() -> None:
    block = read_value(YAHOO)
    assert (block.name, block.broken) == ("mta0001.mail.example.jp", False)
    assert block.of("dkim")[0].properties == {"header.i": "@sbisec.co.jp"}
    assert [(result.result, result.properties) for result in block.of("dmarc")] == [
        ("pass", {"header.from": "sbisec.co.jp"})
    ]


@pytest.mark.parametrize("value", [GMAIL, OUTLOOK])
def test_a_mail_at_a_large_provider_is_verified_by_its_results(value: bytes) -> None:
    on_top = (
        b"Delivered-To: owner@example.jp\r\nReceived: by 2002:a05:6a10:1; Tue, 7 Jul 2026 09:07:31 +0900\r\n"
        b"Return-Path: <alert_error@sbisec.co.jp>\r\nReceived: from psmtp004 by mx; Tue, 7 Jul 2026 09:07:30 +0900\r\n"
        b"Authentication-Results:" + value + b"\r\n"
    )
    raw = mail(
        "<alert_master@sbisec.co.jp>", on_top=on_top.replace(b"=sbisec.co.jp; dkim", b"=alert_error@sbisec.co.jp; dkim")
    )
    receivers = (Receiver("mx.google.com", 2), Receiver(NAMELESS, 2))
    assert read_letter(raw, "x", MailContext(receivers=receivers)).authenticity.verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    "value",
    [
        b"mx.example.jp; dkim=pass header.d=a.jp(.evil.example",
        b"mx.example.jp; dkim=pass header.d=a.jp(.evil.example)",
        b"mx.example.jp; dkim=pass header.d=a.jp'b.evil.example",
        b'mx.example.jp; dkim=pass header.d="a.jp',
        b"mx.example.jp; dkim=pass (x) header.d=a.jp)",
        b"mx.example.jp; spf=pass smtp.mailfrom=@a.jp,@b.jp:c@evil.example",
        b"mx.example.jp; dkim=pass header.d=a.jp\0.evil.example",
        b"mx.example.jp; dkim=pass header.d=a.jp\r.evil.example",
        b"mx.example.jp; dkim=pass header.d=\xe3\x81\x82.jp",
        b"mx.example.jp; " + b"dkim=pass; " * 2000,
    ],
)
def test_a_value_that_two_readers_could_understand_differently_breaks_the_block(value: bytes) -> None:
    assert read_value(value).broken


def header(*values: bytes, received: int = 1) -> Headers:
    above = b"Received: from a by b; Tue, 7 Jul 2026 09:07:30 +0900\r\n" * received
    return headers.parse(
        above + b"".join(b"Authentication-Results: " + value + b"\r\n" for value in values) + b"From: a@b.c"
    )


def test_a_method_that_is_reported_twice_breaks_the_block() -> None:
    block = topmost(header(b"mx.example.jp; dmarc=fail; dmarc=pass header.from=a.jp"))
    assert block is not None
    assert block.broken


def test_a_provider_with_one_field_for_each_method_is_read_as_a_whole() -> None:
    ids = frozenset({"spf.example.jp", "dmarc.example.jp"})
    block = topmost(
        header(b"spf.example.jp; spf=pass", b"dmarc.example.jp; dmarc=pass", b"dmarc.example.jp; dmarc=fail"), ids
    )
    assert block is not None
    assert [result.method for result in block.results] == ["spf", "dmarc"]


def test_a_field_below_that_only_looks_like_the_providers_is_not_read_with_it() -> None:
    block = topmost(header(b"mx.example.jp; dmarc=fail", b"mx2.example.jp; dmarc=pass"), frozenset({"mx.example.jp"}))
    assert block is not None
    assert [result.result for result in block.results] == ["fail"]


def test_the_providers_mark_is_learned_from_a_mailbox() -> None:
    mailbox = [header(b"mx.example.jp; spf=pass") for _ in range(40)]
    assert learn(mailbox) == (Receiver("mx.example.jp", 1),)


def test_all_the_names_of_a_provider_that_writes_one_field_for_each_method_are_learned() -> None:
    fields = (b"bimi.example.jp; bimi=none", b"dmarc.example.jp; dmarc=pass", b"x.evil.example; dmarc=pass")
    learned = learn([header(*fields) for _ in range(30)])
    assert learned == (Receiver("bimi.example.jp", 1), Receiver("dmarc.example.jp", 1))
    block = topmost(header(*fields), frozenset(receiver.name for receiver in learned))
    assert block is not None
    assert [(result.method, result.result) for result in block.results] == [("bimi", "none"), ("dmarc", "pass")]


def test_a_pasted_mark_is_never_learned() -> None:
    pasted = [header(b"mx.evil.example; dmarc=pass", received=0) for _ in range(10)]
    assert learn([header(b"mx.example.jp; spf=pass") for _ in range(300)] + pasted) == (Receiver("mx.example.jp", 1),)


def test_a_mailbox_whose_provider_writes_nothing_teaches_nothing() -> None:
    some = [header(f"mx{number % 7}.example.com; dmarc=pass".encode()) for number in range(30)]
    none = [header() for _ in range(70)]
    assert learn(some + none) == ()
    assert learn([header(b"mx.example.jp; spf=pass")] * 5) == ()


def test_a_provider_whose_hosts_write_their_own_names_is_learned_by_its_domain() -> None:
    mailbox = [header(f"mta{number}.mail.example.jp; spf=pass".encode()) for number in range(50)]
    assert learn(mailbox) == (Receiver("*.example.jp", 1),)
    block = topmost(header(b"mta9999.mail.example.jp; dmarc=pass"))
    assert block is not None
    assert learn(mailbox)[0].wrote(block)


def test_a_mark_at_another_hop_is_not_the_providers() -> None:
    block = topmost(header(b"mx.example.jp; dmarc=pass", received=3))
    assert block is not None
    assert not Receiver("mx.example.jp", 1).wrote(block)
    assert Receiver("mx.example.jp").wrote(block)


DOMAINS = st.from_regex(r"[a-z]{1,8}(\.[a-z]{2,5}){1,2}", fullmatch=True)
RESULTS = st.sampled_from(["pass", "fail", "none", "softfail", "temperror"])


@settings(max_examples=50)
@given(DOMAINS, RESULTS, RESULTS, RESULTS, DOMAINS)
def test_well_formed_results_are_read_as_a_reference_library_reads_them(
    name: str, spf: str, dkim: str, dmarc: str, domain: str
) -> None:
    value = (
        f"{name}; spf={spf} smtp.mailfrom=a@{domain}; dkim={dkim} (2048-bit key) header.d={domain};"
        f" dmarc={dmarc} header.from={domain}"
    )
    theirs = authres.AuthenticationResultsHeader.parse("Authentication-Results: " + value)
    ours = read_value(value.encode())
    assert not ours.broken
    assert ours.name == theirs.authserv_id.lower()
    assert [(result.method, result.result) for result in ours.results] == [
        (result.method, result.result) for result in theirs.results
    ]


@given(st.binary(max_size=300))
def test_no_value_is_an_error(value: bytes) -> None:
    read_value(value)
    topmost(headers.parse(b"Authentication-Results: " + value))


def test_a_subdomain_of_the_return_path_counts_as_the_sender() -> None:
    on_top = trace(passes("rakuten-sec.co.jp", "bounce2.rakuten-sec.co.jp"), "relay@bounce2.rakuten-sec.co.jp")
    raw = mail("<service@rakuten-sec.co.jp>", on_top=on_top)
    context = MailContext(receivers=(Receiver("mx.example.jp", 1),))
    assert read_letter(raw, "x", context).authenticity.verdict is Verdict.VERIFIED
