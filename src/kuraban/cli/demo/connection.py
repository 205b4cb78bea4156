"""HTTP/1.1 over one kept connection: just what the demo's broker needs to talk to a server on loopback."""

import asyncio

import msgspec

JSON, LINES = "application/json", "application/x-ndjson"


class AnswerError(Exception):
    """The server refused, or is not there any more."""

    @classmethod
    def of(cls, status: int, body: bytes) -> "AnswerError":
        """From an answer that refuses: its problem in both languages, where it is one."""
        try:
            problem = msgspec.json.decode(body, type=_Problem)
        except msgspec.DecodeError:
            return cls(f"{status}: {body[:300]!r}")
        return cls(f"{problem.title} ({problem.title_ja}){f': {problem.detail}' if problem.detail else ''}")


class _Problem(msgspec.Struct):
    title: str
    title_ja: str
    detail: str = ""


class Connection:
    """One request at a time; opened on the first one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body. Raises `AnswerError`."""
        return await self._ask(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\n\r\n".encode())

    async def post(self, path: str, kind: str, body: bytes) -> tuple[int, bytes]:
        """Status and body; kind: the media type. Raises `AnswerError`."""
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\n"
            f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return await self._ask(head.encode() + body)

    async def _ask(self, raw: bytes) -> tuple[int, bytes]:
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(raw)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            return int(head[9:12]), await reader.readexactly(_length(head))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            self.close()
            raise AnswerError(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise ValueError("an answer without its length")
