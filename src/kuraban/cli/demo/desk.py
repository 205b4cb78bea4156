"""The real server in a process of its own (`serving`), and the webhook by which it tells the demo's broker."""

import asyncio
import hmac
import re
import secrets
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from kuraban.cli.demo.connection import AnswerError, Connection
from kuraban.cli.demo.place import Place
from kuraban.cli.errors import CommandError
from kuraban.console.desk.people import MANAGER, People
from kuraban.console.desk.seat import ROOT
from kuraban.decisions import Decision
from kuraban.server.outputs.signing import webhook_headers

_LISTENING = re.compile(rb"listening on http://127\.0\.0\.1:(\d+)")
_MOST = 1 << 20
VISITOR = "demo"
_STARTS_WITHIN_S, _STOPS_WITHIN_S, _ASKS_EVERY_S = 900.0, 60.0, 0.2


class _Told(msgspec.Struct):
    type: str
    decision: Decision | None = None


class Hook:
    """Receives what the server decides without being asked. Only signed messages count."""

    def __init__(self, tell: Callable[[Decision], None]) -> None:
        self.secret = secrets.token_urlsafe(32).encode()
        self._tell = tell
        self._server: asyncio.Server | None = None
        self._decode = msgspec.json.Decoder(_Told).decode

    async def open(self) -> int:
        """Listen on a free port of loopback; returns it."""
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = (line.decode("latin-1").partition(":") for line in head.split(b"\r\n")[1:])
            headers = {name.lower(): value.strip() for name, _, value in lines}
            body = await reader.readexactly(min(int(headers["content-length"]), _MOST))
            good = self._take(headers, body)
            status = b"204 No Content" if good else b"400 Bad Request"
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, KeyError, ValueError):
            pass  # whoever it was gets no answer; the server would try again
        finally:
            writer.close()

    def _take(self, headers: dict[str, str], body: bytes) -> bool:
        number, seconds = headers["webhook-id"], int(headers["webhook-timestamp"])
        expected = webhook_headers(self.secret, number, seconds, body)["webhook-signature"]
        if not hmac.compare_digest(expected, headers["webhook-signature"]):
            return False
        decision = self._decode(body).decision
        if decision is not None and decision.event is None:
            self._tell(decision)
        return True


class Desk:
    """The server's process. Raises `CommandError` where it does not start."""

    def __init__(self, place: Place, instruments: Path | None) -> None:
        self.data = place.path / "desk"
        self.port = 0
        self._place = place
        self._instruments = instruments
        self._process: asyncio.subprocess.Process | None = None
        self._said: deque[str] = deque(maxlen=20)
        self._listening = asyncio.Event()
        self._ready = False
        self._reading: asyncio.Task[None] | None = None

    async def start(self, hook: Hook, hook_port: int) -> None:
        """Start it; `ready` says when it takes events."""
        secret, outputs = self._place.path / "hook.secret", self._place.path / "outputs.toml"
        secret.touch(mode=0o600)
        secret.write_bytes(hook.secret)
        outputs.write_text(
            f'[[webhook]]\nname = "broker"\nurl = "http://127.0.0.1:{hook_port}/"\n'
            f'secret_file = "{secret}"\nleast = "hold"\n',
            "utf-8",
        )
        given = ["--data", str(self.data), "--listen", "127.0.0.1:0", "--outputs", str(outputs)]
        if self._instruments is not None:
            given += ["--instruments", str(self._instruments)]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kuraban.cli.demo.serving", *given, pass_fds=self._place.held, start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            if found := _LISTENING.search(line):
                self.port = int(found[1])
            self._said.append(line.decode("utf-8", "replace").rstrip())
            if self.port:
                self._listening.set()
        self._listening.set()

    async def ready(self) -> None:
        """Wait until it takes events: on a fresh machine the core is compiled first."""
        await self._listening.wait()
        connection = Connection(self.port)
        try:
            async with asyncio.timeout(_STARTS_WITHIN_S):
                while self.port and self.running and (await connection.get("/readyz"))[0] != 200:
                    await asyncio.sleep(_ASKS_EVERY_S)
        except (AnswerError, TimeoutError) as error:
            raise self.failed(error) from error
        finally:
            connection.close()
        if not self.running:
            raise self.failed()
        self._ready = True

    def link(self) -> str:
        """A link that signs the demo's visitor in to the console, once, within a quarter of an hour."""
        people = People(self.data)
        try:
            person = people.find(VISITOR) or people.add(VISITOR, MANAGER)
            return f"{self.address}{ROOT}/enter/{people.link(person)}"
        finally:
            people.close()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    def failed(self, error: Exception | None = None) -> CommandError:
        """Why it does not go on, as an error: what was answered, and what the server said last."""
        if self.running:
            return CommandError(f"the server refuses (サーバーが受け付けません): {error or ''}")
        return CommandError("\n  ".join(["the server stopped (サーバーが停止しました):", *self._said]))

    async def stop(self) -> bool:
        """Stop it in good order, or at once where it has taken nothing yet; whether it ended well."""
        if self._process is None:
            return True
        if self.running:
            (self._process.terminate if self._ready else self._process.kill)()
        try:
            async with asyncio.timeout(_STOPS_WITHIN_S):
                status = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            status = await self._process.wait()
        if self._reading is not None:
            await self._reading
        return status == 0
