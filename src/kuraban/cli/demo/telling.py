"""Tells the story: starts everything, plays the attack, follows the owner's side, and puts everything away."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from kuraban.cli.demo import owner, world
from kuraban.cli.demo.broker import Broker
from kuraban.cli.demo.connection import AnswerError, Connection
from kuraban.cli.demo.desk import Desk, Hook
from kuraban.cli.demo.home import Home, Looked, Served, Told, configure
from kuraban.cli.demo.mailbox import Maildir, Signer
from kuraban.cli.demo.owner import Notice
from kuraban.cli.demo.place import Place
from kuraban.cli.demo.player import Player
from kuraban.cli.demo.screen import Screen
from kuraban.cli.demo.summary import Summary
from kuraban.cli.demo.world import JST, Moment, World
from kuraban.cli.errors import CommandError
from kuraban.core.jit import compiled_before
from kuraban.decisions import Decision
from kuraban.home.findings import Level
from kuraban.home.folder import Folder
from kuraban.plurals import counted

LOOK_EVERY_S = 3.0
_ACCEPTED = re.compile(rb'^kuraban_events_total\{outcome="accepted"\} (\S+)', re.MULTILINE)
STYLES = {"challenge": "yellow", "hold": "dark_orange", "lock": "red"}


class Wanted(NamedTuple):
    """What was asked for."""

    owners: int
    seconds: float
    seed: int
    language: Literal["ja", "en"]


class _StoppedError(Exception):
    """The simulation is not wanted any more."""


@dataclass
class _Owner:
    """The owner's side: his mails, those not yet delivered, and the process that reads them."""

    notices: list[Notice]
    maildir: Maildir
    home: Home

    def deliver(self, now: datetime) -> bool:
        """Deliver what has come by now; whether anything has."""
        before = self.maildir.count
        while self.notices and self.notices[0].time <= now:
            self.maildir.deliver(self.notices.pop(0))
        return self.maildir.count > before


async def tell(
    wanted: Wanted,
    place: Place,
    screen: Screen,
    opened: Callable[[Desk, Served], None],
    ended: Callable[[Summary], Awaitable[bool]],
) -> bool:
    """The whole story. opened: called when both sides are up; ended: when all is played and everything still up;
    what it gives is returned. Everything but the files is gone afterwards.

    Raises `CommandError`, also where the world has no such story.
    """
    async with contextlib.AsyncExitStack() as stack:
        made = await _make(wanted, place, screen)
        broker = Broker(made)
        hook = Hook(broker.told)
        stack.callback(hook.close)
        desk = Desk(place, made.instruments)
        stack.push_async_callback(desk.stop)
        await _start(desk, hook, screen)
        victim = owner.choose(made)
        side = _owner(wanted, made, victim, place)
        stack.push_async_callback(side.home.stop)
        opened(desk, await side.home.start())
        side.deliver(made.span[0])
        summary = await _play(wanted, made, broker, desk, side, victim, screen)
        return await ended(summary)


async def _make(wanted: Wanted, place: Place, screen: Screen) -> World:
    """In a thread, which is told to stop when nobody waits for it any more."""
    screen.stage(
        f"{wanted.owners:,} 口座の証券会社を作成中",
        f"making a broker of {counted(wanted.owners, 'owner')}, a market and thieves",
    )
    gone = threading.Event()

    def progress(done: int, days: int) -> None:
        if gone.is_set():
            raise _StoppedError
        screen.share(done / days)

    try:
        return await asyncio.to_thread(world.make, place.path / "world", wanted.owners, wanted.seed, progress)
    except ValueError as error:
        raise CommandError(str(error)) from error
    finally:
        gone.set()


async def _start(desk: Desk, hook: Hook, screen: Screen) -> None:
    if compiled_before():
        screen.stage("サーバーを起動中", "starting the server", known=False)
    else:
        screen.stage(
            "サーバーを起動中(初回のみ、判定エンジンのコンパイルに1〜2分)",
            "starting the server; on the first run its engine is compiled, which takes a minute or two",
            known=False,
        )
    await desk.start(hook, await hook.open())
    await desk.ready()


def _owner(wanted: Wanted, made: World, victim: int, place: Place) -> _Owner:
    notices = owner.notices(made, victim, owner.names(made.instruments))
    signer, home = Signer(), Folder(place.path / "home")
    home.prepare()
    signer.publish(home.path, made.span[0])
    side = _Owner(notices, Maildir(place.path / "mail", signer), Home(home.path, place.held))
    configure(home, side.maildir.path, wanted.language)
    return side


