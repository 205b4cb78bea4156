"""A desk in its data folder: opened, recovered, kept, closed. Everything the HTTP side needs is reached from here.

DATA/journal.db   events, decisions, alerts, audit log, messages     DATA/keys.db    API keys
DATA/state/       snapshots                                          DATA/secret     for signed links and pseudonyms
DATA/lock         held by the one process that serves this folder
"""

import asyncio
import contextlib
import fcntl
import gc
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kuraban.columns import Interner, Reader
from kuraban.core import engine, policy
from kuraban.journal import rates, schema, secret, store
from kuraban.journal.audit import Trail
from kuraban.journal.checkpoints import Checkpointer
from kuraban.journal.live import Live, Recovered
from kuraban.journal.proposals import Proposal
from kuraban.journal.recovery import recover
from kuraban.journal.schema import JournalError
from kuraban.journal.snapshots import Snapshots
from kuraban.journal.store import PolicyVersion
from kuraban.journal.writer import PASSES, WAITS_FOR_ROOM, Job, Work
from kuraban.plurals import counted
from kuraban.reference.instruments import Instruments
from kuraban.replay import Replay, Summary
from kuraban.server import denials, supervisor
from kuraban.server.api import ConditionView
from kuraban.server.clock import Clock
from kuraban.server.conditions import CONDITIONS
from kuraban.server.desk import Desk, NotNowError, Outcome, Settings
from kuraban.server.inbox import GATHERED
from kuraban.server.keys import Keys, open_keys
from kuraban.server.logs import Log
from kuraban.server.memory import Room
from kuraban.server.meters import Meters
from kuraban.server.outputs import owners
from kuraban.server.outputs.outbox import Outbox
from kuraban.server.outputs.settings import Outputs
from kuraban.server.policies import Asker, PolicyControl
from kuraban.server.refusals import Refusals
from kuraban.server.shadow import Shadow

T = TypeVar("T")
_SAMPLE = (
    b'{"id":"-","time":"2025-01-01T00:00:00Z","account":"-","type":"login.succeeded","client":{"ip":"126.159.33.187"}}'
)
_DENIAL = b'{"id":"d","time":"2025-01-01T00:00:01Z","account":"-","type":"owner.denied","about":["-"]}'


@dataclass(frozen=True)
class Options:
    """How a data folder is served.

    fallback: the action when a caller's deadline passes, None for the policy's own. retention_days: what is older is
    removed; audit_retention_days: the same of the audit log; None for keeping all. two_person: a change of the policy
    needs a second person's approval.
    """

    data: Path
    instruments: Path | None = None
    ipdb: Path | None = None
    policy: Path | None = None
    shadow: Path | None = None
    timezone: str = "Asia/Tokyo"
    fallback: str | None = None
    retention_days: int | None = None
    settings: Settings = field(default_factory=Settings)
    two_person: bool = False
    audit_retention_days: int | None = None


class BusyFolderError(Exception):
    """Another process serves this data folder."""


