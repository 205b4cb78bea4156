"""How fast an owner's mailbox is read: ten thousand mails of all kinds, judged and read, with flat memory."""

import base64
import random
import resource
import time
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.result import Result
from kuraban.home.mail.authenticity.keys import Keys, of_record
from kuraban.home.mail.authenticity.results import Receiver
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.formats.testing import PROVIDER, SAMPLES
from kuraban.home.mail.reading import read_letter
from kuraban.home.mail.sources import files
from kuraban.home.mail.sources.model import RawMail

MAILS = 10_000
SECONDS = 60.0
GROWTH = 64  # MiB that the process may grow after its first thousand mails
_SEED = 20260707
_WORDS = ("お知らせ", "投資信託", "相場", "銘柄", "特集", "手数料", "資産", "形成", "の", "を", "は", "に", "で", "。")

dkim: Any = import_module("dkim")


def mailbox() -> Result:
    """Reading and judging MAILS mails of one mailbox on one core, in processor time."""
    context, first, seen = _context(), 0, 0
    with TemporaryDirectory(prefix="kuraban-bench-") as folder:
        path = _mbox(Path(folder) / "all.mbox")
        began = time.process_time()
        for item in files.mails(path):
            if isinstance(item, RawMail):
                read_letter(item.raw, item.place, context, whole=item.whole)
                seen += 1
            if seen == 1000:
                first = _memory()
        seconds, growth = time.process_time() - began, _memory() - first
    if seen != MAILS:
        raise RuntimeError(f"{seen} mails were read instead of {MAILS}")
    figure = f"{seconds:.1f} s, {seconds / MAILS * 1e3:.2f} ms a mail, +{growth} MiB"
    met = seconds <= SECONDS and growth <= GROWTH
    return Result(f"{MAILS:,} mails read on one core", figure, f"≤ {SECONDS:.0f} s, ≤ +{GROWTH} MiB", met)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _context() -> MailContext:
    encoding, public = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    record = b"v=DKIM1; p=" + base64.b64encode(_key().public_key().public_bytes(encoding, public))
    return MailContext(receivers=(Receiver(PROVIDER, 1),), keys=Keys(lambda name: of_record(record)))


def _mbox(path: Path) -> Path:
    """A mailbox as one file: every sixth mail a notice with a real signature, the rest what mailboxes are full of."""
    draws = random.Random(_SEED)  # noqa: S311, made-up mail
    notices = list(_signed_notices())
    with path.open("wb") as file:
        for number in range(MAILS):
            raw = notices[number % len(notices)] if number % 6 == 0 else _ordinary(draws, number)
            file.write(b"From - Tue Jul  7 09:07:10 2026\n" + raw.replace(b"\nFrom ", b"\n>From ") + b"\n\n")
    return path


def _signed_notices() -> Iterator[bytes]:
    pem = _key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    wanted = [b"from", b"to", b"subject", b"date", b"content-type", b"content-transfer-encoding"]
    for sample in sorted(SAMPLES.rglob("genuine*.eml")):
        trace, raw = sample.read_bytes().split(b"From: ", 1)
        raw = b"From: " + raw
        domain = raw.split(b"\r\n", 1)[0].rpartition(b"@")[2].rstrip(b"> ").lower()
        signer = dkim.DKIM(raw)
        # Signed as of now: the clock of dkimpy, which the sample's date may precede.
        yield (
            trace.replace(b"Tue, 7 Jul 2026", time.strftime("%a, %d %b %Y").encode())
            + signer.sign(b"bench", domain, pem, include_headers=wanted)
            + raw
        )


def _ordinary(draws: random.Random, number: int) -> bytes:
    """Advertising in HTML of 10 to 60 KB with links, or a short letter."""
    host = f"shop{draws.randrange(400)}.example"
    words = "".join(draws.choices(_WORDS, k=draws.randrange(20, 200)))
    if draws.random() < 0.3:
        body, kind = words.encode(), b"text/plain; charset=utf-8"
    else:
        row = f'<tr><td style="padding:4px;color:#333"><a href="https://{host}/c/{number}?u=1">{words[:60]}</a></td></tr>\n'
        rows = "".join(row for _ in range(draws.randrange(50, 300)))
        body = f"<html><head><style>td{{}}</style></head><body><table>{rows}</table>{words}</body></html>".encode()
        kind = b"text/html; charset=utf-8"
    subject = base64.b64encode("".join(draws.choices(_WORDS, k=8)).encode())
    head = (
        f"Return-Path: <bounce@{host}>\nReceived: from {host} by {PROVIDER}; Tue, 7 Jul 2026 09:07:30 +0900\n"
        f"Authentication-Results: {PROVIDER}; spf=pass smtp.mailfrom=bounce@{host}; dmarc=pass header.from={host}\n"
        f"From: <news@{host}>\nTo: <owner@example.jp>\nDate: Tue, 7 Jul 2026 09:07:10 +0900\n"
        f"Message-ID: <{number}@{host}>\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n"
    )
    return (
        head.encode()
        + b"Subject: =?utf-8?B?"
        + subject
        + b"?=\nContent-Type: "
        + kind
        + b"\n\n"
        + base64.encodebytes(body)
    )
