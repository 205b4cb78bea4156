"""Alerts: what somebody should look at, one per account while it is open, and what people did about it.

An alert is opened by a decision of challenge or more and gathers the decisions after it. States, and who may follow:

    open → acknowledged → takeover | owner         (also straight from open)
    takeover ↔ owner                                closed, and a verdict can be put right; the next decision opens a
                                                    new alert

A note is an act that leaves the state as it is.
"""

import sqlite3
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from kuraban.core.policy import ACTIONS, CHALLENGE
from kuraban.decisions import Decision

OPEN, ACKNOWLEDGED, TAKEOVER, OWNER = STATES = ("open", "acknowledged", "takeover", "owner")
VERDICTS = {TAKEOVER: "owner.denied", OWNER: "owner.confirmed"}
NEXT = {
    OPEN: (ACKNOWLEDGED, TAKEOVER, OWNER),
    ACKNOWLEDGED: (OPEN, TAKEOVER, OWNER),
    TAKEOVER: (OWNER,),
    OWNER: (TAKEOVER,),
}
COLUMNS = (
    "id, account, state, opened, updated, loss, ring, events, last, decision, action,"
    " (SELECT max(a.id) FROM alert_act a WHERE a.alert = alert.id)"
)


class Alert(NamedTuple):
    """One alert. loss: the highest expected loss so far. ring: of a ring or spray. last: newest event's number.
    decision: the gravest one as JSON. action: the strongest so far, an index of `ACTIONS`. act: number of the newest
    act, None where nobody did anything yet."""

    id: int
    account: str
    state: str
    opened: int
    updated: int
    loss: float
    ring: str | None
    events: int
    last: int
    decision: bytes
    action: int
    act: int | None = None


class Act(NamedTuple):
    """What somebody did about an alert."""

    id: int
    alert: int
    at: int
    who: str
    state: str
    why: str


class IllegalStepError(ValueError):
    """A state that cannot follow the present one; nothing has changed."""


class ChangedError(ValueError):
    """Somebody acted since the alert was looked at; nothing has changed. act: theirs, None where it never was so."""

    def __init__(self, alert: int, act: Act | None):
        super().__init__(f"alert {alert} is not any more as it was looked at")
        self.act = act


class Seen(NamedTuple):
    """An alert as somebody saw it before acting. act: number of its newest act, None for none; -1 where not told."""

    state: str
    act: int | None = -1


def note(connection: sqlite3.Connection, decision: Decision, raw: bytes, seq: int, at: int) -> int | None:
    """Take a decision above allow into account: the alert it opened or joined, None for one too small for that."""
    action = ACTIONS.index(decision.action)
    found = connection.execute(
        "SELECT id, loss, ring FROM alert WHERE account = ? AND state IN ('open', 'acknowledged') ORDER BY id DESC",
        (decision.account,),
    ).fetchone()
    if found is None:
        if action < CHALLENGE:
            return None
        alert = _next(connection, "alert")
        connection.execute(
            "INSERT INTO alert (id, account, state, opened, updated, loss, ring, events, last, decision, action)"
            " VALUES (?, ?, 'open', ?, ?, ?, ?, 1, ?, ?, ?)",
            (alert, decision.account, at, at, decision.expected_loss, decision.group, seq, raw, action),
        )
    else:
        alert = int(found[0])
        # The decision shown is the gravest: the one with the highest expected loss.
        graver = decision.expected_loss >= found[1]
        connection.execute(
            "UPDATE alert SET updated = ?, loss = max(loss, ?), ring = coalesce(?, ring), events = events + 1,"
            " last = ?, decision = CASE WHEN ? THEN ? ELSE decision END, action = max(action, ?) WHERE id = ?",
            (at, decision.expected_loss, decision.group, seq, graver, raw, action, alert),
        )
    connection.execute("INSERT OR IGNORE INTO alert_event VALUES (?, ?)", (alert, seq))
    return alert


def step(
    connection: sqlite3.Connection, alert: int, state: str, who: str, why: str, at: int, seen: Seen | None = None
) -> Alert:
    """Change an alert's state. seen: how it has to be still.

    Raises KeyError for no such alert, `ChangedError`, `IllegalStepError` where the state cannot follow.
    """
    now = get(connection, alert)
    if seen is not None and (seen.state != now.state or seen.act not in (-1, now.act)):
        acts = acts_of(connection, alert)
        raise ChangedError(alert, acts[-1] if acts else None)
    if state not in NEXT[now.state]:
        can = ", ".join(NEXT[now.state])
        raise IllegalStepError(f"alert {alert} is {now.state}; from there it can become {can}")
    return _act(connection, now, state, who, why, at)


