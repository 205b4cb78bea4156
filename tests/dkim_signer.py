"""Real DKIM and ARC signatures with keys made for a test, and a DNS server on loopback that publishes them."""

import base64
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kuraban.home.mail.authenticity.keys import Answer, Availability, Resolver, of_record

dkim: Any = import_module("dkim")

SELECTOR = "s2026"


@cache
def key(name: str = "broker", bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key by name, made once in a test run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def pem(name: str, bits: int) -> bytes:
    """A key as PEM, which signers take."""
    return key(name, bits).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def record(name: str = "broker", bits: int = 2048) -> bytes:
    """The TXT record that publishes a key."""
    public = key(name, bits).public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


SIGNED_AT = 1783382830  # 2026-07-07 09:07:10 in Japan, the date of the tests' mails


def sign(
    raw: bytes,
    domain: str,
    *,
    name: str = "broker",
    bits: int = 2048,
    at: int = SIGNED_AT,
    expires: int | None = None,
    **given: Any,
) -> bytes:
    """The message with a signature of `domain` on top. at, expires: Unix times. given: as for `dkim.DKIM.sign`."""
    wanted = {"include_headers": [b"from", b"to", b"subject", b"date", b"content-type", b"content-transfer-encoding"]}

    class Timed(dkim.DKIM):  # type: ignore[misc]
        def gen_header(self, fields: list[Any], *rest: Any, **more: Any) -> Any:
            fields[:] = [(tag, str(at).encode()) if tag == b"t" else (tag, value) for tag, value in fields]
            if expires is not None:
                fields.insert(-1, (b"x", str(expires).encode()))
            return super().gen_header(fields, *rest, **more)

    field = Timed(raw).sign(SELECTOR.encode(), domain.encode(), pem(name, bits), **{**wanted, **given})
    return bytes(field) + raw


def seal(raw: bytes, domain: str, provider: str, *, name: str = "sealer") -> bytes:
    """The message with an ARC set of `domain` on top, over the results of `provider` that it carries."""
    wanted = [b"from", b"to", b"subject", b"date"]
    fields = dkim.arc_sign(raw, SELECTOR.encode(), domain.encode(), pem(name, 2048), provider.encode(), wanted)
    assert fields
    return b"".join(fields) + raw


def published(records: Mapping[str, bytes]) -> Resolver:
    """A resolver that knows these records by domain, under SELECTOR."""
    by_name = {f"{SELECTOR}._domainkey.{domain}": found for domain, found in records.items()}

    def resolve(name: str) -> Answer:
        return of_record(by_name[name]) if name in by_name else Answer(Availability.ABSENT)

    return resolve


@contextmanager
def dns_server(records: Mapping[str, bytes]) -> Iterator[int]:
    """A DNS server on 127.0.0.1 that knows TXT records by name; yields its UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(listening, records), daemon=True)
        thread.start()
        port = int(listening.getsockname()[1])
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", ("127.0.0.1", port))
            thread.join(timeout=5)


def _serve(listening: socket.socket, records: Mapping[str, bytes]) -> None:
    while True:
        wire, peer = listening.recvfrom(4096)
        if not wire:
            return
        asked = dns.message.from_wire(wire)
        answer = dns.message.make_response(asked)
        name = asked.question[0].name
        found = records.get(name.to_text(omit_final_dot=True))
        if found is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            parts = " ".join(f'"{found[at : at + 200].decode()}"' for at in range(0, len(found), 200))
            answer.answer.append(dns.rrset.from_text(name, 300, "IN", "TXT", parts.replace(";", "\\;")))
        listening.sendto(answer.to_wire(), peer)
