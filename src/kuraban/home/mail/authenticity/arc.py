"""ARC (RFC 8617): what a forwarder saw before it passed a mail on, believed only from forwarders the owner named.

A seal is worth what its sealer is worth: anybody can seal a chain that says *pass*. So every sealer of the chain must
be one the owner trusts, and the whole chain must check out.
"""

import re
from importlib import import_module
from typing import Any

from kuraban.home.mail.authenticity import canonical, results
from kuraban.home.mail.authenticity.keys import Availability, Keys
from kuraban.home.mail.authenticity.results import Block
from kuraban.home.mail.headers import Headers, unfold

dkim: Any = import_module("dkim")  # it has no annotations

MAX_SETS = 8
MAX_MESSAGE = 4 * 1024 * 1024
_TAG = re.compile(rb"(?:\A|;)\s*([a-z]+)\s*=\s*([^;]*)", re.IGNORECASE)
_INSTANCE = re.compile(rb"\s*i\s*=\s*1\s*;")


def read(raw: bytes, head: Headers, sealers: frozenset[str], keys: Keys) -> Block | None:
    """The results of the first sealer of a chain that holds, None where there is no chain to believe.

    sealers: `d=` domains the owner trusts, in lower case.
    """
    seals, messages = head.all("arc-seal"), head.all("arc-message-signature")
    if not sealers or not 0 < len(seals) == len(messages) <= MAX_SETS or len(raw) > MAX_MESSAGE:
        return None
    tags = [_tags(value) for value in (*seals, *messages)]
    if any(found.get(b"d", b"").decode("ascii", "replace").lower() not in sealers for found in tags):
        return None
    if any(b"l" in found for found in tags) or not all(_covers(found) for found in tags[len(seals) :]):
        return None
    ready = canonical.prepared(raw, relaxed=True)  # ARC knows no other form
    return _first(head) if ready is not None and _holds(ready, keys) else None


def _tags(value: bytes) -> dict[bytes, bytes]:
    return {name.lower(): re.sub(rb"\s+", b"", found) for name, found in _TAG.findall(unfold(value))}


def _covers(tags: dict[bytes, bytes]) -> bool:
    return {b"from", b"subject"} <= set(tags.get(b"h", b"").lower().split(b":"))


def _holds(raw: bytes, keys: Keys) -> bool:
    def record(name: bytes, timeout: int = 5) -> bytes | None:
        answer = keys.find(name.decode("ascii", "replace").rstrip("."))
        return answer.record if answer.availability is Availability.PRESENT else None

    try:
        outcome, _, _ = dkim.ARC(raw, minkey=1024).verify(dnsfunc=record)
    except Exception:  # as with signatures: an error of the library proves nothing
        return False
    return bool(outcome == dkim.CV_Pass)


def _first(head: Headers) -> Block | None:
    found = [value for value in head.all("arc-authentication-results") if _INSTANCE.match(value)]
    if len(found) != 1:
        return None
    block = results.read_value(_INSTANCE.sub(b"", found[0], count=1))
    return None if block.broken else block