def remark(connection: sqlite3.Connection, alert: int, who: str, why: str, at: int, after: int | None = -1) -> Alert:
    """Add a note to an alert, in whatever state. Raises KeyError for no such alert.

    after: number of the newest act that `who` saw, None for none; where he has written the very same since, it was sent
    twice and nothing is added. -1 adds it in any case.
    """
    now = get(connection, alert)
    if after != -1:
        twice = connection.execute(
            "SELECT 1 FROM alert_act WHERE alert = ? AND id > ? AND who = ? AND why = ?", (alert, after or 0, who, why)
        ).fetchone()
        if twice is not None:
            return now
    return _act(connection, now, now.state, who, why, at)


def _act(connection: sqlite3.Connection, alert: Alert, state: str, who: str, why: str, at: int) -> Alert:
    connection.execute("UPDATE alert SET state = ?, updated = ? WHERE id = ?", (state, at, alert.id))
    act = _next(connection, "alert_act")
    connection.execute("INSERT INTO alert_act VALUES (?, ?, ?, ?, ?, ?)", (act, alert.id, at, who, state, why))
    return alert._replace(state=state, updated=at, act=act)


def _next(connection: sqlite3.Connection, table: str) -> int:
    """A number that none has had, removed ones included."""
    row = connection.execute(
        f"UPDATE highest SET number = max(number, (SELECT coalesce(max(id), 0) FROM {table})) + 1 WHERE name = ?"  # noqa: S608
        " RETURNING number",
        (table,),
    ).fetchone()
    return int(row[0])


def get(connection: sqlite3.Connection, alert: int) -> Alert:
    """One alert; raises KeyError."""
    row = connection.execute(f"SELECT {COLUMNS} FROM alert WHERE id = ?", (alert,)).fetchone()  # noqa: S608
    if row is None:
        raise KeyError(alert)
    return Alert(*row)


def events_of(connection: sqlite3.Connection, alert: int, most: int = 1000) -> list[int]:
    """The sequence numbers of the events an alert is about, oldest first."""
    rows = connection.execute("SELECT seq FROM alert_event WHERE alert = ? ORDER BY seq LIMIT ?", (alert, most))
    return [int(seq) for (seq,) in rows]


def acts_of(connection: sqlite3.Connection, alert: int) -> list[Act]:
    """What people did about an alert, oldest first."""
    rows = connection.execute(
        "SELECT id, alert, at, who, state, why FROM alert_act WHERE alert = ? ORDER BY id", (alert,)
    )
    return [Act(*row) for row in rows]


def ranked(
    connection: sqlite3.Connection,
    *,
    state: str = OPEN,
    account: str | None = None,
    ring: str | None = None,
    after: tuple[float, int] | None = None,
    most: int = 50,
) -> list[Alert]:
    """Alerts by expected loss, highest first; `after`: the loss and id of the last one of the page before."""
    clauses, values = ["state = ?"], list[Any]([state])
    for column, value in (("account", account), ("ring", ring)):
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    if after is not None:
        clauses.append("(loss, id) < (?, ?)")
        values.extend(after)
    # Without statistics SQLite would walk through all alerts of a state for those of one account.
    index = "INDEXED BY alert_by_account" if account is not None else ""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM alert {index} WHERE {' AND '.join(clauses)}"  # noqa: S608
        " ORDER BY loss DESC, id DESC LIMIT ?",
        (*values, most),
    )
    return [Alert(*row) for row in rows]


def members(connection: sqlite3.Connection, ring: str) -> list[Alert]:
    """The alerts of a ring or spray that are still open or acknowledged, oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM alert WHERE ring = ? AND state IN ('open', 'acknowledged') ORDER BY id",  # noqa: S608
        (ring,),
    )
    return [Alert(*row) for row in rows]


def groups(connection: sqlite3.Connection, most: int = 100) -> list[tuple[str, int, float]]:
    """Rings and sprays with alerts still open: (group, alerts, expected loss together), gravest first."""
    rows = connection.execute(
        "SELECT ring, sum(alerts), sum(loss) FROM alert_group WHERE state IN ('open', 'acknowledged') AND alerts > 0"
        " GROUP BY ring ORDER BY sum(loss) DESC LIMIT ?",
        (most,),
    )
    return [(ring, int(n), float(loss)) for ring, n, loss in rows]


def feedback(alert: Alert, id: str, ids: list[str], who: str, at: int) -> bytes:
    """The event that tells the engine of a verdict, given at `at` by the alert's newest act. id: the event's own. ids:
    those of the events it is about."""
    kind = VERDICTS[alert.state]
    return msgspec.json.encode(
        {
            "id": id,
            "time": datetime.fromtimestamp(at / 1e6, UTC).isoformat(),
            "account": alert.account,
            "type": kind,
            "about": ids,
            "by": who,
        }
    )
