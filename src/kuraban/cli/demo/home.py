"""The owner's side as the demo sees it: the process that watches (`watching`), its configuration, its answers."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

import msgspec

from kuraban.cli.demo.mailbox import PROVIDER
from kuraban.cli.demo.owner import BROKER
from kuraban.cli.errors import CommandError
from kuraban.home import setup
from kuraban.home.config import Account, Config, Mailbox
from kuraban.home.folder import Folder

_STOPS_WITHIN_S = 30.0


class Looked(msgspec.Struct):
    """What a look gave.

    caught: whether an alarm or a question is about orders or withdrawals. told: sentences of alarms and questions in
    Japanese and English; forged: those about mails that only pretend. first_alarm: when there was one.
    """

    mails: int
    alarms: int
    questions: int
    caught: bool = False
    told: list[tuple[str, str]] = []
    forged: list[tuple[str, str]] = []
    first_alarm: str | None = None


class Asked(msgspec.Struct):
    """Look, as of now."""

    now: datetime


def configure(folder: Folder, maildir: Path) -> None:
    """Write the configuration an owner would: one mailbox, one account. Raises `HomeError`."""
    box = Mailbox(name="mail", kind="maildir", path=str(maildir), authserv_id=PROVIDER, authserv_hops=1)
    folder.write(folder.config, setup.written(Config(mailbox=[box], account=[Account("証券口座", BROKER)])))


class Home:
    """The process, from the demo's side."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.looked = Looked(0, 0, 0)

    async def start(self) -> None:
        """Start it; it looks when asked to."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kuraban.cli.demo.watching", str(self._folder),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    async def look(self, now: datetime) -> Looked:
        """Have it look at the mailbox as of `now`. Raises `CommandError` where it is not there any more."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(Asked(now)) + b"\n")
            await process.stdin.drain()
            self.looked = msgspec.json.decode(await process.stdout.readline(), type=Looked)
        except (OSError, msgspec.DecodeError) as error:
            raise CommandError("the owner's side stopped (自宅側が停止しました)") from error
        return self.looked

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
