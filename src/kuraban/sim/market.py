"""Prices: a path for every instrument that orders push, and the days on which many owners do the same thing.

The path of an instrument is only advanced when somebody asks for its price; questions come in time order.
"""

import math
from itertools import accumulate
from typing import NamedTuple

from kuraban.sim import times
from kuraban.sim.draws import Draws
from kuraban.sim.instruments import Instrument, draw_instruments
from kuraban.sim.parameters import World

_MINUTES_A_DAY = 330.0  # of trading
_DECAY_MS = 40.0 * times.MINUTE  # half of an order's push is gone after about this long


class Crowd(NamedTuple):
    """Many owners turn to one instrument on the same days."""

    kind: str  # news tip benefit listing takeover_bid circle
    instrument: int
    first_day: int
    days: int
    start: int  # milliseconds after midnight at which it begins
    share: float  # of all accounts, on the first day
    side: str
    drift: float  # what the news does to the price, as a log return


class Market:
    """Prices of one world."""

    def __init__(self, world: World, first_day: int, days: int, account_count: int) -> None:
        draws = world.draws(1)
        self.instruments: list[Instrument] = draw_instruments(draws, world["volatility"])
        self.impact = world["impact"]
        self._draws = draws
        count = len(self.instruments)
        self._log = [math.log(i.price) for i in self.instruments]
        self._push = [0.0] * count
        self._asked = [times.midnight(first_day)] * count
        self._previous = [i.price for i in self.instruments]
        self._previous_day = [first_day] * count
        self._mood: dict[int, float] = {}
        self.by_segment: dict[str, list[int]] = {}
        for n, each in enumerate(self.instruments):
            self.by_segment.setdefault(each.segment, []).append(n)
        shares = [n for n, each in enumerate(self.instruments) if each.segment in ("prime", "standard", "growth")]
        self.tokyo = shares
        self.attention = {
            "tokyo": self._sums(shares, 0.55),
            "hongkong": self._sums(self.by_segment["hongkong"], 0.4),
            "newyork": self._sums(self.by_segment["newyork"], 0.6),
        }
        self.pools = {"tokyo": shares, "hongkong": self.by_segment["hongkong"], "newyork": self.by_segment["newyork"]}
        self.cheap = [n for n in shares if 40 <= self.instruments[n].price <= 350 and self.instruments[n].adv < 80e6]
        self.crash_days = self._draw_crashes(world, first_day, days)
        self.crowds = self._draw_crowds(world, first_day, days)
        self.crowds += self._draw_circles(world, first_day, days, account_count)
        self.crowds.sort(key=lambda c: c.first_day)

    def _sums(self, pool: list[int], power: float) -> list[float]:
        return list(accumulate(self.instruments[n].adv ** power for n in pool))

    def _draw_crashes(self, world: World, first_day: int, days: int) -> dict[int, float]:
        crashes = {}
        for _ in range(self._draws.poisson(world["crashes"] * days / 40)):
            day = times.business_after(first_day + self._draws.integer(2, max(3, days - 1)) - 1)
            crashes[day] = self._draws.between(-0.12, -0.035)
        return crashes

    def _draw_crowds(self, world: World, first_day: int, days: int) -> list[Crowd]:
        crowds = []
        for _ in range(self._draws.poisson(world["crowds"] * days / 40)):
            kind = self._draws.weighted(("news", "tip", "benefit", "listing", "takeover_bid"), (5, 3, 2, 2, 1))
            pool = self.cheap if kind == "tip" else [n for n in self.tokyo if self.instruments[n].adv < 300e6]
            day = times.business_after(first_day + self._draws.integer(0, max(1, days - 1)) - 1)
            share = min(0.03, self._draws.lognormal(world["crowd_size"], 0.7))
            early = kind in ("news", "takeover_bid") and self._draws.chance(0.6)
            start = self._draws.between(5, 8) if early else self._draws.between(9, 14)
            drift = self._draws.between(0.05, 0.35) * (0.3 if kind == "benefit" else 1.0)
            side = "sell" if kind == "takeover_bid" else "buy"
            length = 1 if kind == "listing" else self._draws.integer(1, 3)
            chosen = self._draws.pick(self.by_segment["growth"] if kind == "listing" else pool)
            if kind == "listing":
                self.instruments[chosen].listed = day
            crowds.append(Crowd(kind, chosen, day, length, int(start * times.HOUR), share, side, drift))
        return crowds

    def _draw_circles(self, world: World, first_day: int, days: int, account_count: int) -> list[Crowd]:
        """Small groups whose chat names a thin share: a few owners buy it within minutes, of their own will."""
        circles = []
        for _ in range(self._draws.poisson(world["circles"] * days / 40 * account_count / 20_000)):
            day = times.business_after(first_day + self._draws.integer(0, max(1, days - 1)) - 1)
            pool = self.by_segment["hongkong"] if self._draws.chance(0.2) else self.cheap
            share = self._draws.between(6, 30) / account_count
            start = int(self._draws.between(9, 14.5) * times.HOUR)
            circles.append(Crowd("circle", self._draws.pick(pool), day, 1, start, share, "buy", 0.0))
        return circles

    def choose(self, draws: Draws, pool: str) -> int:
        """An instrument by the attention it draws: the more it trades, the likelier."""
        return draws.cumulative(self.pools[pool], self.attention[pool])

    def crowds_on(self, day: int) -> list[tuple[Crowd, float]]:
        """The crowds of a day with the share of accounts that join."""
        return [
            (c, c.share * 0.4 ** (day - c.first_day)) for c in self.crowds if c.first_day <= day < c.first_day + c.days
        ]

    def _market_return(self, day: int) -> float:
        if day not in self._mood:
            move = self._draws.normal(0.0003, 0.009)
            self._mood[day] = move + self.crash_days.get(day, 0.0)
        return self._mood[day]

    def _advance(self, n: int, time: int) -> None:
        each = self.instruments[n]
        day = times.day_at(time)
        last_day = self._previous_day[n]
        if day > last_day:
            self._previous[n] = math.exp(self._log[n] + self._push[n])
            gone = min(day - last_day, 40)
            move = self._draws.normal(0.0, each.volatility * 0.6 * math.sqrt(gone))
            for skipped in range(day - gone + 1, day + 1):
                if times.is_business(skipped):
                    move += each.beta * self._market_return(skipped)
            for crowd in self.crowds:
                if crowd.instrument == n and last_day < crowd.first_day <= day:
                    move += crowd.drift
            self._log[n] += move
            self._push[n] *= 0.3
            self._previous_day[n] = day
        elapsed = max(0, time - self._asked[n])
        minutes = min(elapsed / times.MINUTE, _MINUTES_A_DAY)
        if minutes > 0.0:
            self._log[n] += self._draws.normal(0.0, each.volatility * 0.8 * math.sqrt(minutes / _MINUTES_A_DAY))
            kept = 0.5 + 0.5 * math.exp(-elapsed / _DECAY_MS)
            self._push[n] *= kept
            self._asked[n] = time

    def price(self, n: int, time: int) -> float:
        """The last price at this moment, on its tick and within the day's limits."""
        self._advance(n, time)
        each = self.instruments[n]
        low, high = each.band(self._previous[n])
        return each.on_tick(min(high, max(low, math.exp(self._log[n] + self._push[n]))))

    def limits(self, n: int) -> tuple[float, float]:
        """The lowest and highest price of the day last asked about."""
        each = self.instruments[n]
        low, high = each.band(self._previous[n])
        return each.on_tick(low), each.on_tick(high)

    def trade(self, n: int, side: str, notional: float) -> None:
        """Let an execution push the price: a square-root law of its share in a day's volume."""
        each = self.instruments[n]
        if math.isnan(each.adv):
            return
        push = self.impact * each.volatility * math.sqrt(notional / each.adv)
        push = min(push, 0.12)
        self._push[n] += push if side == "buy" else -push

    def value(self, n: int, quantity: float, time: int) -> int:
        """JPY that a quantity is worth now."""
        return round(quantity * self.price(n, time) * self.instruments[n].unit)
