"""The desk at work: one thread at a time decides, one makes durable, and whoever asked is answered after both.

    requests → inbox → whoever is at work (all that waits: rows, decisions) → writer thread (one commit) → answers

While the writer waits for the disk requests gather: the busier, the larger the batches. A few events are decided where
they come from (`Desk.work`): to hand them to another thread and wait there for the interpreter's lock, some dozen times
a batch, takes longer than deciding them does. Many events, and all else that takes time, are left to the engine's
thread, which decides the next batch while the writer waits. What the engine holds is changed by whoever is at work
alone.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from opentelemetry import trace

from kuraban.columns import Reject
from kuraban.core.layout import CREDENTIALS_RESET
from kuraban.core.policy import ACTIONS
from kuraban.journal import alerts, rates, store
from kuraban.journal.audit import Trail
from kuraban.journal.live import Live, Taken
from kuraban.journal.snapshots import Snapshots
from kuraban.journal.writer import Job, Work, Writer
from kuraban.rendering import Renderer
from kuraban.server import denials
from kuraban.server.clock import Clock
from kuraban.server.inbox import FEW, FEW_BYTES, Call, Inbox, Letter, Reply
from kuraban.server.inbox import FullError as FullError
from kuraban.server.meters import Meters
from kuraban.server.notable import Notable
from kuraban.server.shadow import Shadow

AHEAD = 86_400_000_000  # microseconds by which an event may be of a later time than it is here
ENCODE = msgspec.json.Encoder().encode
TRACER = trace.get_tracer("kuraban")


class NotNowError(Exception):
    """The desk accepts nothing at present. `code` is that of a condition."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Outcome:
    """What became of the lines of one request.

    seqs: the sequence number of each (of duplicates that of the first), -1 for rejected ones. duplicates: which ones.
    rejects: by index. answers: where asked for, each decision as JSON, None where the event is not decided upon.
    """

    seqs: Sequence[int]
    duplicates: frozenset[int]
    rejects: dict[int, Reject]
    answers: Sequence[bytes | None]


Deliver = Callable[[Sequence[tuple[Reply, Outcome]]], object]


@dataclass(frozen=True)
class Settings:
    """How a desk is run. snapshot_events: a snapshot is written after so many."""

    snapshot_events: int = 1_000_000
    snapshot_seconds: float = 900.0


