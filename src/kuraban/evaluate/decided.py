"""What was decided: each account-day's highest probability, its actions, the victims' decisions and the rings named."""

from array import array
from collections import defaultdict
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from kuraban.evaluate import files
from kuraban.evaluate.world import World, key

ACTIONS = ("allow", "notify", "challenge", "hold", "lock")
RANK = {action: rank for rank, action in enumerate(ACTIONS)}
RING = "ring"
COMPACT_AT = 4_000_000


class Verdict(msgspec.Struct, gc=False):
    """A decision on a victim's account, or one that names a ring; `time` in µs, `rank` of its action in `ACTIONS`."""

    account: str
    time: int
    probability: float
    rank: int
    event: str | None
    group: str | None


class Decided(msgspec.Struct):
    """The decisions of a stream: `peaks[i]` is the highest probability on account-day `days[i]` (ascending)."""

    days: NDArray[np.int64]
    peaks: NDArray[np.float64]
    friction: dict[tuple[int, int], int]
    victims: dict[str, list[Verdict]]
    groups: dict[str, list[Verdict]]
    decisions: int
    allowed: int
    strangers: int
    unreadable: files.Unreadable

    @property
    def decided_events(self) -> set[str]:
        """The events decided upon on victims' accounts."""
        return {v.event for own in self.victims.values() for v in own if v.event is not None}

    @property
    def complete(self) -> bool:
        """Whether the file lists every decision, not the alerts alone: it then holds «allow» too."""
        return self.allowed > 0 or self.decisions == 0


class _Peaks:
    """The maximum by account-day, gathered in buffers that are folded when they grow."""

    def __init__(self) -> None:
        self._days, self._values = array("q"), array("d")
        self.days = np.empty(0, dtype=np.int64)
        self.peaks = np.empty(0, dtype=np.float64)

    def add(self, day: int, probability: float) -> None:
        self._days.append(day)
        self._values.append(probability)
        self._fold_when_full()

    def extend(self, days: NDArray[np.int64], probabilities: NDArray[np.float64]) -> None:
        self._days.frombytes(np.ascontiguousarray(days, dtype=np.int64).tobytes())
        self._values.frombytes(np.ascontiguousarray(probabilities, dtype=np.float64).tobytes())
        self._fold_when_full()

    def _fold_when_full(self) -> None:
        if len(self._days) >= COMPACT_AT:
            self.fold()

    def fold(self) -> None:
        days = np.concatenate([self.days, np.frombuffer(self._days, dtype=np.int64)])
        values = np.concatenate([self.peaks, np.frombuffer(self._values, dtype=np.float64)])
        order = np.argsort(days, kind="stable")
        days, values = days[order], values[order]
        if len(days):
            starts = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
            self.days, self.peaks = days[starts], np.maximum.reduceat(values, starts)
        self._days, self._values = array("q"), array("d")


class Gathering:
    """Takes in decisions, one or many at a time, and becomes a `Decided`.

    Memory grows with the account-days that have a decision (16 bytes each), the alerts, and the victims' decisions.
    """

    def __init__(self, world: World) -> None:
        self.accounts = world.accounts
        self.victims: dict[str, list[Verdict]] = {takeover.account: [] for takeover in world.takeovers}
        self.unreadable = files.Unreadable()
        self._groups: dict[str, list[Verdict]] = defaultdict(list)
        self._friction: dict[tuple[int, int], int] = defaultdict(int)
        self._peaks = _Peaks()
        self._count = self._allowed = self._strangers = 0

    def stranger(self, count: int = 1) -> None:
        """Count decisions about accounts that are not in the stream."""
        self._count += count
        self._strangers += count

    def one(self, account: int, verdict: Verdict) -> None:
        """Take in one decision on the account of this number."""
        self._count += 1
        cell = key(account, files.day(verdict.time))
        self._peaks.add(cell, verdict.probability)
        if verdict.rank:
            self._friction[cell, verdict.rank] += 1
        else:
            self._allowed += 1
        self.keep(verdict)

    def many(self, cells: NDArray[np.int64], probabilities: NDArray[np.float64], ranks: NDArray[np.uint8]) -> None:
        """Take in decisions by account-day; those on victims and in rings have to be given to `keep` as well."""
        self._count += len(cells)
        self._peaks.extend(cells, probabilities)
        acted = np.flatnonzero(ranks)
        self._allowed += len(cells) - len(acted)
        for cell, rank in zip(cells[acted].tolist(), ranks[acted].tolist(), strict=True):
            self._friction[cell, rank] += 1

    def keep(self, verdict: Verdict) -> None:
        """Remember a decision if it is on a victim's account or names a ring."""
        if verdict.account in self.victims:
            self.victims[verdict.account].append(verdict)
        if verdict.group is not None and verdict.group.startswith(RING):
            self._groups[verdict.group].append(verdict)

    def finish(self) -> Decided:
        """Everything taken in."""
        self._peaks.fold()
        for own in self.victims.values():
            own.sort(key=lambda verdict: verdict.time)
        return Decided(
            self._peaks.days,
            self._peaks.peaks,
            dict(self._friction),
            self.victims,
            dict(self._groups),
            self._count,
            self._allowed,
            self._strangers,
            self.unreadable,
        )


def read_decided(path: Path, world: World) -> Decided:
    """Read the decisions of a file once."""
    gathering = Gathering(world)
    for decision in files.read([path], files.Decision, gathering.unreadable):
        rank = RANK.get(decision.action)
        if rank is None or not 0.0 <= decision.probability <= 1.0:
            gathering.unreadable.note(str(path), ValueError(f"not a decision: {decision}"))
            continue
        account = world.accounts.get(decision.account)
        if account is None:
            gathering.stranger()
            continue
        time = files.micros(decision.time)
        gathering.one(
            account, Verdict(decision.account, time, decision.probability, rank, decision.event, decision.group)
        )
    return gathering.finish()
