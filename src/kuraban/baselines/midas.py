"""MIDAS-R on two streams of edges: account → instrument (purchases) and address → account (logins).

Bhatia, Hooi, Yoon, Shin, Faloutsos: «MIDAS: Microcluster-Based Detector of Anomalies in Edge Streams» (AAAI 2020).
With a the count in the current tick (decayed by α from tick to tick), s the count so far and t the tick:

  score(a, s, t) = (a − s/t)² t² / (s (t − 1)),  0 at t = 1 and where a < s/t;  MIDAS-R: max of edge, source, target

Ticks are hours, α = 0.6 as in the authors' program. Counts are exact, where the authors use a count-min sketch: no
collisions, which can only help it.
"""

from collections.abc import Hashable

from kuraban.baselines.stream import HOUR, Event

ALPHA = 0.6


class Edges:
    """One stream of edges."""

    def __init__(self) -> None:
        self._current: dict[Hashable, tuple[int, float]] = {}
        self._total: dict[Hashable, float] = {}

    def _count(self, key: Hashable, tick: int) -> float:
        at, value = self._current.get(key, (tick, 0.0))
        current = value * ALPHA ** max(0, tick - at) + 1
        total = self._total.get(key, 0.0) + 1
        self._current[key], self._total[key] = (max(at, tick), current), total
        if tick <= 1 or current * tick < total:
            return 0.0
        return (current - total / tick) ** 2 * tick * tick / (total * (tick - 1))

    def add(self, source: str, target: str, tick: int) -> float:
        """Count one edge at tick 1, 2, … and score it."""
        return max(
            self._count((source, target), tick), self._count(("source", source), tick), self._count((target,), tick)
        )


class Midas:
    """Scores purchases and logins; failed logins are edges too. It publishes no limit."""

    alarm: float | None = None

    def __init__(self) -> None:
        self._start: int | None = None
        self._purchases, self._logins = Edges(), Edges()

    def observe(self, event: Event, time: int) -> float | None:
        """The score of the event's edge."""
        hour = time // HOUR
        if self._start is None:
            self._start = hour
        tick = max(1, hour - self._start + 1)
        if event.type == "order.placed" and event.order.side == "buy" and event.order.instrument:
            return self._purchases.add(event.account, event.order.instrument, tick)
        if event.type in ("login.succeeded", "login.failed") and event.client.ip:
            score = self._logins.add(event.client.ip, event.account, tick)
            return score if event.type == "login.succeeded" else None
        return None