class Desk:
    """A recovered engine at work. connection: the writing one. secret: by which verdicts given here are known.

    noted: called inside the writer's transaction with each decision above allow and its alert's number, to queue what
    others are to be told. reset: the same with each account whose credentials were replaced (its name, the event's
    number and time, now). settled: called after each commit. deliver: gives a batch's answers to their replies. ready:
    called when somebody may call `work` again; without it the engine's thread does.
    """

    def __init__(
        self,
        live: Live,
        connection: sqlite3.Connection,
        snapshots: Snapshots,
        *,
        secret: bytes,
        clock: Clock,
        meters: Meters,
        condition: Callable[[str, bool], object],
        noted: Callable[[sqlite3.Connection, Notable, int | None, int], object] = lambda *_: None,
        reset: Callable[[sqlite3.Connection, str, int, int, int], object] = lambda *_: None,
        settled: Callable[[], object] = lambda: None,
        deliver: Deliver | None = None,
        ready: Callable[[], object] | None = None,
        settings: Settings | None = None,
    ):
        self.live = live
        self.problem: str | None = None
        self._connection = connection
        self._snapshots = snapshots
        self._secret = secret
        self._clock = clock
        self._meters = meters
        self._condition = condition
        self._noted = noted
        self._reset = reset
        self._settled = settled
        self._deliver = deliver or _one_by_one
        self._ready = ready or self._wake
        self._settings = settings or Settings()
        self._layout = store.layout(connection)
        self.trail = Trail(connection)
        self.shadow: Shadow | None = None
        self._renderer = Renderer(live.replay.writer)
        self._inbox = Inbox()
        self._bell = threading.Condition()
        self._at_work = False  # somebody changes what the engine holds
        self._stopping = False
        self._ended = False  # by an error: nothing will be decided any more
        self._snapshot_at = (live.next, clock.monotonic())
        self._snapshot_running = False
        self.writer = Writer(connection, self._trouble, given_up=self.trail.reread, idle=self._writer_idle)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Events in the inbox."""
        return self._inbox.events

    def send(self, lines: Sequence[bytes], wanted: bool, reply: Reply, *, works: bool = False) -> None:
        """Hand in events (lines of JSON without line breaks, none of them blank); `reply` gets the `Outcome`.

        works: the caller will call `work` at once, after what else it may have to hand in.

        Raises `FullError` or `NotNowError` at once; the reply may get `NotNowError` where the events could not be made
        durable yet: they may still be later, and are then duplicates when they are sent again.
        """
        letter = Letter(lines, wanted, reply, sum(map(len, lines)))
        with self._bell:
            self._check()
            self._inbox.add(letter)
            if not works:
                self._bell.notify()

    def call(self, act: Callable[[Live], tuple[Any, Job | None]], reply: Reply) -> None:
        """Have something done by the engine's thread; see `Call`."""
        with self._bell:
            self._check()
            self._inbox.add(Call(act, reply))
            self._bell.notify()

    def work(self) -> None:
        """Decide on the few events that wait, here and now; what would take long is left to the engine's thread.

        Does nothing where somebody is at work, who will go on with what waits, or where the writer is busy: `ready` is
        called when it no longer is.
        """
        with self._bell:
            if self._at_work or not len(self._inbox) or self._stopping:
                return
            if not self._inbox.begins_with_few:
                self._bell.notify()
                return
            if self.writer.busy:
                return
            work = self._inbox.gather(FEW, FEW_BYTES)
            self._at_work = True
        try:
            self._perform(work)
        finally:
            self._leave()

    def _leave(self) -> None:
        """Nobody is at work any more; the engine's thread goes on with what is not done quickly."""
        with self._bell:
            self._at_work = False
            if self._stopping or (len(self._inbox) and not self._inbox.begins_with_few):
                self._bell.notify()

    def _writer_idle(self) -> None:
        with self._bell:
            waiting = len(self._inbox) > 0 and not self._at_work
        if waiting:
            self._ready()

    def _wake(self) -> None:
        with self._bell:
            self._bell.notify()

    def _check(self) -> None:
        if self._stopping:
            raise NotNowError("stopping")
        if self.problem is not None:
            raise NotNowError(self.problem)

    def stop(self, timeout: float = 30.0) -> bool:
        """Finish what waits, write a snapshot, end; False where something could not be made durable in time."""
        with self._bell:
            self._stopping = True
            self._bell.notify()
        self._thread.join(timeout)
        clean = self.writer.close(timeout) and not self._thread.is_alive() and self.problem is None
        if clean:
            try:
                self._snapshots.save(self.live)
            except OSError:
                return False
        return clean

    @property
    def failed(self) -> bool:
        """Whether the engine ended by an error: only a new start can go on."""
        return self._ended

    def close(self) -> None:
        """Close the database, after a clean stop."""
        self._connection.close()

    def _trouble(self, code: str | None) -> None:
        if code == self.problem or self._ended:
            return
        if self.problem is not None:
            self._condition(self.problem, False)
        self.problem = code
        if code is not None:
            self._condition(code, True)
            self._refuse_all(code)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                self._perform(work)
                if not self._ended and self._snapshot_due():
                    self._snapshot()
            finally:
                self._leave()

    def _next(self) -> list[Letter] | Call | None:
        """What to do next, by the engine's thread, which is at work from here on; None at the end."""
        with self._bell:
            while self._at_work or not len(self._inbox):
                if not self._at_work:
                    if self._stopping or self._ended:
                        return None
                    if self._snapshot_due():
                        break
                # Whoever else is at work leaves only what is quickly done without a word.
                self._bell.wait(1.0)
            self._at_work = True
            return self._inbox.gather()

    def _perform(self, work: list[Letter] | Call) -> None:
        try:
            if isinstance(work, Call):
                self._do(work)
            elif work:
                self._decide(work)
        except Exception as error:
            # What the engine holds may be half of this and half of that: only the journal knows, at the next start.
            self._ended = True
            self.problem = code = "memory" if isinstance(error, MemoryError) else "engine_failed"
            self._condition(code, True)
            self._meters.engine_failed()
            self._refuse_all(code)
            for reply in [work.reply] if isinstance(work, Call) else [letter.reply for letter in work]:
                reply(None, NotNowError(code))

    def _refuse_all(self, code: str) -> None:
        """Send back what has not been begun."""
        with self._bell:
            left = self._inbox.empty()
        for each in left:
            each.reply(None, NotNowError(code))

    def _do(self, call: Call) -> None:
        try:
            result, job = call.act(self.live)
        except Exception as error:
            call.reply(None, error)
            return
        self.writer.submit(
            Work(
                (lambda connection: result) if job is None else (lambda connection: (job(connection), result)[1]),
                done=lambda found: call.reply(found, None),
                refused=lambda error: call.reply(None, error),
                delayed=lambda code: call.reply(None, NotNowError(code)),
            )
        )

    def _decide(self, letters: list[Letter]) -> None:
        # Without OpenTelemetry's SDK set up by whoever starts the process, a span costs next to nothing.
        with TRACER.start_as_current_span("kuraban.decide") as span:
            taken = self._decide_batch(letters)
            span.set_attribute("kuraban.events", len(taken))

    def _decide_batch(self, letters: list[Letter]) -> Taken:
        begun = self._clock.monotonic()
        received = self._clock.now()
        text = b"\n".join(line for letter in letters for line in letter.lines)
        taken = self.live.take(text, received, received + AHEAD)
        wanted = np.repeat([letter.wanted for letter in letters], [len(letter.lines) for letter in letters])
        answers, notable = self._render(taken, wanted)
        resets, locks = self._resets(taken), denials.locks(self.live, taken, self._secret)
        shadowed = self.shadow.decide(taken, received) if self.shadow is not None else None
        replies = [(letter.reply, outcome) for letter, outcome in _outcomes(letters, taken, answers)]
        second, counts = received // 1_000_000, _by_action(taken)
        decided = self._clock.monotonic()

        def job(connection: sqlite3.Connection) -> None:
            store.append(connection, taken.blocks, self._layout)
            if len(taken):
                rates.add(connection, rates.Rate(second, len(taken), counts, self._meters.pulse.usual()))
            for each in notable:
                alert = alerts.note(connection, each.decision, each.raw, each.seq, received)
                self.trail.add(received, "decision", "engine", each.raw)
                self._noted(connection, each, alert, received)
            for lock in locks:
                alert = lock.alert or alerts.note(connection, lock.decision, lock.raw, lock.seq, received)
                denials.record(connection, lock, alert, received)
                self.trail.add(received, "decision", "owner", lock.raw)
                self._noted(connection, lock, alert, received)
            for account, seq, happened in resets:
                self._reset(connection, account, seq, happened, received)
            if shadowed is not None:
                shadowed(connection)

        def done(_: Any) -> None:
            self._meters.batch(taken, second, counts, decided - begun, self._clock.monotonic() - decided)
            self._meters.denials.inc(len(locks))
            self._deliver(replies)
            self._settled()

        def delayed(code: str) -> None:
            for reply, _ in replies:
                reply(None, NotNowError(code))

        # Who is no thread of ours must never wait for the disk; that the writer was idle has been asked before.
        self.writer.submit(Work(job, done=done, delayed=delayed), waits=threading.current_thread() is self._thread)
        return taken

    def _render(self, taken: Taken, wanted: Any) -> tuple[dict[int, bytes], list[Notable]]:
        """Decisions in words: those asked for by line, and those above allow."""
        rows = taken.decisions
        own = rows["row"] >= 0
        asked = np.zeros(rows.size, dtype=np.bool_)
        asked[own] = wanted[taken.lines[rows["row"][own]] - 1]
        answers: dict[int, bytes] = {}
        notable: list[Notable] = []
        batch, name = taken.batch, self.live.replay.reader.accounts.name
        chosen = rows[asked | (rows["action"] > 0)]
        indexes, causes = chosen["row"].tolist(), chosen["cause"].tolist()
        ids = [batch.id(index) if index >= 0 else None for index in indexes]
        accounts, times = [name(code) for code in chosen["account"].tolist()], [batch.time(cause) for cause in causes]
        lines = taken.lines.tolist()
        found = self._renderer.decisions(chosen, ids, accounts, times)
        for decision, index, cause in zip(found, indexes, causes, strict=True):
            raw = ENCODE(decision)
            if index >= 0:
                answers[lines[index]] = raw
            if decision.action != "allow":
                notable.append(Notable(decision, raw, taken.first + cause))
        return answers, notable

    def _resets(self, taken: Taken) -> list[tuple[str, int, int]]:
        """Accounts whose credentials were replaced: name, number of the event, when (microseconds)."""
        rows, name = taken.batch.rows, self.live.replay.reader.accounts.name
        at = np.flatnonzero(rows["type"] == CREDENTIALS_RESET).tolist()
        return [(name(int(rows["account"][i])), taken.first + i, int(rows["time"][i])) for i in at]

    def _snapshot_due(self) -> bool:
        events = self.live.next - self._snapshot_at[0]
        if events == 0 or self._snapshot_running or self.problem is not None:
            return False
        late = self._clock.monotonic() - self._snapshot_at[1] >= self._settings.snapshot_seconds
        return late or events >= self._settings.snapshot_events

    def _snapshot(self) -> None:
        """Everything decided so far has to be durable first: a snapshot must not know more than the journal."""
        durable = threading.Event()
        self.writer.submit(Work(lambda connection: None, done=lambda _: durable.set()))
        if not durable.wait(5.0):
            return
        self._snapshot_running = True
        self._snapshot_at = (self.live.next, self._clock.monotonic())

        def done(good: bool) -> None:
            self._snapshot_running = False
            self._condition("snapshot_failing", not good)

        try:
            self._snapshots.save_beside(self.live, done)
        except OSError:
            done(False)


