"""The alerts somebody works through: filtered, by expected loss, a page at a time; and their sums.

Whatever the filter, a page costs about as much as what it shows: alerts of each state and action lie in the order of
their loss already, and are merged here. Only a search for a word has to look at alerts one by one, so many a page.
"""

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kuraban.core.policy import ACTIONS, HOLD
from kuraban.journal.alerts import ACKNOWLEDGED, COLUMNS, OPEN, OWNER, STATES, Alert

UNDONE = (OPEN, ACKNOWLEDGED)
LOOKED_AT = 2_500  # alerts at most, in one search for a word
_HOUR = 3_600_000_000
_DAY_HOURS = 24


@dataclass(frozen=True)
class Wanted:
    """Which alerts. actions: indexes of `ACTIONS`, () for any; word: what the gravest decision must say somewhere."""

    states: tuple[str, ...] = UNDONE
    actions: tuple[int, ...] = ()
    account: str | None = None
    group: str | None = None
    word: str | None = None


class Page(NamedTuple):
    """Alerts by expected loss, and the (loss, id) after which the next page begins, None at the end.

    looked_at: how many were searched for a word.
    """

    alerts: list[Alert]
    next: tuple[float, int] | None
    looked_at: int


def page(connection: sqlite3.Connection, wanted: Wanted, after: tuple[float, int] | None, most: int) -> Page:
    """One page; `after` is the `next` of the page before."""
    found: list[Alert] = []
    looked_at, last = 0, None
    word = wanted.word.encode() if wanted.word else None
    for alert in _merged(connection, wanted, after):
        if len(found) == most or looked_at == LOOKED_AT:
            return Page(found, last, looked_at)
        last = (alert.loss, alert.id)
        if word is None:
            found.append(alert)
        else:
            looked_at += 1
            if word in alert.decision:
                found.append(alert)
    return Page(found, None, looked_at)


def latest(connection: sqlite3.Connection, most: int) -> list[Alert]:
    """The alerts opened last, whatever has become of them."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM alert ORDER BY id DESC LIMIT ?", (most,)).fetchall()  # noqa: S608
    return [Alert(*row) for row in rows]


def events_of(connection: sqlite3.Connection, alert: int, most: int) -> list[int]:
    """The sequence numbers of the events an alert is about, newest first."""
    rows = connection.execute(
        "SELECT seq FROM alert_event WHERE alert = ? ORDER BY seq DESC LIMIT ?", (alert, most)
    ).fetchall()
    return [int(seq) for (seq,) in rows]


def beginning_with(connection: sqlite3.Connection, start: str, most: int) -> list[str]:
    """Accounts that ever had an alert and whose name begins like this."""
    rows = connection.execute(
        "SELECT DISTINCT account FROM alert WHERE account >= ? AND account < ? ORDER BY account LIMIT ?",
        (start, start + "\U0010ffff", most),
    )
    return [account for (account,) in rows]


def newest(connection: sqlite3.Connection) -> int:
    """The number of the alert opened last, 0 where there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM alert").fetchone()[0])


class Sum(NamedTuple):
    """So many alerts, with so much expected loss together (whole units of the account currency)."""

    alerts: int
    loss: int


@dataclass(frozen=True)
class Money:
    """What is at stake.

    at_risk: alerts nobody has settled. held: those among them whose account was held or locked. stopped: of the
    alerts opened in the last day, those held or locked, without those that turned out to be the owner's own.
    """

    open: Sum
    acknowledged: Sum
    held: Sum
    stopped: Sum

    @property
    def at_risk(self) -> Sum:
        """Open and acknowledged together."""
        return Sum(self.open.alerts + self.acknowledged.alerts, self.open.loss + self.acknowledged.loss)


def money(connection: sqlite3.Connection, now: int) -> Money:
    """The sums. now: microseconds since 1970."""
    undone = _sums(connection, "state IN ('open', 'acknowledged')", ())
    since = now // _HOUR - _DAY_HOURS
    in_order = _sums(connection, "state IN (?, ?, ?) AND hour > ? AND action >= ?", (*_but(OWNER), since, HOLD))
    return Money(
        _added(each for (state, _), each in undone.items() if state == OPEN),
        _added(each for (state, _), each in undone.items() if state == ACKNOWLEDGED),
        _added(each for (_, action), each in undone.items() if action >= HOLD),
        _added(in_order.values()),
    )


def _but(state: str) -> Sequence[str]:
    return [each for each in STATES if each != state]


def _sums(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> dict[tuple[str, int], Sum]:
    rows = connection.execute(
        f"SELECT state, action, sum(alerts), sum(loss) FROM alert_sum WHERE {where} GROUP BY state, action",  # noqa: S608
        values,
    )
    return {(state, action): Sum(alerts, loss) for state, action, alerts, loss in rows}


def _added(sums: Any) -> Sum:
    each = list(sums)
    return Sum(sum(one.alerts for one in each), sum(one.loss for one in each))


def _merged(connection: sqlite3.Connection, wanted: Wanted, after: tuple[float, int] | None) -> Iterator[Alert]:
    parts = [
        _ordered(connection, wanted, state, action, after)
        for state in wanted.states
        for action in (wanted.actions or (None,))
    ]
    return heapq.merge(*parts, key=lambda alert: (-alert.loss, -alert.id))


def _ordered(
    connection: sqlite3.Connection, wanted: Wanted, state: str, action: int | None, after: tuple[float, int] | None
) -> Iterator[Alert]:
    clauses, values = ["state = ?"], list[Any]([state])
    for column, value in (("action", action), ("account", wanted.account), ("ring", wanted.group)):
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    if after is not None:
        clauses.append("(loss, id) < (?, ?)")
        values.extend(after)
    # Without statistics SQLite would walk through all alerts of a state for those of one account.
    index = "INDEXED BY alert_by_account" if wanted.account is not None else ""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM alert {index} WHERE {' AND '.join(clauses)} ORDER BY loss DESC, id DESC",  # noqa: S608
        values,
    )
    for row in rows:
        yield Alert(*row)


def action_indexes(names: Sequence[str]) -> tuple[int, ...]:
    """Names of actions as `Wanted.actions` has them; unknown names are left out."""
    return tuple(ACTIONS.index(name) for name in names if name in ACTIONS)
