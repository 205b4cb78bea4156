"""Putting a nearly ordered stream in order, at most `lateness` behind it.

Let the watermark be the latest time of any event so far, less the lateness.

- An event that is not behind the watermark waits until the watermark has passed it. Such events leave in the order
  of (time, arrival).
- An event behind the watermark is a straggler: of an account that came late as a whole (a file sorted by account),
  or really late. It is taken if it is not behind its own account's watermark, and nothing later of its account has
  left. It waits until its account's watermark has passed it, or a later event of its account is about to leave.
- Any other event is late, and rejected.

What leaves, and in which order, depends on the sequence of events alone: never on where batches end.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core.jit import jit

I64 = NDArray[np.int64]

_NEVER = np.iinfo(np.int64).min // 2
# What became of an event: it waits for the watermark, it waits for its account, it has left, it was late.
WAITS, STRAGGLES, LEFT, LATE = 0, 1, 2, 3
_NOT_ARRIVED = 4


@jit
def _in_order(times: I64, accounts: Any, first: int, latest: int, lateness: int, marks: I64) -> int:
    """Note the new events' times with their accounts; the latest time, or `_NEVER` where one of them straggles."""
    newest = latest
    for k in range(first, len(times)):
        newest = max(newest, times[k])
        if times[k] < newest - lateness:
            return _NEVER
    for k in range(first, len(times)):
        account = accounts[k]
        marks[account, 0] = max(marks[account, 0], times[k])
    return newest


@jit
def _note_left(times: I64, accounts: Any, order: I64, marks: I64) -> None:
    for i in range(len(order)):
        marks[accounts[order[i]], 1] = times[order[i]]


@jit
def _hold(k: int, times: I64, account: int, ends: I64, following: I64) -> None:
    """Put straggler k where it belongs in its account's list, which is ordered by (time, arrival)."""
    following[k] = -1
    head, tail = ends[account, 0], ends[account, 1]
    if head < 0:
        ends[account, 0] = ends[account, 1] = k
    elif times[tail] <= times[k]:
        following[tail] = k
        ends[account, 1] = k
    elif times[k] < times[head]:
        following[k] = head
        ends[account, 0] = k
    else:
        before = head
        while times[following[before]] <= times[k]:
            before = following[before]
        following[k] = following[before]
        following[before] = k


@jit
def _let_go(
    until: int, account: int, times: I64, ends: I64, following: I64, marks: I64, fate: Any, left: I64, n: int
) -> int:
    """Let an account's stragglers of before `until` leave; how many events have left by now."""
    k = ends[account, 0]
    while k >= 0 and times[k] < until:
        fate[k] = LEFT
        left[n] = k
        n += 1
        marks[account, 1] = max(marks[account, 1], times[k])
        k = following[k]
    ends[account, 0] = k
    if k < 0:
        ends[account, 1] = -1
    return n


@jit
def _one_by_one(
    times: I64,
    accounts: Any,
    first: int,
    sorted_rows: I64,
    latest: int,
    lateness: int,
    marks: I64,
    ends: I64,
    fate: Any,
    left: I64,
) -> tuple[int, int]:
    """The rules as they stand, event after event: (how many left, the latest time)."""
    following = np.full(len(times), -1, dtype=np.int64)
    for k in range(first):
        if fate[k] == STRAGGLES:
            _hold(k, times, accounts[k], ends, following)
    n = 0
    at = 0
    for k in range(first, len(times)):
        time, account = times[k], accounts[k]
        if time >= latest - lateness:
            latest = max(latest, time)
            fate[k] = WAITS
        elif time >= marks[account, 0] - lateness and time >= marks[account, 1]:
            fate[k] = STRAGGLES
            _hold(k, times, account, ends, following)
        else:
            fate[k] = LATE
            continue
        if time > marks[account, 0]:
            marks[account, 0] = time
            n = _let_go(time - lateness, account, times, ends, following, marks, fate, left, n)
        # What comes next in order, has not arrived and yet is behind the watermark will be a straggler: pass it by.
        while at < len(times) and times[sorted_rows[at]] < latest - lateness:
            row = sorted_rows[at]
            at += 1
            if fate[row] == WAITS:
                n = _let_go(latest, accounts[row], times, ends, following, marks, fate, left, n)
                fate[row] = LEFT
                left[n] = row
                n += 1
                marks[accounts[row], 1] = times[row]
    for i in range(len(times)):  # the lists are made anew from what is held
        ends[accounts[i], 0] = -1
        ends[accounts[i], 1] = -1
    return n, latest