def _by_action(taken: Taken) -> list[int]:
    """How many decisions there are of each action."""
    counts = [0] * len(ACTIONS)
    for action in taken.decisions["action"].tolist():
        counts[action] += 1
    return counts


def _one_by_one(answers: Sequence[tuple[Reply, Outcome]]) -> None:
    for reply, outcome in answers:
        reply(outcome, None)


def _outcomes(letters: Sequence[Letter], taken: Taken, answers: dict[int, bytes]) -> Iterator[tuple[Letter, Outcome]]:
    """What became of each request's lines."""
    total = sum(len(letter.lines) for letter in letters)
    seqs = np.full(total, -1, dtype=np.int64)
    seqs[taken.lines - 1] = np.arange(taken.first, taken.first + len(taken))
    for line, seq in taken.duplicates.items():
        seqs[line - 1] = seq
    rejects = {reject.line - 1: reject for reject in taken.rejects}
    numbers = seqs.tolist()
    at = 0
    for letter in letters:
        end = at + len(letter.lines)
        here = numbers[at:end]
        refused = {i - at: rejects[i] for i in range(at, end) if i in rejects} if rejects else {}
        twice = {i for i in range(at, end) if i + 1 in taken.duplicates} if taken.duplicates else set()
        wanted = [answers.get(i + 1) for i in range(at, end)] if letter.wanted else []
        yield letter, Outcome(here, frozenset(i - at for i in twice), refused, wanted)
        at = end
