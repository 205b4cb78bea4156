"""What another policy would have done with the journal, beside what was done."""

import copy
import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from kuraban.core.policy import ACTIONS, CHALLENGE
from kuraban.journal import store
from kuraban.journal.friction import Point, Sweep
from kuraban.journal.live import Live
from kuraban.journal.runs import policy_at
from kuraban.journal.snapshots import Snapshots

_BATCH = 16_384


class Side(msgspec.Struct):
    """One policy over a stretch of the journal.

    actions: decisions by action. accounts: those challenged, held or locked. cost: expected, of the actions taken, by
    that policy's own prices. stopped: acts held or locked; their exposure together (account currency).
    """

    actions: dict[str, int]
    accounts: int
    cost: float
    stopped: int
    exposure_stopped: float


class Comparison(msgspec.Struct):
    """Both sides over the same events. changed: `then/now` → how many decisions. was: friction against loss as it was;
    sweep: as it would be, were friction dearer or cheaper."""

    events: int
    then: Side
    now: Side
    changed: dict[str, int]
    was: Point
    sweep: list[Point]


class _Tally:
    def __init__(self) -> None:
        self.actions: Counter[int] = Counter()
        self.accounts: set[int] = set()
        self.cost = self.exposure = 0.0
        self.stopped = 0

    def add(self, rows: NDArray[Any]) -> None:
        action = rows["action"]
        for code, n in enumerate(np.bincount(action, minlength=len(ACTIONS)).tolist()):
            self.actions[code] += n
        self.accounts.update(rows["account"][action >= CHALLENGE].tolist())
        self.cost += float(np.take_along_axis(rows["cost"], action[:, None].astype(np.int64), 1).sum())
        stopped = action > CHALLENGE
        self.stopped += int(stopped.sum())
        self.exposure += float(rows["exposure"][stopped].sum())

    def side(self) -> Side:
        actions = {name: self.actions[code] for code, name in enumerate(ACTIONS)}
        return Side(actions, len(self.accounts), round(self.cost), self.stopped, round(self.exposure))


def backtest(
    connection: sqlite3.Connection,
    snapshots: Snapshots,
    make: Callable[[], Live],
    policy: np.ndarray,
    since: int,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Comparison:
    """Decide anew on everything that came at `since` (microseconds) or later, from the state of then.

    Raises `JournalError` where the journal is damaged.
    """
    start = connection.execute("SELECT min(first) FROM block WHERE received >= ?", (since,)).fetchone()[0]
    oldest, end = store.bounds(connection)
    begin = end if start is None else int(start)
    live = snapshots.load(make, [], until=begin)
    if live is None:
        live = make()
        live.next = oldest
    policies = store.policies(connection)
    live.catch_up(connection, policies, lambda done: progress(done, end - oldest), until=begin)
    replay = copy.copy(live.replay)
    replay.policy = policy
    then, now, changed, events = _Tally(), _Tally(), Counter[str](), 0
    was, sweep = Sweep(None), Sweep()
    for first, lines, recorded in _runs(connection, begin):
        rows = live.replay.reader.line_rows(b"\n".join(lines), lambda ids: np.ones(len(ids), dtype=np.bool_))
        decided = replay.decide(rows.batch)
        then.add(recorded)
        now.add(decided)
        deciding = policy_at(policies, first)
        was.add(recorded, policy if deciding is None else deciding.load())
        sweep.add(decided, policy)
        _compare(recorded, decided, changed)
        events += len(lines)
        progress(begin - oldest + events, end - oldest)
    return Comparison(events, then.side(), now.side(), dict(sorted(changed.items())), was.points()[0], sweep.points())


def _runs(connection: sqlite3.Connection, first: int) -> Any:
    """Lines with the decisions recorded for them, some thousand at a time, after the number of the first of them; `row`
    counts within the run."""
    lines: list[bytes] = []
    parts: list[NDArray[Any]] = []
    at = first
    for block in store.blocks(connection, first):
        rows = block.decisions.copy()
        rows["row"][rows["row"] >= 0] += len(lines)
        lines.extend(block.lines)
        parts.append(rows)
        if len(lines) >= _BATCH:
            yield at, lines, np.concatenate(parts)
            at += len(lines)
            lines, parts = [], []
    if lines:
        yield at, lines, np.concatenate(parts)


def _compare(then: NDArray[Any], now: NDArray[Any], changed: Counter[str]) -> None:
    before = dict(then[then["row"] >= 0][["row", "action"]].tolist())
    for row, action in now[now["row"] >= 0][["row", "action"]].tolist():
        old = before.get(row, 0)
        if old != action:
            changed[f"{ACTIONS[old]}/{ACTIONS[action]}"] += 1
