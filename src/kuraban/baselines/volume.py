"""Market surveillance by volume: how far today's purchases of a name stand above its usual day, in deviations.

z = (v − μ) / σ with v = ln(1 + bought today so far), μ and σ the exponentially weighted mean and deviation of the
name's earlier days (half-life 20 days, days without a trade counted as 0). The commonplace alert of exchanges and
broker desks; the limit of 3 is convention.
"""

import math

from kuraban.baselines.stream import Event, notional
from kuraban.evaluate.files import day

HALF_LIFE_DAYS = 20.0
FLOOR = 1.0  # smallest deviation, in natural log units: a factor of e is never news
DECAY = 0.5 ** (1 / HALF_LIFE_DAYS)


class _Name:
    """One name's usual day."""

    __slots__ = ("bought", "day", "mean", "square", "weight")

    def __init__(self, today: int) -> None:
        self.day, self.bought = today, 0.0
        self.weight = self.mean = self.square = 0.0

    def roll(self, today: int) -> None:
        """Close the days before `today`."""
        if today <= self.day:
            return
        level = math.log1p(self.bought)
        empty = today - self.day - 1
        self._add(level)
        fade = DECAY**empty
        self.weight = self.weight * fade + (1 - fade) / (1 - DECAY)
        self.mean *= fade
        self.square *= fade
        self.day, self.bought = today, 0.0

    def _add(self, level: float) -> None:
        self.weight = self.weight * DECAY + 1
        self.mean = self.mean * DECAY + level
        self.square = self.square * DECAY + level * level

    def z(self) -> float:
        """Deviations of today above the mean; 0 while there is no earlier day."""
        if not self.weight:
            return 0.0
        mean = self.mean / self.weight
        deviation = math.sqrt(max(0.0, self.square / self.weight - mean * mean))
        return (math.log1p(self.bought) - mean) / max(FLOOR, deviation)


class Volume:
    """Scores purchases by the z-score of their instrument's day, themselves included."""

    alarm: float | None = 3.0

    def __init__(self) -> None:
        self._start: int | None = None
        self._names: dict[str, _Name] = {}

    def observe(self, event: Event, time: int) -> float | None:
        """A name's days are counted from the start of the stream."""
        today = day(time)
        if self._start is None:
            self._start = today
        order = event.order
        if event.type != "order.placed" or order.side != "buy" or order.instrument is None:
            return None
        name = self._names.get(order.instrument)
        if name is None:
            name = self._names[order.instrument] = _Name(self._start)
        name.roll(today)
        name.bought += notional(order)
        return name.z()
