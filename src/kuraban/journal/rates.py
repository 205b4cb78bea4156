"""How many events and decisions each second of the last hour had, kept in the transaction that makes them durable.

Whoever watches the desk has to see the same figures after a crash as before it. To count them again would mean to read
an hour of the journal, at full load some ten million events; instead every commit adds to one row. The rows are a ring
of an hour: a second takes the place of the one an hour before it, so that the table never grows and is read in
milliseconds. What is usual is older than an hour and stands, as it was then, beside each second.

Functions over a connection; none begins or ends a transaction.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from kuraban.core.policy import ACTIONS
from kuraban.journal import store

SECONDS = 3_600  # that are kept
_SINCE = "rates_since"  # the fact that says from which second on there are counts
_COUNTS = ("events", *ACTIONS)
_ADD = (
    f"INSERT INTO rate (slot, second, as_of, usual_alerts, usual_decisions, {', '.join(_COUNTS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * (5 + len(_COUNTS)))}) ON CONFLICT (slot) DO UPDATE SET second = excluded.second,"
    " as_of = excluded.as_of, usual_alerts = excluded.usual_alerts, usual_decisions = excluded.usual_decisions, "
    + ", ".join(f"{name} = excluded.{name} + iif(second = excluded.second, {name}, 0)" for name in _COUNTS)
)


class Usual(NamedTuple):
    """Alerts among decisions, both fading, of all seconds up to ten minutes before `as_of` (seconds since 1970)."""

    as_of: int
    alerts: float
    decisions: float


class Rate(NamedTuple):
    """What a second had. second: since 1970. actions: decisions by action. usual: as known when it was written."""

    second: int
    events: int
    actions: Sequence[int]
    usual: Usual


def add(connection: sqlite3.Connection, rate: Rate) -> None:
    """Add to what a second had. Seconds come in their order."""
    at = rate.second % SECONDS, rate.second
    connection.execute(_ADD, (*at, *rate.usual, rate.events, *rate.actions))


def kept(connection: sqlite3.Connection) -> list[Rate]:
    """The seconds that had something, oldest first."""
    rows = connection.execute(
        f"SELECT second, as_of, usual_alerts, usual_decisions, {', '.join(_COUNTS)} FROM rate ORDER BY second"  # noqa: S608
    )
    return [Rate(row[0], row[4], row[5:], Usual(*row[1:4])) for row in rows]


def since(connection: sqlite3.Connection, now: int) -> int:
    """The second from which on everything is counted: this one, where nothing ever was."""
    found = store.fact(connection, _SINCE)
    if found is None:
        store.set_fact(connection, _SINCE, found := str(now))
    return int(found)
