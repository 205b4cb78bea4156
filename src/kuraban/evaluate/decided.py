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
    def complete(self) -> bool:
        """Whether the file lists every decision, not the alerts alone: it then holds «allow» too."""
        return self.allowed > 0 or self.decisions == 0


class _Peaks:
    """The maximum by account-day, gathered in flat buffers that are folded when they grow."""

    def __init__(self) -> None:
        self._days, self._values = array("q"), array("d")
        self.days = np.empty(0, dtype=np.int64)
        self.peaks = np.empty(0, dtype=np.float64)

    def add(self, day: int, probability: float) -> None:
        self._days.append(day)
        self._values.append(probability)
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


def read_decided(path: Path, world: World) -> Decided:
    """Read the decisions once. Memory grows with the account-days that have a decision (16 bytes each)."""
    unreadable = files.Unreadable()
    victims: dict[str, list[Verdict]] = {takeover.account: [] for takeover in world.takeovers}
    groups: dict[str, list[Verdict]] = defaultdict(list)
    friction: dict[tuple[int, int], int] = defaultdict(int)
    peaks = _Peaks()
    count = allowed = strangers = 0
    for decision in files.read([path], files.Decision, unreadable):
        rank = RANK.get(decision.action)
        if rank is None or not 0.0 <= decision.probability <= 1.0:
            unreadable.note(str(path), ValueError(f"not a decision: {decision}"))
            continue
        count += 1
        account = world.accounts.get(decision.account)
        if account is None:
            strangers += 1
            continue
        time = files.micros(decision.time)
        cell = key(account, files.day(time))
        peaks.add(cell, decision.probability)
        if rank:
            friction[cell, rank] += 1
        else:
            allowed += 1
        in_ring = decision.group is not None and decision.group.startswith(RING)
        if in_ring or decision.account in victims:
            verdict = Verdict(decision.account, time, decision.probability, rank, decision.event, decision.group)
            if decision.account in victims:
                victims[decision.account].append(verdict)
            if in_ring and decision.group is not None:
                groups[decision.group].append(verdict)
    peaks.fold()
    for own in victims.values():
        own.sort(key=lambda verdict: verdict.time)
    return Decided(
        peaks.days, peaks.peaks, dict(friction), victims, dict(groups), count, allowed, strangers, unreadable
    )
