"""A load generator for HTTP on keep-alive connections, cheap enough to share two cores with what it measures.

Each connection has one request under way. Closed loop: the next one goes out when the answer is in. Open loop: requests
go out at fixed times whatever the server does, and latency counts from when a request was due, so that a stall is not
hidden by the requests it kept from being sent.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop


@dataclass
class Measured:
    """What came back. seconds: of the whole run; latencies: of each request, in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def at(self, share: float) -> float:
        """A quantile of the latencies, in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class _Connection(asyncio.Protocol):
    """Sends what it is given, one after the other; an answer ends where its content-length says."""

    def __init__(self, run: "_Run"):
        self._run = run
        self._held = b""
        self._due = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        self._run.free(self)

    def send(self, raw: bytes, due: float) -> None:
        self._due = due
        assert self.transport is not None
        self.transport.write(raw)

    def data_received(self, data: bytes) -> None:
        self._held += data
        head = self._held.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._held.find(b"content-length: ")
        length = int(self._held[at + 16 : self._held.index(b"\r", at)])
        if len(self._held) >= head + 4 + length:
            good = self._held.startswith(b"HTTP/1.1 20")
            self._held = b""
            self._run.answered(self, self._due, good)

    def connection_lost(self, error: Exception | None) -> None:
        self._run.lost()


class _Run:
    def __init__(self, requests: Iterator[bytes], count: int, rate: float | None):
        self.measured = Measured()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._count = self._left = count
        self._rate = rate
        self._idle: list[_Connection] = []
        self._begun = time.perf_counter()
        self._sent = 0

    def free(self, connection: _Connection) -> None:
        self._idle.append(connection)

    def begin(self) -> None:
        self._begun = time.perf_counter()
        self._send()

    def _send(self) -> None:
        now = time.perf_counter()
        while self._idle and self._sent < self._count:
            due = now if self._rate is None else self._begun + self._sent / self._rate
            if due > now + 0.0005:
                asyncio.get_running_loop().call_later(due - now, self._send)
                return
            self._sent += 1
            self._idle.pop().send(next(self._requests), due)

    def answered(self, connection: _Connection, due: float, good: bool) -> None:
        now = time.perf_counter()
        self.measured.latencies.append(now - due)
        self.measured.failures += not good
        self._left -= 1
        self._idle.append(connection)
        if self._left == 0:
            self.measured.seconds = now - self._begun
            self.done.set_result(None)
        elif self._rate is None or len(self._idle) == 1:
            self._send()

    def lost(self) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server closed a connection"))


async def _load(
    host: str, port: int, requests: Iterator[bytes], count: int, connections: int, rate: float | None
) -> Measured:
    loop = asyncio.get_running_loop()
    run = _Run(requests, count, rate)
    opened = [await loop.create_connection(lambda: _Connection(run), host, port) for _ in range(connections)]
    run.begin()
    await run.done
    for transport, _ in opened:
        transport.abort()
    return run.measured


def load(
    host: str, port: int, requests: Iterator[bytes], count: int, connections: int, rate: float | None = None
) -> Measured:
    """Send `count` requests over so many connections; rate: requests a second, None for as fast as answers come."""
    return uvloop.run(_load(host, port, requests, count, connections, rate))


def posts(path: str, kind: str, bodies: Sequence[bytes]) -> Iterator[bytes]:
    """Whole requests, as bytes."""
    for body in bodies:
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        yield head.encode() + body
