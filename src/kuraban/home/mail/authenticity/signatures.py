"""DKIM signatures (RFC 6376), checked again here where the key can be had.

The arithmetic is dkimpy's. This module decides which signatures may count at all: those aligned with the author's
domain that cover the whole body and the fields people read, strong enough, and not expired when the mail arrived.
"""

import re
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from typing import Any, NamedTuple

from kuraban.home.mail.authenticity import canonical
from kuraban.home.mail.authenticity.domains import organisational
from kuraban.home.mail.authenticity.keys import Availability, Keys
from kuraban.home.mail.authenticity.sender import DOMAIN
from kuraban.home.mail.headers import Headers, unfold

dkim: Any = import_module("dkim")  # it has no annotations

MAX_CHECKED = 4  # signatures of one mail
MAX_VALUE = 6000  # bytes of one signature field
MAX_MESSAGE = 4 * 1024 * 1024
_TAG = re.compile(rb"\s*([a-zA-Z][a-zA-Z0-9_]*)\s*=([^;]*)(?:;|\Z)")
_SELECTOR = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,200}[A-Za-z0-9_])?")
# What a reader acts on: a copy of any of these that is not signed could be the attacker's.
# How the body is encoded may stay unsigned, as many senders leave it: the body's bytes are fixed all the same.
_READ = (b"from", b"subject", b"date")
_SINGLE = (*_READ, b"content-type", b"content-transfer-encoding")
_LEEWAY = 36_000  # seconds a sender's clock may be wrong, as dkimpy allows


class Outcome(StrEnum):
    """What a signature proves."""

    PASS = "pass"  # noqa: S105, a result
    BODY = "body"  # the header is what was signed, the body is not (any more)
    FAIL = "fail"  # the key is there, and the header is not what was signed
    UNKNOWN = "unknown"  # the key cannot be had, or the mail was not read whole
    UNFIT = "unfit"  # it must not count, whatever it says: `code` says why


class Signature(NamedTuple):
    """One aligned signature. code: why it is unfit or unknown, else empty."""

    domain: str
    selector: str
    outcome: Outcome
    code: str = ""


class _Checked(dkim.DKIM):  # type: ignore[misc]
    """dkimpy's verifier without its clock: `t=` and `x=` are held against the time of arrival before."""

    with_body = True

    def verify_headerprep(self, idx: int = 0) -> Any:
        fields = [(name, value) for name, value in self.headers if name.lower() == b"dkim-signature"]
        tags = dkim.parse_tag_value(fields[idx][1])
        dkim.validate_signature_fields({name: value for name, value in tags.items() if name not in (b"x", b"t")})
        if not self.with_body:
            tags.pop(b"bh", None)  # without it dkimpy leaves the body alone; what is signed is the field as it stands
        include = [name.lower() for name in re.split(rb"\s*:\s*", tags[b"h"])]
        self.domain, self.selector, self.include_headers = tags[b"d"], tags[b"s"], tuple(include)
        return tags, include, fields


def check(raw: bytes, whole: bool, head: Headers, domain: str, keys: Keys, arrived: datetime) -> tuple[Signature, ...]:
    """The signatures aligned with `domain`, the author's, topmost first.

    raw: the message, `whole` unless it was cut. arrived: when it came, against which `x=` is held.
    """
    found: list[Signature] = []
    for index, value in enumerate(head.all("dkim-signature")[:20]):
        tags = _tags(value)
        signer = tags.get(b"d", b"").decode("ascii", "replace").lower()
        if not DOMAIN.fullmatch(signer) or organisational(signer) != organisational(domain):
            continue
        if len(found) == MAX_CHECKED:
            break
        selector = tags.get(b"s", b"").decode("ascii", "replace")
        code = _unfit(tags, value, head, arrived)
        if code:
            found.append(Signature(signer, selector, Outcome.UNFIT, code))
        elif not whole or len(raw) > MAX_MESSAGE:
            found.append(Signature(signer, selector, Outcome.UNKNOWN, "not_whole"))
        else:
            relaxed = tags.get(b"c", b"").lower().partition(b"/")[2] == b"relaxed"
            found.append(_verified(canonical.prepared(raw, relaxed), index, signer, selector, keys))
    return tuple(found)


def _tags(value: bytes) -> dict[bytes, bytes]:
    """Tags by name; empty where a tag is repeated or the value is oversized, which nobody honest sends."""
    if len(value) > MAX_VALUE:
        return {}
    pairs = [(match.group(1), re.sub(rb"\s+", b"", match.group(2))) for match in _TAG.finditer(unfold(value))]
    tags = dict(pairs)
    return tags if len(tags) == len(pairs) else {}


def _unfit(tags: dict[bytes, bytes], value: bytes, head: Headers, arrived: datetime) -> str:
    """Why a signature must not count, empty where nothing speaks against it."""
    signed = [name.lower() for name in tags.get(b"h", b"").split(b":")]
    if b"\0" in value or not _SELECTOR.fullmatch(tags.get(b"s", b"").decode("ascii", "replace")):
        return "malformed_signature"
    if tags.get(b"a", b"").lower() not in (b"rsa-sha256", b"ed25519-sha256"):
        return "weak_signature"
    if b"l" in tags:
        return "partial_body"
    if b"from" not in signed:
        return "unsigned_from"
    present = {field.name.encode("ascii", "replace") for field in head.fields}
    if any(name in present and name not in signed for name in _READ):
        return "unsigned_fields"
    if any(f"repeated_{name.decode()}" in head.oddities for name in _SINGLE):
        return "repeated_fields"
    return _expired(tags, arrived)


def _expired(tags: dict[bytes, bytes], arrived: datetime) -> str:
    moments = {name: int(tags[name]) for name in (b"t", b"x") if tags.get(name, b"").isdigit()}
    if (b"x" in tags and b"x" not in moments) or (b"t" in tags and b"t" not in moments):
        return "malformed_signature"
    now = arrived.timestamp()
    if b"x" in moments and moments[b"x"] < max(now - _LEEWAY, moments.get(b"t", 0)):
        return "expired_signature"
    return "future_signature" if moments.get(b"t", 0) > now + _LEEWAY else ""


def _verified(raw: bytes | None, index: int, signer: str, selector: str, keys: Keys) -> Signature:
    """raw: as `canonical.prepared` gives it."""
    if raw is None:
        return Signature(signer, selector, Outcome.UNKNOWN, "not_checkable")
    answer = keys.find(f"{selector}._domainkey.{signer}")
    if answer.availability is not Availability.PRESENT:
        return Signature(signer, selector, Outcome.UNKNOWN, f"key_{answer.availability}")
    try:
        dkim.evaluate_pk(selector, answer.record)
        good = _holds(raw, index, answer.record, with_body=False)
        whole = good and _holds(raw, index, answer.record, with_body=True)
    except dkim.ValidationError as error:
        if "body hash" in str(error):
            return Signature(signer, selector, Outcome.BODY, "body_changed")
        return Signature(signer, selector, Outcome.UNFIT, "malformed_signature")
    except Exception:  # dkimpy raises whatever Python does on input it did not foresee; none of it proves anything
        return Signature(signer, selector, Outcome.UNKNOWN, "not_checkable")
    return Signature(signer, selector, Outcome.PASS if whole else Outcome.FAIL, "" if whole else "header_changed")


def _holds(raw: bytes, index: int, record: bytes, *, with_body: bool) -> bool:
    checked = _Checked(raw, minkey=1024)
    checked.with_body = with_body
    return bool(checked.verify(index, dnsfunc=lambda name, timeout=5: record))
