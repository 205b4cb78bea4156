"""Connections: callers who trickle, send headers without end or only hold a line are hung up on; others stay.

When there are as many connections as there may be, the one that has been idle longest makes room for a new one, and
where none is idle the new one is turned away. Nobody who is being served is sent off for those who come later.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 10.0
MOST_HEADERS = 64 << 10  # bytes
MOST_CONNECTIONS = 2000
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """One connection."""

    _in_head = True  # of a request, or before the first one
    _head = 0  # bytes of it
    _heard = 0.0  # when something came last

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the headers."""
        super().connection_made(transport)
        self._heard = self.loop.time()
        self._begun = self.loop.call_later(HEADERS_S, self._headers_due)
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Some more of a request."""
        self._heard = self.loop.time()
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > MOST_HEADERS and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_headers_complete(self) -> None:
        """The headers are there."""
        self._begun.cancel()
        self._in_head = False
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        """Another request begins on the same connection."""
        self._begun.cancel()
        self._begun = self.loop.call_later(HEADERS_S, self._headers_due)
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._begun.cancel()
        super().connection_lost(exc)

    def _headers_due(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()

    def _make_room(self) -> None:
        others: Any = self.connections
        idle = [each for each in others if each is not self and (each.cycle is None or each.cycle.response_complete)]
        (min(idle, key=lambda each: each._heard) if idle else self).transport.close()
