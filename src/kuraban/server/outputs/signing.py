"""Signatures on what leaves the house: webhooks, security event tokens, links for owners."""

import base64
import hashlib
import hmac
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


def webhook_headers(secret: bytes, number: str, seconds: int, body: bytes) -> dict[str, str]:
    """Headers of a delivery, after Standard Webhooks: base64 of HMAC-SHA-256 over `id.timestamp.body`."""
    signed = hmac.new(secret, f"{number}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def token(key: EllipticCurvePrivateKey, claims: dict[str, Any]) -> str:
    """A security event token (RFC 8417): a JWT of type `secevent+jwt`, signed with ES256 (RFC 7518 section 3.4)."""
    head = {"alg": "ES256", "typ": "secevent+jwt", "kid": key_id(key)}
    signed = b".".join(_url_safe(msgspec.json.encode(part)) for part in (head, claims))
    r, s = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return (signed + b"." + _url_safe(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


def public_key(key: EllipticCurvePrivateKey) -> dict[str, str]:
    """The public half as a JWK (RFC 7517)."""
    return {**_jwk(key), "kid": key_id(key), "use": "sig", "alg": "ES256"}


def key_id(key: EllipticCurvePrivateKey) -> str:
    """The JWK's thumbprint (RFC 7638)."""
    return _url_safe(hashlib.sha256(msgspec.json.encode(_jwk(key), order="sorted")).digest()).decode()


def _jwk(key: EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (_url_safe(number.to_bytes(32, "big")).decode() for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


class Link(msgspec.Struct, frozen=True, array_like=True):
    """What an owner's link says: which alert, by which channel it was sent, until when (seconds).

    mark: stands for the account, which is not named: links pass through channels that others read.
    """

    alert: int
    mark: str
    channel: str
    until: int
    number: str


class LinkError(ValueError):
    """A link that is forged or mangled (`link-invalid`) or too old (`link-expired`)."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


_LINK = msgspec.json.Decoder(Link)


def mark_of(secret: bytes, account: str) -> str:
    """What stands for an account in links."""
    return hmac.digest(_link_key(secret), account.encode(), "sha256")[:12].hex()


def sign_link(secret: bytes, link: Link) -> str:
    """The link's token. The signature comes from a key that is used for nothing else."""
    said = _url_safe(msgspec.json.encode(link))
    return (said + b"." + _url_safe(_link_mac(secret, said))).decode()


def read_link(secret: bytes, text: str, now: float) -> Link:
    """The link of a token. Raises `LinkError`."""
    said, _, mac = text.encode("ascii", "replace").partition(b".")
    if len(text) > 2048 or not hmac.compare_digest(_url_safe(_link_mac(secret, said)), mac):
        raise LinkError("link-invalid")
    link = _LINK.decode(base64.urlsafe_b64decode(said + b"=" * (-len(said) % 4)))
    if now >= link.until:
        raise LinkError("link-expired")
    return link


def _link_mac(secret: bytes, said: bytes) -> bytes:
    return hmac.digest(_link_key(secret), b"token " + said, "sha256")


def _link_key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"owner link", "sha256")


def _url_safe(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