class Lateness:
    """The watermarks. lateness: microseconds, 0 for taking the stream as it comes."""

    def __init__(self, lateness: int):
        self._lateness = lateness
        self._latest = _NEVER
        self._marks = np.full((0, 2), _NEVER, dtype=np.int64)  # each account's latest time, and that of what left
        self._ends = np.full((0, 2), -1, dtype=np.int64)
        self._straggling = np.zeros(0, dtype=np.uint8)  # of what is held: WAITS or STRAGGLES

    @property
    def held(self) -> int:
        """How many events wait; they are the first ones of the next call."""
        return len(self._straggling)

    def sort(self, rows: NDArray[Any], accounts: int) -> tuple[I64, I64, I64]:
        """Which rows leave, which stay, which are late; the first two in the order they are to be kept.

        rows: EVENT[n], the ones that stayed the last time and then the new ones in the order they came.
        accounts: how many accounts there are by now.
        """
        if self._lateness == 0:
            return np.arange(len(rows)), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._know(accounts)
        times = np.ascontiguousarray(rows["time"])
        names = np.ascontiguousarray(rows["account"])
        order = _time_order(times)
        if not self._straggling.any():
            newest = int(_in_order(times, names, self.held, self._latest, self._lateness, self._marks))
            if newest != _NEVER:
                self._latest = newest
                split = int(np.searchsorted(times[order], newest - self._lateness, "left"))
                _note_left(times, names, order[:split], self._marks)
                self._straggling = np.zeros(len(order) - split, dtype=np.uint8)
                return order[:split], order[split:], np.zeros(0, dtype=np.int64)
        return self._sort_stragglers(times, names, order)

    def _sort_stragglers(self, times: I64, names: NDArray[Any], order: I64) -> tuple[I64, I64, I64]:
        fate = np.full(len(times), _NOT_ARRIVED, dtype=np.uint8)
        fate[: self.held] = self._straggling
        left = np.empty(len(times), dtype=np.int64)
        n, latest = _one_by_one(
            times, names, self.held, order, self._latest, self._lateness, self._marks, self._ends, fate, left
        )
        self._latest = int(latest)
        stays = order[fate[order] <= STRAGGLES]
        self._straggling = fate[stays]
        return left[:n], stays, np.flatnonzero(fate == LATE)

    def flush(self, rows: NDArray[Any]) -> I64:
        """All that is held, in the order of (time, arrival), which nothing may fall behind any more."""
        order: I64 = np.lexsort((rows["seq"], rows["time"]))
        if self._lateness:
            _note_left(np.ascontiguousarray(rows["time"]), np.ascontiguousarray(rows["account"]), order, self._marks)
        self._straggling = np.zeros(0, dtype=np.uint8)
        return order

    def _know(self, accounts: int) -> None:
        if accounts > len(self._marks):
            more = max(accounts, 2 * len(self._marks)) - len(self._marks)
            self._marks = np.concatenate((self._marks, np.full((more, 2), _NEVER, dtype=np.int64)))
            self._ends = np.concatenate((self._ends, np.full((more, 2), -1, dtype=np.int64)))

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything there is to go on from here."""
        return {
            "latest": np.array([self._latest, self._lateness], dtype=np.int64),
            "marks": self._marks.copy(),
            "straggling": self._straggling.copy(),
        }

    def restore(self, arrays: dict[str, NDArray[Any]], held: int) -> None:
        """Become what gave `state`; raises ValueError where that had another lateness or other events held."""
        if int(arrays["latest"][1]) != self._lateness:
            raise ValueError("the state was saved with another lateness")
        if len(arrays["straggling"]) != held:
            raise ValueError("the state does not fit the events it holds")
        self._latest = int(arrays["latest"][0])
        self._marks = arrays["marks"].astype(np.int64)
        self._ends = np.full(self._marks.shape, -1, dtype=np.int64)
        self._straggling = arrays["straggling"].astype(np.uint8)


def _time_order(times: I64) -> I64:
    """A stable order by time; what is held comes before what is new, so equal times stay in order of arrival."""
    if (times[1:] >= times[:-1]).all():
        return np.arange(len(times))
    return np.argsort(times, kind="stable")