async def _play(
    wanted: Wanted, made: World, broker: Broker, desk: Desk, side: _Owner, victim: int, screen: Screen
) -> Summary:
    teller = _Teller(made, broker, screen)
    player = Player(made, broker, desk.port, teller.noticed, teller.tick)
    try:
        screen.stage("攻撃前の履歴を取り込み中", "loading the days before the attack")
        # The owner's side is through with the quiet half year when the thieves come.
        await asyncio.gather(player.load(lambda done, total: screen.share(done / total)), side.home.look(made.span[0]))
        screen.stage("再生中", "playing the attack")
        teller.player = player
        looking = asyncio.create_task(_follow(side, teller))
        try:
            await player.play(wanted.seconds)
            teller.done.set()
            await looking
        finally:
            looking.cancel()
        side.deliver(made.span[1])
        looked = await side.home.look(made.span[1])
        return Summary(made, broker, player.played, looked, await _journaled(desk), victim)
    except AnswerError as error:
        raise desk.failed(error) from error
    finally:
        player.close()


async def _follow(side: _Owner, teller: "_Teller") -> None:
    """Deliver the owner's mails as their time comes, and have his side look at them; it goes on after each look."""
    alarms = 0
    while not teller.done.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(teller.done.wait(), LOOK_EVERY_S)
        if teller.now is None or not side.deliver(teller.now):
            continue
        looked: Looked = await side.home.look(teller.now)
        for told in looked.of(Level.ALARM)[alarms:]:
            teller.alarm(told)
            alarms += 1


async def _journaled(desk: Desk) -> int:
    """How many events the server says it has accepted."""
    connection = Connection(desk.port)
    try:
        found = _ACCEPTED.search((await connection.get("/metrics"))[1])
    finally:
        connection.close()
    return int(float(found[1])) if found else -1


class _Teller:
    """Turns what happens into lines on the screen."""

    def __init__(self, made: World, broker: Broker, screen: Screen) -> None:
        self.now: datetime | None = None
        self.done = asyncio.Event()
        self.player: Player | None = None
        self._made, self._broker, self._screen = made, broker, screen
        self._groups: set[str] = set()

    def tick(self, now: datetime, done: float) -> None:
        """Time passes."""
        self.now = now
        self._new_groups(now)
        say, played = self._screen.say, self.player.played if self.player is not None else None
        if played is None:
            return
        lost, stopped = (
            sum(getattr(takeover, name) for takeover in self._made.takeovers) for name in ("lost", "stopped")
        )
        begun = sum(takeover.first is not None for takeover in self._made.takeovers)
        self._screen.clock(now, done, say(
            f"イベント {played.events:,}  判定 {played.decisions:,}  侵入 {begun}  "
            f"止めた額 {stopped:,.0f} 円  出た額 {lost:,.0f} 円",
            f"events {played.events:,}  decisions {played.decisions:,}  takeovers {begun}  "
            f"stopped ¥{stopped:,.0f}  gone ¥{lost:,.0f}",
        ))  # fmt: skip

    def noticed(self, moment: Moment, decision: Decision) -> None:
        """A decision was answered."""
        if decision.action not in STYLES:
            return
        say = self._screen.say
        who = say("犯人", "thief") if moment.thief >= 0 else say("本人", "owner")
        first = next((reason for reason in decision.reasons if reason.weight > 0), None)
        why = say(first.ja, first.en) if first is not None else ""
        words = f"{moment.time:%m-%d %H:%M} {moment.account} {decision.action:9} {who}  {why}"
        style = STYLES[decision.action] if moment.thief >= 0 else "dim"
        self._screen.found(words, style, plain=moment.thief >= 0 and decision.action != "challenge")

    def _new_groups(self, now: datetime) -> None:
        for name in list(self._broker.groups):
            if name not in self._groups:
                self._groups.add(name)
                if name.startswith("ring"):
                    words = self._screen.say(f"仕手買いの一味を発見: {name}", f"a ring is named: {name}")
                    self._screen.found(f"{now.astimezone(JST):%m-%d %H:%M} {words}", "bold magenta")

    def alarm(self, told: Told) -> None:
        """The owner's side has raised an alarm."""
        self._screen.found(self._screen.say(told.ja, told.en), "bold red")
