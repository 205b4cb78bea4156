"""Bodies of requests: read within limits, and turned into lines of events."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from kuraban import events
from kuraban.server.problems import ProblemError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = list[tuple[bytes, bytes]]

MOST_BODY = 16 << 20  # bytes
MOST_ITEMS = 50_000
BODY_S = 15.0

JSON = (b"application/json",)
LINES = (b"application/x-ndjson", b"application/jsonl", b"application/json-lines", b"application/ndjson")

_items = msgspec.json.Decoder(list[msgspec.Raw])


class GoneError(Exception):
    """The caller has hung up; nobody is left to answer."""


async def body_of(receive: Receive, most: int) -> bytes:
    """The whole body. Raises `ProblemError`, `GoneError`."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise GoneError
    first: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(first) > most:
            raise ProblemError(413, "too-large", f"at most {most:,} bytes")
        return first
    try:
        async with asyncio.timeout(BODY_S):
            return await _rest(receive, first, most)
    except TimeoutError:
        raise ProblemError(408, "too-slow", f"it has to arrive within {BODY_S:g} seconds") from None


async def _rest(receive: Receive, first: bytes, most: int) -> bytes:
    parts, size = [first], len(first)
    while True:
        if size > most:
            raise ProblemError(413, "too-large", f"at most {most:,} bytes")
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body", False):
            if size > most:
                raise ProblemError(413, "too-large", f"at most {most:,} bytes")
            return b"".join(parts)


def content_type(headers: Headers) -> bytes:
    """The media type, without parameters."""
    for name, value in headers:
        if name == b"content-type":
            return value.partition(b";")[0].strip().lower()
    return b""


def check_type(headers: Headers, allowed: tuple[bytes, ...]) -> bytes:
    """The media type; raises `ProblemError` where it is not among those allowed."""
    found = content_type(headers)
    if found not in allowed:
        raise ProblemError(415, "unsupported-type", f"send {' or '.join(each.decode() for each in allowed[:2])}")
    return found


def one_line(body: bytes) -> bytes:
    """A body that holds one event, as a line. Raises `ProblemError`."""
    if b"\n" in body or b"\r" in body:
        _check_json(body)
        body = _unbroken(body)
    line = body.strip()
    if not line:
        raise ProblemError(400, "invalid-request", "the body is empty")
    if len(line) > events.MAX_LINE:
        raise ProblemError(413, "too-large", f"an event has at most {events.MAX_LINE:,} bytes")
    return line


def many_lines(body: bytes, kind: bytes) -> list[bytes]:
    """A body that holds many events: a JSON array, or JSON Lines. Raises `ProblemError`."""
    if kind in LINES:
        lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    else:
        try:
            found = _items.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ProblemError(400, "invalid-request", f"not a JSON array of events: {error}") from None
        broken = b"\n" in body or b"\r" in body
        lines = [_unbroken(bytes(item)) if broken else bytes(item) for item in found]
    if len(lines) > MOST_ITEMS:
        raise ProblemError(413, "too-many-items", f"at most {MOST_ITEMS:,} at once")
    return lines


def _unbroken(body: bytes) -> bytes:
    """JSON in one line: strings hold no raw line breaks, so what there is stands between tokens."""
    return body.replace(b"\n", b" ").replace(b"\r", b" ")


def _check_json(body: bytes) -> None:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProblemError(400, "invalid-event", f"not_json: {error}") from None
