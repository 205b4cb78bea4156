"""The owner's side as the demo sees it: the process that watches (`watching`), its configuration, its answers."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from kuraban.cli.demo.mailbox import PROVIDER
from kuraban.cli.demo.owner import BROKER
from kuraban.cli.errors import CommandError
from kuraban.home import setup
from kuraban.home.config import Account, Config, Mailbox
from kuraban.home.findings import Kind, Level
from kuraban.home.folder import Folder

T = TypeVar("T")
_STOPS_WITHIN_S = 30.0
_ACCOUNT = {"ja": "証券口座", "en": "my account"}
_STOPPED = CommandError("the owner's side stopped (自宅側が停止しました)")


class Told(msgspec.Struct):
    """A finding: `level` and `kind` as of `Finding`, its time, its sentence in Japanese and English."""

    level: str
    kind: str
    first: datetime
    last: datetime
    ja: str
    en: str


class Looked(msgspec.Struct):
    """What a look gave: how many mails there are, and what they say, alarms first."""

    mails: int
    told: list[Told]

    def of(self, level: Level, *kinds: Kind) -> list[Told]:
        """Those of a level, and of these kinds where any are given."""
        return [told for told in self.told if told.level == level and (not kinds or told.kind in kinds)]


class Served(msgspec.Struct):
    """Where the owner's pages are. once: the same address for a browser's command line, good for one use."""

    address: str
    once: str


class Asked(msgspec.Struct):
    """Look, as of now."""

    now: datetime


def configure(folder: Folder, maildir: Path, language: Literal["ja", "en"]) -> None:
    """Write the configuration an owner would: one mailbox, one account. Raises `HomeError`."""
    box = Mailbox(name="mail", kind="maildir", path=str(maildir), authserv_id=PROVIDER, authserv_hops=1)
    folder.write(
        folder.config,
        setup.written(Config(language=language, mailbox=[box], account=[Account(_ACCOUNT[language], BROKER)])),
    )


class Home:
    """The process, from the demo's side."""

    def __init__(self, folder: Path, held: tuple[int, ...] = ()) -> None:
        self._folder, self._held = folder, held
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> Served:
        """Start it; it looks when asked to. Raises `CommandError` where it does not start."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kuraban.cli.demo.watching", str(self._folder),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True, pass_fds=self._held,
        )  # fmt: skip
        return await self._read(Served)

    async def look(self, now: datetime) -> Looked:
        """Have it look at the mailbox as of `now`. Raises `CommandError` where it is not there any more."""
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(Asked(now)) + b"\n")
            await self._process.stdin.drain()
        except OSError as error:
            raise _STOPPED from error
        return await self._read(Looked)

    async def _read(self, kind: type[T]) -> T:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            return msgspec.json.decode(await self._process.stdout.readline(), type=kind)
        except msgspec.DecodeError as error:
            raise _STOPPED from error

    async def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_STOPS_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
