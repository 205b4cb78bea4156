"""The engine of a running desk and its memory: lines in, blocks for the journal out, and the way back after a stop.

What `Live` holds is a function of the journal alone: the events in their order, and the policies with the event from
which each decided. That is what recovery rests on: newest good snapshot, then the journal after it.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban import snapshot
from kuraban.columns import Batch, Reject, prefetch
from kuraban.core.signals import ids
from kuraban.events import LATEST
from kuraban.journal.blocks import RING, Block, says_code, split
from kuraban.journal.runs import Run, differing, runs
from kuraban.journal.schema import JournalError
from kuraban.journal.store import PolicyVersion
from kuraban.journal.window import Window, link, repeated
from kuraban.replay import Replay


@dataclass(frozen=True, eq=False)
class Taken:
    """What became of lines.

    first: sequence number of the first event taken. lines: int64[n], each taken event's line from 1. duplicates: line →
    sequence number of the event that came first. decisions: DECISION[m], with the batch they point into.
    """

    first: int
    batch: Batch
    lines: NDArray[np.int64]
    duplicates: dict[int, int]
    rejects: list[Reject]
    decisions: NDArray[Any]
    blocks: list[Block]

    def __len__(self) -> int:
        return len(self.batch)


@dataclass
class Recovered:
    """How the state came back.

    snapshot: the event from which the journal was read. partial: the journal no longer reaches back to the beginning
    and no snapshot helped. damaged: snapshots that could not be used, and why. differing: decisions that the journal
    remembers otherwise than they come out now (another version of the program, or other reference data).
    """

    snapshot: int = 0
    partial: bool = False
    events: int = 0
    damaged: list[str] = field(default_factory=list)
    differing: int = 0


class Live:
    """One stream of events, deciding as they come.

    replay: made with `lateness_s=0`. window: how many ids at least are remembered.
    """

    def __init__(self, replay: Replay, *, window: int = 2_000_000):
        self.replay = replay
        replay.summarised = False  # it would remember every ring and every account acted on
        self.next = 0  # sequence number of the next event
        self._capacity = window
        self.window = Window(window)
        self.newest = np.full(1024, -1, dtype=np.int64)  # by account code

    def take(self, text: bytes, received: int, latest: int = LATEST) -> Taken:
        """Decide on lines of JSON (none of them empty), in order. received: now, microseconds since 1970. latest: what
        claims to be of a later time is rejected; one such event would age what is known of everybody."""
        known: list[NDArray[np.int64]] = []
        first, taken_so_far = self.next, 0

        def admit(ids: NDArray[np.uint64]) -> NDArray[np.bool_]:
            nonlocal taken_so_far
            found = self.window.find(ids)
            before = repeated(ids)
            fresh = (found < 0) & (before < 0)
            numbers = first + taken_so_far + np.cumsum(fresh) - 1
            twice = (found < 0) & (before >= 0)
            found[fresh], found[twice] = -1, numbers[before[twice]]
            known.append(found)
            self.window.add(ids[fresh], first + taken_so_far)
            taken_so_far += int(fresh.sum())
            return fresh

        lines = self.replay.reader.line_rows(text, admit, latest)
        decisions = self.replay.decide(lines.batch)
        begins, ends = lines.begins.tolist(), lines.ends.tolist()
        raw = [text[begin:end] for begin, end in zip(begins, ends, strict=True)]
        previous = self._advance(lines.batch)
        kept = self._blocks(first, received, raw, lines.ids, previous, decisions)
        duplicates = _duplicates(np.concatenate(known), lines.rejects)
        return Taken(first, lines.batch, lines.lines, duplicates, lines.rejects, decisions, kept)

    def _advance(self, batch: Batch) -> NDArray[np.int64]:
        accounts = np.ascontiguousarray(batch.rows["account"])
        if accounts.size and accounts.max() >= len(self.newest):
            larger = np.full(max(2 * len(self.newest), int(accounts.max()) + 1), -1, dtype=np.int64)
            larger[: len(self.newest)] = self.newest
            self.newest = larger
        previous = np.empty(len(batch), dtype=np.int64)
        link(accounts, self.next, self.newest, previous)
        self.next += len(batch)
        return previous

    def save(self, path: Path) -> None:
        """Write the whole state beside each other: the engine's to `path`, ids and chains to its companion."""
        memory = {f"window.{name}": array for name, array in self.window.state().items()}
        memory["newest"] = self.newest[: len(self.replay.reader.accounts)]
        memory["next"] = np.array([self.next], dtype=np.int64)
        snapshot.save(companion(path), memory)
        self.replay.save(path)

    def load(self, path: Path) -> None:
        """Become what was saved. Raises `SnapshotError`; this object is then not to be used."""
        with ThreadPoolExecutor(1) as beside:
            memory = beside.submit(self._load_memory, companion(path))
            self.replay.load(path)
            newest = memory.result()
        if len(newest) != len(self.replay.reader.accounts):
            raise snapshot.SnapshotError(f"{path} and {companion(path)} are not of the same moment")
        self.newest = np.full(max(1024, len(newest)), -1, dtype=np.int64)
        self.newest[: len(newest)] = newest

    def _load_memory(self, path: Path) -> NDArray[np.int64]:
        """Ids and number of the next event; gives each account's newest event."""
        memory = snapshot.load(path)
        try:
            window = {name: memory[f"window.{name}"] for name in ("current", "previous")}
            newest, (self.next,) = memory["newest"], memory["next"].tolist()
        except (KeyError, ValueError) as error:
            raise snapshot.SnapshotError(f"{path} is not the memory of a desk") from error
        self.window = Window.of(window, self._capacity)
        return newest

    def catch_up(
        self,
        connection: sqlite3.Connection,
        policies: Sequence[PolicyVersion],
        progress: Callable[[int], object],
        until: int | None = None,
    ) -> tuple[int, int]:
        """Read the journal from where this state stands: (events, decisions that differ from the journal's).

        until: stop before the block that begins with this event or a later one.

        Raises `JournalError` where the journal is damaged or has a gap.
        """
        start, different = self.next, 0
        # Reading and unpacking overlap with deciding.
        with contextlib.closing(prefetch(runs(connection, start, policies, until))) as ahead:
            for run in ahead:
                different += self._again(run)
                progress(self.next - start)
        return self.next - start, different

    def _again(self, run: Run) -> int:
        """Take a run once more; how many decisions differ."""
        if run.policy is not None:
            self.replay.policy = run.policy.load()
        lines = self.replay.reader.line_rows(run.text, lambda ids: np.ones(len(ids), dtype=np.bool_))
        if len(lines.batch) != run.count:
            raise JournalError("damaged", f"events from {run.first} on cannot be read any more; restore a backup")
        decisions = self.replay.decide(lines.batch)
        self.window.add(lines.ids, self.next)
        self._advance(lines.batch)
        return differing(run.decisions, decisions)

    def _blocks(
        self,
        first: int,
        received: int,
        raw: Sequence[bytes],
        ids: NDArray[np.uint64],
        previous: NDArray[np.int64],
        decisions: NDArray[Any],
    ) -> list[Block]:
        account, instrument = self.replay.reader.accounts.name, self.replay.instruments.interner.name
        return list(split(first, received, raw, ids, previous, decisions, account, instrument))

    def renamed(self, block: Block, row: np.void) -> np.void:
        """A decision of a block with the codes that its names have now; codes without a name now become «none»."""
        interner = self.replay.instruments.interner
        found = row.copy()
        account = self.replay.reader.accounts.find(block.accounts[int(row["account"])])
        found["account"] = -1 if account is None else account
        for name, needed in (("instrument", True), ("group_key", row["group_kind"] == RING)):
            if needed and row[name] >= 0:
                code = interner.find(block.instruments[int(row[name])])
                found[name] = -1 if code is None else code
        fact = int(row["fact"][ids.NOVEL_INSTRUMENT])
        if says_code(fact):
            code = interner.find(block.instruments[fact - 1])
            found["fact"][ids.NOVEL_INSTRUMENT] = code + 1 if code is not None and says_code(code + 1) else 0
        return found


def companion(path: Path) -> Path:
    """Where a snapshot's ids and chains lie."""
    return path.with_suffix(".memory")


def _duplicates(known: NDArray[np.int64], rejects: Sequence[Reject]) -> dict[int, int]:
    """Line → sequence number, of lines that were read and not taken. known: of every line read, in order."""
    twice = np.flatnonzero(known >= 0)
    if not twice.size:
        return {}
    lines = np.ones(len(known) + len(rejects), dtype=np.bool_)
    lines[[reject.line - 1 for reject in rejects]] = False
    read = np.flatnonzero(lines) + 1
    return dict(zip(read[twice].tolist(), known[twice].tolist(), strict=True))
