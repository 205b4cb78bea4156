"""The page *Ring*: accounts that suddenly buy one instrument, who joined when, what they share, and what they paid.

Kuraban sees the orders of one broker and no market: normal is what its reference table and its own memory of the
instrument say, and the page says which figures are whose.
"""

import math
from collections import Counter
from typing import Any, NamedTuple

from starlette.responses import Response

from kuraban.console.desk import common, crowd, study
from kuraban.console.desk.facts import Trade
from kuraban.console.desk.members import Group
from kuraban.console.desk.seat import Visit
from kuraban.journal.live import Live
from kuraban.journal.writer import Job
from kuraban.reference.instruments import CURRENCIES

_HOUR = 3_600_000_000


class Normal(NamedTuple):
    """What is usual of an instrument. adv: average daily traded value, JPY; listed: price of the reference table;
    average: slow average of the prices traded at this broker, instrument currency. NaN is unknown. currency: ISO 4217,
    "" where it is not known."""

    adv: float
    listed: float
    average: float
    currency: str = ""


async def page(visit: Visit, group: Group) -> Response:
    """The page, or (for htmx) the part of it that takes longer to find out."""
    found = await crowd.gathered(visit, group)
    live = visit.service.ready().live
    looked = await study.of(visit.service, group)
    normal = await visit.service.call(lambda live: _normal(live, group.key))
    trades = looked.trades()
    return visit.page(
        "ring.html",
        group=group,
        title=crowd.title(live, group),
        members=found,
        zone=visit.service.options.timezone,
        study=looked,
        shared=common.shared(looked, live),
        kinds=common.KINDS,
        normal=normal,
        trades=trades,
        bought=_total(trades, "buy"),
        sold=_total(trades, "sell"),
        prices=prices(trades, normal),
        volumes=volumes(trades),
        dearest=max((trade.price for trade in trades if trade.price), default=None),
    )


def _normal(live: Live, symbol: str) -> tuple[Normal, Job | None]:
    """Read by the engine's thread, which alone may look at its own memory."""
    code = live.replay.instruments.interner.find(symbol)
    if code is None:
        return Normal(math.nan, math.nan, math.nan), None
    table, crowds = live.replay.instruments.table, live.replay.state.crowds
    row = table[code] if code < len(table) else None
    memory = crowds[code]["price"] if code < len(crowds) and crowds[code]["priced"] else math.nan
    listed = (float(row["adv"]), float(row["price"])) if row is not None else (math.nan, math.nan)
    currency = int(row["currency"]) if row is not None else 0
    return Normal(*listed, float(memory), CURRENCIES[currency - 1] if 0 < currency <= len(CURRENCIES) else ""), None


def _total(trades: list[Trade], side: str) -> float:
    return sum(trade.notional or 0.0 for trade in trades if trade.side == side)


def prices(trades: list[Trade], normal: Normal) -> dict[str, Any]:
    """Each order's price in time, beside the prices that were usual."""
    priced = [trade for trade in trades if trade.price]
    usual = {"average": normal.average, "listed": normal.listed}
    flat = {name: None if math.isnan(value) or not value else value for name, value in usual.items()}
    return {
        "x": [trade.at / 1e6 for trade in priced],
        "prices": [trade.price for trade in priced],
        "average": [flat["average"]] * len(priced),
        "listed": [flat["listed"]] * len(priced),
    }


def volumes(trades: list[Trade]) -> dict[str, Any]:
    """What was bought in each hour, from before the first to after the last (account currency)."""
    hours: Counter[int] = Counter()
    for trade in trades:
        if trade.side == "buy":
            hours[trade.at // _HOUR] += round(trade.notional or 0.0)
    if not hours:
        return {"x": [], "values": []}
    # Of a ring that goes on for long, the newest fortnight.
    span = range(max(min(hours), max(hours) - 24 * 14) - 1, max(hours) + 2)
    return {"x": [hour * 3600 for hour in span], "values": [hours[hour] for hour in span]}