class Service:
    """One data folder being served. make_replay: how an engine is made (tests share tables between them)."""

    def __init__(self, options: Options, outputs: Outputs | None = None, make_replay: Callable[..., Replay] = Replay):
        self.options = options
        self.clock = Clock(went_back=lambda back: self.condition("clock_back", back))
        self.meters = Meters(lambda: self.clock.now() / 1e6)
        self.problems: dict[str, str] = {"starting": ""}
        self.desk: Desk | None = None
        self.report: Recovered | None = None
        self._make_replay = make_replay
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        self._called = False
        self._room = Room(lambda words: self.condition("memory_short", words is not None, words or ""))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._checkpointer: Checkpointer | None = None
        options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _locked(options.data / "lock")
        self.secret = secret.load(options.data)
        self.log = Log(self.secret)
        self.refusals = Refusals(
            lambda: self.clock.now(), self.log, lambda what, problem: self.meters.refused.labels(what, problem).inc()
        )
        self.keys: Keys = open_keys(options.data)
        self.snapshots = Snapshots(options.data / "state")
        self.outputs = outputs or Outputs()
        self.outbox = Outbox(self.outputs, self.secret, self.meters)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="reader")
        # Handing work to the writer waits where that is held up; nobody who reads has to wait with it.
        self._handing = ThreadPoolExecutor(1, thread_name_prefix="handing")
        self.control = PolicyControl(options.two_person)
        self.mail_only = 0

    @property
    def policies(self) -> list[PolicyVersion]:
        """Every policy that ever decided, oldest first."""
        return self.control.versions

    @property
    def fallback(self) -> str:
        """The action when a caller's deadline passes."""
        return self.options.fallback or self.control.fallback

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.options.data / "journal.db"

    def condition(self, code: str, on: bool, detail: str = "") -> None:
        """Note that a condition lasts, or does no longer."""
        if on == (code in self.problems):
            if on:
                self.problems[code] = detail
            return
        if on:
            self.problems[code] = detail
        else:
            self.problems.pop(code, None)
        self.meters.conditions.labels(code).set(int(on))
        self.log.write("condition", code=code, on=on, detail=detail)
        supervisor.tell(supervisor.status(dict(self.problems)))

    def views(self) -> list[ConditionView]:
        """What is wrong, in words."""
        found = [(CONDITIONS[code], detail) for code, detail in list(self.problems.items())]
        return [ConditionView(each.code, each.stops, each.ja, each.en, detail) for each, detail in found]

    def count_mail_only(self, count: int) -> None:
        """Note how many owners are reached by e-mail alone."""
        self.mail_only = count
        self.meters.mail_only.set(count)
        if self.outputs.owners is not None:
            self.condition("owners_by_mail_only", count > 0, counted(count, "account"))

    @property
    def stopped_by(self) -> str | None:
        """The condition for which nothing is accepted, None when all is well."""
        self._room.look(self._growing)
        return next((code for code in list(self.problems) if CONDITIONS[code].stops), None)

    @property
    def _growing(self) -> int:
        """Bytes of the table of accounts where it will soon have to be made larger, else 0."""
        if self.desk is None:
            return 0
        replay = self.desk.live.replay
        profiles = replay.state.profiles
        return profiles.nbytes if profiles.size - len(replay.reader.accounts) < GATHERED else 0

    def start(self) -> None:
        """Recover and begin to decide; what prevents it becomes a condition. Takes as long as recovery does."""
        try:
            self._start()
        except JournalError as error:
            self.condition(error.code, True, str(error))
        except sqlite3.Error as error:
            self.condition(_code(error), True, str(error))
        except OSError as error:
            self.condition("read_only" if error.errno in (13, 30) else "disk_failing", True, str(error))
        except MemoryError:
            self.condition("memory", True)
        except Exception as error:
            # Whatever it is, it has to be told: a desk that is neither ready nor says why helps nobody.
            self.condition("engine_failed", True, f"{type(error).__name__}: {error}"[:300])
        self.condition("starting", False)
        self.condition("recovering", False)

    def _start(self) -> None:
        connection = schema.connect(self.journal)
        os.chmod(self.journal, 0o600)
        schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
        self.condition("recovering", True)
        self.condition("starting", False)
        live, self.report = recover(connection, self.snapshots, self._live, self._progress)
        self.condition("snapshot_damaged", bool(self.report.damaged), "; ".join(self.report.damaged))
        self.condition("history_cut", self.report.partial)
        self.condition("decisions_differ", self.report.differing > 0, counted(self.report.differing, "decision"))
        self.clock = Clock(store.newest_time(connection), lambda back: self.condition("clock_back", back))
        self.meters.pulse.restore(rates.kept(connection), rates.since(connection, self.clock.now() // 1_000_000))
        self.problems["recovering"] = "compiling; takes a minute or two after an installation, seconds later on"
        supervisor.tell(supervisor.status(dict(self.problems)))
        warm_up(live.replay)
        self._settle_policy(live, connection)
        self.count_mail_only(owners.by_mail_only(connection))
        desk = Desk(
            live,
            connection,
            self.snapshots,
            secret=self.secret,
            clock=self.clock,
            meters=self.meters,
            condition=self.condition,
            noted=self.outbox.note,
            reset=self.outbox.reset,
            settled=self.outbox.settled,
            deliver=_deliver,
            ready=self._work_soon,
            settings=self.options.settings,
        )
        if self.options.shadow is not None:
            record = policy.load(self.options.shadow)
            desk.shadow = Shadow(self.options.shadow.name, live.replay, record, self.meters)
        self.desk = desk
        self._checkpointer = Checkpointer(self.journal)
        # Nothing of what is there by now will ever be garbage: a full collection would stop every answer for it.
        gc.collect()
        gc.freeze()
        self.log.write("ready", events=live.next, recovered=self.report.events, snapshot=self.report.snapshot)

    def _live(self) -> Live:
        options = self.options
        return Live(
            self._make_replay(
                instruments=options.instruments,
                ipdb=options.ipdb,
                policy_file=options.policy,
                timezone=options.timezone,
                lateness_s=0,
            )
        )

    def _progress(self, done: int, total: int) -> None:
        if "recovering" in self.problems:
            self.problems["recovering"] = f"{done:,} / {total:,}"

    def _settle_policy(self, live: Live, connection: sqlite3.Connection) -> None:
        """Whether the policy file given now decides from here on, is a proposal, or says nothing new."""
        given = policy.load(self.options.policy)
        text = self.options.policy.read_text("utf-8") if self.options.policy else policy.default_text()
        self.control.begin(live, connection, text, given, self.clock.now())

    def ready(self) -> Desk:
        """The desk; raises `NotNowError` while nothing is accepted."""
        stopped = self.stopped_by
        if stopped is not None or self.desk is None:
            raise NotNowError(stopped or "starting")
        return self.desk

    async def decide(self, lines: list[bytes], wanted: bool) -> Outcome:
        """Events through the desk, durable when this returns. Raises `FullError`, `NotNowError`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self.ready().send(lines, wanted, _Reply(loop, future), works=True)
        if not self._called:
            self._called, self._loop = True, loop
            loop.call_soon(self._work)  # after all requests that have come in together
        return await future

    def _work(self) -> None:
        self._called = False
        if self.desk is not None:
            self.desk.work()

    def _work_soon(self) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended; the engine's thread goes on
                loop.call_soon_threadsafe(self._work)

    async def call(self, act: Callable[[Live], tuple[T, Job | None]]) -> T:
        """Something done by the engine's thread; see `desk.Call`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.ready().call(act, _Reply(loop, future))
        return await future

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Something made durable by the writer; an error of the job's own undoes it and is raised here."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        reply = _Reply(loop, future)
        work = Work(
            job,
            done=lambda found: reply(found, None),
            refused=lambda error: reply(None, error),
            delayed=lambda code: reply(None, NotNowError(code)),
        )
        await loop.run_in_executor(self._handing, self.ready().writer.submit, work)
        return await future

    def later(self, job: Job, audited: tuple[str, Any]) -> None:
        """Something made durable as soon as the writer comes to it, with its entry in the audit log."""
        desk = self.ready()
        kind, body = audited

        def both(connection: sqlite3.Connection) -> None:
            job(connection)
            desk.trail.add(self.clock.now(), kind, "server", body)

        self._handing.submit(desk.writer.submit, Work(both))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Something read from the journal, in a thread of its own."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(self._reader()))

    def _reader(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = schema.connect(self.journal, read_only=True)
            self._readers.append(self._local.connection)
        connection: sqlite3.Connection = self._local.connection
        return connection

    async def propose_policy(
        self, text: str, who: str, why: str = "", by: str | None = None
    ) -> PolicyVersion | Proposal:
        """Decide by another policy from the next event on; under the two-person rule, propose to.

        by: how the server knows who asks (`console:…`, `key:…`). Raises `PolicyError`, `RefusedError`.
        """
        record = await asyncio.to_thread(store.parsed, text)
        asker, at = Asker(who, why, by), self.clock.now()
        return await self._controlled(lambda live: self.control.ask(live, text, record, asker, at))

    async def reread_policy(self, text: str) -> PolicyVersion | Proposal | None:
        """What the policy file says now decides or is proposed; None where it decides already. Raises `PolicyError`."""
        record = await asyncio.to_thread(store.parsed, text)
        why, at = "the policy file was read again", self.clock.now()
        return await self._controlled(lambda live: self.control.take_file(live, text, record, why, at))

    async def decide_proposal(self, number: int, approve: bool, who: str, why: str, by: str | None = None) -> Proposal:
        """Approve a proposal, which decides from the next event on once enough have, or turn it down (one's own:
        withdraw it). by: how the server knows who asks; only people signed in to the console approve.

        Raises KeyError, `PolicyError` where the text is no policy any more, `RefusedError`.
        """
        proposal = self.control.proposal(number)
        record = await asyncio.to_thread(store.parsed, proposal.toml) if approve else None
        asker, at = Asker(who, why, by), self.clock.now()
        return await self._controlled(lambda live: self.control.decide(live, number, record, asker, at))

    async def _controlled(self, act: Callable[[Live], tuple[T, Callable[[sqlite3.Connection, Trail], object]]]) -> T:
        """A change of the policies, by the engine's thread, made durable and audited."""
        desk = self.ready()

        def acted(live: Live) -> tuple[T, Job]:
            found, job = act(live)
            return found, lambda connection: job(connection, desk.trail)

        return await self.call(acted)

    async def try_policy(self, text: str, who: str, why: str = "") -> None:
        """Let another policy decide along from the next event on. Raises `PolicyError`."""
        record = await asyncio.to_thread(store.parsed, text)
        desk = self.ready()

        def act(live: Live) -> tuple[None, Job]:
            name = f"{who} {self.clock.now()}"
            desk.shadow = Shadow(name, live.replay, record, self.meters)
            return None, lambda connection: desk.trail.add(
                self.clock.now(), "shadow-policy", who, {"toml": text, "why": why}
            )

        await self.call(act)

    def stop(self) -> bool:
        """Finish, write a snapshot, close. False where something was not made durable."""
        if self._closed:
            return True
        if "recovering" in self.problems:  # nothing was accepted, so nothing is lost by leaving at once
            return True
        self._closed = True
        supervisor.tell("STOPPING=1")
        self.condition("stopping", True)
        if self._checkpointer is not None:
            self._checkpointer.close()
        clean = self.desk.stop() if self.desk is not None else True
        self._handing.shutdown()
        self._pool.shutdown()
        for connection in self._readers:
            connection.close()
        if self.desk is not None and clean:
            self.desk.close()
        self.keys.close()
        self.log.write("stopped", clean=clean)
        os.close(self._lock)
        return clean


class _Reply:
    """Hands an answer over to the event loop it is waited for in."""

    __slots__ = ("future", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]"):
        self.loop = loop
        self.future = future

    def __call__(self, result: Any, error: Exception | None) -> None:
        self.loop.call_soon_threadsafe(_settle, self.future, result, error)


def _deliver(answers: Sequence[tuple[Any, Outcome]]) -> None:
    """All answers of a batch with one call into the event loop."""
    waiting = [(reply.future, outcome) for reply, outcome in answers if isinstance(reply, _Reply)]
    if waiting:
        waiting[0][0].get_loop().call_soon_threadsafe(_settle_all, waiting)
    for reply, outcome in answers:
        if not isinstance(reply, _Reply):
            reply(outcome, None)


def _settle_all(waiting: Sequence[tuple["asyncio.Future[Outcome]", Outcome]]) -> None:
    for future, outcome in waiting:
        if not future.done():
            future.set_result(outcome)


def _settle(future: "asyncio.Future[Any]", result: Any, error: Exception | None) -> None:
    if not future.done():
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def _locked(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise BusyFolderError(f"another process serves {path.parent}; stop it first") from error
    return handle


def _code(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    known = WAITS_FOR_ROOM.get(name) or PASSES.get("_".join(name.split("_")[:2]))
    return known or ("damaged" if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB") else "disk_failing")


def warm_up(replay: Replay) -> None:
    """Have everything compiled and loaded before the first request, on a state that is thrown away."""
    scratch = Replay.__new__(Replay)
    scratch.__dict__.update(replay.__dict__)
    scratch.instruments = Instruments.load(None, Interner())
    scratch.reader = Reader(replay.networks, replay.clients, scratch.instruments, lateness_s=0)
    scratch.state = engine.State.empty()
    scratch.summary = Summary()
    scratch._worst = {}
    live = Live(scratch, window=1024)
    taken = live.take(b"\n".join((_SAMPLE, _SAMPLE, b"{", _DENIAL)), 0)
    denials.locks(live, taken, b"")
    for row in taken.decisions:
        replay.writer._place(int(row["country"]), int(row["asn"]), int(row["hosting"]))
