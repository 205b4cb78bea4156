"""The server's end of the teller: starts the process, hands notices to it, starts another when it has ended."""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Set

import msgspec

from kuraban.server.outputs.posting import PostError
from kuraban.server.outputs.teller import Asked, Said

WITHIN_S = 30.0
MOST_TOGETHER = 32  # processes; of one kind of channel there are fewer, so that others have room when it hangs
_BEGINS_S = 60.0  # until it has loaded everything, on a busy machine


class TellerGoneError(Exception):
    """The process ended with the notice in its hands: nobody knows whether it arrived, and it is due again."""


class Teller:
    """One process, started with the first notice. Used from one event loop."""

    def __init__(self, internal: Set[str] = frozenset(), within: float = WITHIN_S):
        self._internal = frozenset(internal)
        self._within = within
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Said]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._room = asyncio.Semaphore(MOST_TOGETHER)

    async def tell(self, url: str, kind: str, title: str, body: str) -> None:
        """Hand a notice to a channel. Raises `PostError` where it was not taken, `TellerGoneError`."""
        async with self._room:
            await self._tell(url, kind, title, body)

    async def _tell(self, url: str, kind: str, title: str, body: str) -> None:
        await self.start()
        number, writer = next(self._numbers), self._writer
        if writer is None:
            raise TellerGoneError
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        asked = Asked(number, url, kind, title, body, self._within, self._internal)
        try:
            writer.write(msgspec.json.encode(asked) + b"\n")
            said = await asyncio.wait_for(future, self._within + _BEGINS_S)
        except TimeoutError:
            self.close()
            raise TellerGoneError from None
        finally:
            self._waiting.pop(number, None)
        if said.problem:
            raise PostError(said.problem, final=said.final)

    async def start(self) -> None:
        """Start the process unless it runs."""
        async with self._starting:
            if self._writer is None:
                await self._begin()

    async def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # -P: nothing is imported from whatever folder the server was started in.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "kuraban.server.outputs.teller"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C is meant for the server, which ends it
            )
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._listening = asyncio.create_task(self._listen(reader))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        decode = msgspec.json.Decoder(Said).decode
        with contextlib.suppress(OSError, ValueError, msgspec.DecodeError):
            while line := await reader.readline():
                said = decode(line)
                waiting = self._waiting.get(said.number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(said)
        self.close()

    def close(self) -> None:
        """End the process, whatever it is doing; the next notice starts another."""
        writer, process, listening = self._writer, self._process, self._listening
        self._writer = self._process = self._listening = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if writer is not None:
            writer.close()
        if listening is not None and listening is not _current():
            listening.cancel()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(TellerGoneError())


def _current() -> "asyncio.Task[None] | None":
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
