"""Mails for tests: notices as brokers send them and as forgers do, with the trace a provider leaves on them."""

import base64
from collections.abc import Sequence

from kuraban.home.mail.authenticity.results import Receiver
from kuraban.home.mail.context import MailContext

PROVIDER = "mx.example.jp"
OWNER = "owner@example.jp"
RECEIVER = Receiver(PROVIDER, 1)


def context(**given: object) -> MailContext:
    """A mailbox at PROVIDER, whose mark is known."""
    return MailContext(receivers=(RECEIVER,), **given)  # type: ignore[arg-type]


def word(text: str, charset: str = "utf-8") -> bytes:
    """An encoded word."""
    return b"=?" + charset.encode() + b"?B?" + base64.b64encode(text.encode(charset)) + b"?="


def trace(results: str | None = None, mail_from: str = "bounce@example.com") -> bytes:
    """What PROVIDER writes on top of a mail. results: its Authentication-Results, None for none."""
    lines = [
        f"Return-Path: <{mail_from}>",
        f"Received: from sender.example.com (sender.example.com [192.0.2.1]) by {PROVIDER}; "
        "Tue, 7 Jul 2026 09:07:30 +0900",
    ]
    if results is not None:
        lines.append(f"Authentication-Results: {PROVIDER}; {results}")
    return "".join(line + "\r\n" for line in lines).encode()


def passes(domain: str, mail_from: str | None = None) -> str:
    """Results of a mail that `domain` sent: everything passes, by SPF."""
    sent = mail_from or f"bounce@{domain}"
    return f"spf=pass smtp.mailfrom={sent}; dkim=none; dmarc=pass (p=reject) header.from={domain}"


def mail(
    sender: bytes | str,
    subject: bytes | str = "test",
    body: str = "",
    *,
    on_top: bytes = b"",
    extra: Sequence[bytes] = (),
    kind: str = "text/plain",
    charset: str = "utf-8",
    date: str = "Tue, 7 Jul 2026 09:07:10 +0900",
    sender_fields: bytes | None = None,
) -> bytes:
    """A message. sender_fields: instead of a From field, these raw header lines."""
    sender = sender.encode() if isinstance(sender, str) else sender
    fields = [
        sender_fields if sender_fields is not None else b"From: " + sender,
        b"To: <" + OWNER.encode() + b">",
        b"Date: " + date.encode(),
        b"Subject: " + (word(subject, charset) if isinstance(subject, str) else subject),
        b"Message-ID: <20260707090710.1@mail.example.com>",
        *extra,
        b"MIME-Version: 1.0",
        b"Content-Type: " + kind.encode() + b"; charset=" + charset.encode(),
        b"Content-Transfer-Encoding: base64",
    ]
    encoded = base64.encodebytes(body.replace("\n", "\r\n").encode(charset)).replace(b"\n", b"\r\n")
    return on_top + b"\r\n".join(fields) + b"\r\n\r\n" + encoded
