"""The pulse of a running desk: events and decisions of the last hour by second, for people who watch.

It costs a few additions a batch. Beside the counts it remembers what is usual: the share of decisions that ask for more
than a notice, over about the last hundred thousand decisions that are older than ten minutes, so that a surge is not
soon its own normal. All of it is a function of what each second had, which the journal keeps (`kuraban.journal.rates`):
a desk that starts again goes on where it was.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kuraban.core.policy import ACTIONS, CHALLENGE
from kuraban.journal.rates import SECONDS, Rate, Usual

RECENT = 600  # seconds that count as «now» against what is usual
ENOUGH = 1_000  # decisions before anything is called usual
_FADE = 0.99999  # a decision
_EVENTS, _FIRST = 0, 1  # columns: events, then decisions by action


class Share(NamedTuple):
    """How many of the decisions of the last ten minutes were alerts, and what is usual.

    usual: share of decisions, None while too few were seen. expected: alerts among so many decisions at that share.
    """

    decisions: int
    alerts: int
    usual: float | None

    @property
    def now(self) -> float | None:
        """The share of alerts, None without decisions."""
        return self.alerts / self.decisions if self.decisions else None

    @property
    def expected(self) -> float | None:
        """Alerts there would be at the usual share."""
        return None if self.usual is None else self.usual * self.decisions

    @property
    def raised(self) -> bool:
        """Whether there are more than chance gives at the usual share: three standard deviations and three alerts."""
        expected = self.expected
        return expected is not None and self.alerts > expected + 3.0 * expected**0.5 + 3.0


class Series(NamedTuple):
    """Counts in steps of time, None where nothing was counted yet. starts: seconds since 1970; events: of each step;
    actions: decisions by action."""

    starts: list[int]
    step: int
    events: list[int | None]
    actions: dict[str, list[int | None]]


class Pulse:
    """Fed by the thread that makes decisions durable, read by any other. now: seconds since 1970."""

    def __init__(self, now: Callable[[], float] = time.time):
        self._now = now
        self._lock = threading.Lock()
        self._at = self._began = int(now())
        self._counts: NDArray[np.int64] = np.zeros((SECONDS, _FIRST + len(ACTIONS)), dtype=np.int64)
        self._alerts = self._decisions = 0.0  # of what is usual, fading

    def restore(self, rates: Sequence[Rate], began: int) -> None:
        """Go on from what was kept. rates: oldest first. began: the second from which on everything was counted."""
        with self._lock:
            self._began = began
            self._counts[:] = 0
            if rates:
                self._at, self._alerts, self._decisions = rates[-1].usual
                seconds = np.array([rate.second for rate in rates])
                counts = np.array([(rate.events, *rate.actions) for rate in rates])
                fresh = seconds > self._at - SECONDS
                self._counts[seconds[fresh] % SECONDS] = counts[fresh]
            self._advance()

    def add(self, second: int, events: int, actions: Sequence[int]) -> None:
        """A batch is durable: in which second it came, how many events, and decisions by action."""
        with self._lock:
            self._advance()
            self._count(second, events, actions)

    def usual(self) -> Usual:
        """What is usual at present, to be kept."""
        with self._lock:
            self._advance()
            return Usual(self._at, self._alerts, self._decisions)

    def totals(self, seconds: int) -> tuple[int, dict[str, int]]:
        """Events, and decisions by action, of the last whole seconds and the running one."""
        found = self._last(seconds).sum(axis=0).tolist()
        return found[_EVENTS], dict(zip(ACTIONS, found[_FIRST:], strict=True))

    def share(self) -> Share:
        """Alerts among the decisions of the last ten minutes."""
        found = self._last(RECENT).sum(axis=0)[_FIRST:]
        _, alerts, decisions = self.usual()
        usual = alerts / decisions if decisions >= ENOUGH else None
        return Share(int(found.sum()), int(found[CHALLENGE:].sum()), usual)

    def series(self, seconds: int, step: int) -> Series:
        """The last whole steps. seconds: a multiple of `step`."""
        with self._lock:
            self._advance()
            end = self._at // step * step
            rows = self._counts[np.arange(end - min(seconds, SECONDS - step), end) % SECONDS]
        steps = rows.reshape(-1, step, rows.shape[1]).sum(axis=1)
        starts = list(range(end - step * len(steps), end, step))
        before = sum(start + step <= self._began for start in starts)
        columns = [[None] * before + steps[before:, k].tolist() for k in range(steps.shape[1])]
        return Series(starts, step, columns[_EVENTS], dict(zip(ACTIONS, columns[_FIRST:], strict=True)))

    def _last(self, seconds: int) -> NDArray[np.int64]:
        with self._lock:
            self._advance()
            found: NDArray[np.int64] = self._counts[np.arange(self._at - seconds + 1, self._at + 1) % SECONDS]
        return found

    def _count(self, second: int, events: int, actions: Sequence[int]) -> None:
        if self._at - SECONDS < second <= self._at:  # what waited an hour for room on the disk is no news any more
            row = self._counts[second % SECONDS]
            row[_EVENTS] += events
            row[_FIRST:] += actions

    def _advance(self) -> None:
        """Begin the present second; a clock that went back stands still until it has caught up."""
        now = int(self._now())
        gone = min(now - self._at, SECONDS)
        if gone <= 0:
            return
        passed = np.arange(self._at + 1, self._at + 1 + gone)
        left = self._counts[(passed[:RECENT] - RECENT) % SECONDS][:, _FIRST:]
        self._counts[passed % SECONDS] = 0
        self._at = now
        # Second by second, so that it comes out the same however often somebody looks.
        for actions in left[left.any(axis=1)].tolist():
            decisions = sum(actions)
            fade = _FADE**decisions
            self._alerts = self._alerts * fade + sum(actions[CHALLENGE:])
            self._decisions = self._decisions * fade + decisions
