"""Who else bought what an alert's account bought: the accounts that «other suspicious accounts» speaks of.

The engine counts odd buyers of an instrument before it calls them a ring, and often they never become one. This shows
whom it counts, and whether there is a ring to look at or why not.
"""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from kuraban.console.desk import crowd
from kuraban.console.desk.crowd import Words
from kuraban.console.desk.opened import Entry, Opened
from kuraban.core import instruments
from kuraban.core.signals import ids
from kuraban.core.signals.catalogue import SIGNALS
from kuraban.decisions import Decision
from kuraban.journal.live import Live

RING = SIGNALS[ids.RING].id
ODD = 0.1  # how odd a buyer's session has to be to be listed, 0..1
MOST = 20
NAMED_AT, NAMED_MEMBERS = instruments.NAMED_AT, instruments.NAMED_MEMBERS
_DAY = 86_400_000_000
_DAYS = 6  # how long a buyer is one of the crowd


class Buyer(NamedTuple):
    """Another account. at: when it bought, µs since 1970; odd: how odd its session was, 0..1."""

    account: str
    at: int
    odd: float


class Gathering(NamedTuple):
    """An instrument's buyers. ring: the id of the ring it was named as, None for none (yet)."""

    symbol: str
    words: Words
    ring: str | None
    buyers: list[Buyer]


def is_told(decision: Decision, grave: Opened | None) -> bool:
    """Whether a decision speaks of other suspicious accounts, in its sentences or, taken apart, in its evidence."""
    told = any(reason.signal == RING and reason.weight > 0 for reason in decision.reasons)
    return told or (grave is not None and any(each["signal"] == RING and each["weight"] > 0 for each in grave.signals))


def bought(entries: Iterable[Entry], account: str) -> list[str]:
    """The instruments that an account bought in some events, the newest first."""
    found = [
        entry.event.order.instrument
        for entry in entries
        if entry.event is not None
        and entry.event.account == account
        and entry.event.type == "order.placed"
        and entry.event.order is not None
        and entry.event.order.side == "buy"
        and entry.event.order.instrument is not None
    ]
    return list(dict.fromkeys(found))


def gathered(live: Live, symbols: Iterable[str], account: str) -> list[Gathering]:
    """Of each instrument whose crowd the account is in, the others. Copies what it needs of the live state."""
    code = live.replay.reader.accounts.find(account)
    crowds = live.replay.state.crowds
    found = []
    for symbol in symbols:
        at = live.replay.instruments.interner.find(symbol)
        if at is None or code is None or at >= len(crowds):
            continue
        row = crowds[at]
        if code in row["member"]:
            found.append(
                Gathering(symbol, crowd.instrument(live, symbol), _ring(row, symbol), _buyers(live, row, code))
            )
    return [each for each in found if each.buyers]


def with_page(connection: sqlite3.Connection, ring: str) -> bool:
    """Whether a ring has an alert, and with it a page."""
    return connection.execute("SELECT 1 FROM alert_group WHERE ring = ? AND alerts > 0", (ring,)).fetchone() is not None


def _ring(row: np.void, symbol: str) -> str | None:
    if not row["ring_day"]:
        return None
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(row["ring_day"]))
    return f"ring-{symbol}-{day:%Y%m%d}"


def _buyers(live: Live, row: np.void, code: int) -> list[Buyer]:
    own = int(row["member_at"][row["member"] == code].max())
    near = (row["member"] >= 0) & (row["member"] != code) & (np.abs(row["member_at"] - own) < _DAYS * _DAY)
    chosen = np.flatnonzero(near & (row["odd"] >= ODD))
    chosen = chosen[np.argsort(row["member_at"][chosen])][::-1][:MOST]
    name = live.replay.reader.accounts.name
    return [Buyer(name(int(row["member"][n])), int(row["member_at"][n]), float(row["odd"][n])) for n in chosen]
