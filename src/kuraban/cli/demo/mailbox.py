"""The owner's mailbox: notices as mails in a Maildir, the broker's signed by DKIM with a key that only this demo knows.

The demo must not ask the internet for a real broker's key, and nobody but the broker has the private half of it. So a
key is made at the start, and its public half is laid into the owner's key cache, where the owner's side keeps every key
it has ever met; with that cache and without DNS a signature of this key is proof, and nothing else is.
"""

import base64
import json
import os
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kuraban.cli.demo.owner import DOMAIN, Notice
from kuraban.home.intake import KEY_CACHE

OWNER, PROVIDER = "owner@provider.example", "mx.provider.example"
SELECTOR = "demo"
_dkim: Any = import_module("dkim")  # it has no types
_SIGNED = [b"from", b"to", b"subject", b"date", b"content-type", b"content-transfer-encoding"]


class Signer:
    """A DKIM key of the demo's own."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._record = f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"

    def publish(self, home: Path, now: datetime) -> None:
        """Lay the public half into the key cache of an owner's folder, as `Keys.save` would."""
        keys = {f"{SELECTOR}._domainkey.{DOMAIN}": self._record}
        path = home / KEY_CACHE
        path.write_text(json.dumps({"written": now.isoformat(), "keys": keys}), "ascii")
        path.chmod(0o600)

    def sign(self, raw: bytes, at: datetime) -> bytes:
        """The message with a signature on top, dated in the mail's own time."""
        stamp = str(int(at.timestamp())).encode()

        class Dated(_dkim.DKIM):  # type: ignore[misc]
            def gen_header(self, fields: list[Any], *rest: Any, **more: Any) -> Any:
                fields[:] = [(tag, stamp) if tag == b"t" else (tag, value) for tag, value in fields]
                return super().gen_header(fields, *rest, **more)

        field = Dated(raw).sign(SELECTOR.encode(), DOMAIN.encode(), self._pem, include_headers=_SIGNED)
        return bytes(field) + raw


class Maildir:
    """Where the mails are put."""

    def __init__(self, path: Path, signer: Signer) -> None:
        self.path = path
        self.count = 0
        self._signer = signer
        for name in ("cur", "new", "tmp"):
            (path / name).mkdir(parents=True, mode=0o700)

    def deliver(self, notice: Notice) -> None:
        """Put one mail in, complete or not at all."""
        self.count += 1
        raw = _message(notice, self.count)
        if notice.genuine:
            raw = self._signer.sign(raw, notice.time)
        raw = _trace(notice) + raw
        name = f"{int(notice.time.timestamp())}.{self.count:06d}.demo"
        draft = self.path / "tmp" / name
        draft.write_bytes(raw)
        os.replace(draft, self.path / "new" / name)


def _message(notice: Notice, number: int) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = notice.sender
    message["To"] = OWNER
    message["Subject"] = notice.subject
    message["Date"] = format_datetime(notice.time)
    message["Message-ID"] = f"<{number}.{int(notice.time.timestamp())}@{DOMAIN}>"
    message.set_content(f"<html><body>{notice.html}</body></html>", subtype="html", charset="utf-8", cte="base64")
    return message.as_bytes()


def _trace(notice: Notice) -> bytes:
    """What the owner's provider writes on top."""
    result = "pass" if notice.genuine else "fail"
    when = format_datetime(notice.time.astimezone(UTC))
    signed = f"dkim=pass header.d={DOMAIN}" if notice.genuine else "dkim=none"
    return (
        f"Authentication-Results: {PROVIDER}; {signed}; spf={result} smtp.mailfrom={DOMAIN};"
        f" dmarc={result} header.from={DOMAIN}\r\n"
        f"Received: from out.example by {PROVIDER} with ESMTPS; {when}\r\n"
    ).encode()
