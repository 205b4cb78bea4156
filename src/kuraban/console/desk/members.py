"""Rings and sprays as the alerts tell of them: which there are, who belongs to them, since when.

A group's id is made of what it is, when and what about: `ring-7992.T-20250422`, `spray-20250421-AS14061`.
"""

import re
import sqlite3
from typing import NamedTuple

from kuraban.journal import alerts
from kuraban.journal.alerts import ACKNOWLEDGED, OPEN, STATES, Alert

RING, SPRAY = "ring", "spray"
_RING = re.compile(r"ring-(?P<key>.*)-(?P<day>\d{8})", re.DOTALL)
_SPRAY = re.compile(r"spray-(?P<day>\d{8})-(?P<key>AS(?P<asn>\d{1,10})|unknown-network)")
ORDERS = {"joined": "id", "newest": "id DESC", "loss": "loss DESC, id DESC"}


class Group(NamedTuple):
    """A ring or spray. day: of its naming, UTC. key: the instrument, or the network. asn: of a spray whose network is
    known by number."""

    id: str
    kind: str
    day: str
    key: str
    asn: int | None


class Tally(NamedTuple):
    """A group's members. alerts: by state. loss: expected, of those open. opened, updated: first and last time,
    microseconds since 1970."""

    group: Group
    alerts: dict[str, int]
    loss: float
    opened: int
    updated: int

    @property
    def total(self) -> int:
        """How many alerts there are."""
        return sum(self.alerts.values())

    @property
    def waiting(self) -> int:
        """How many of them nobody has given a verdict on."""
        return self.alerts[OPEN] + self.alerts[ACKNOWLEDGED]


def parsed(name: str) -> Group | None:
    """What a group's id says; None for what is none."""
    ring = _RING.fullmatch(name)
    if ring is not None:
        return Group(name, RING, _day(ring["day"]), ring["key"], None)
    spray = _SPRAY.fullmatch(name)
    if spray is None:
        return None
    return Group(name, SPRAY, _day(spray["day"]), spray["key"], int(spray["asn"]) if spray["asn"] else None)


def _day(digits: str) -> str:
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


def tally(connection: sqlite3.Connection, group: Group) -> Tally | None:
    """One group; None where no alert belongs to it."""
    return next(iter(_tallies(connection, [group])), None)


def waiting(connection: sqlite3.Connection) -> list[Tally]:
    """Groups with alerts nobody has given a verdict on, the gravest first."""
    rows = connection.execute(
        "SELECT ring, state, count(*), sum(loss), min(opened), max(updated) FROM alert"
        " WHERE ring IS NOT NULL AND state IN ('open', 'acknowledged') GROUP BY ring, state"
    ).fetchall()
    found = _gathered(rows)
    return sorted(found, key=lambda each: (-each.loss, each.group.id))


def settled(connection: sqlite3.Connection, but: set[str], most: int, after: int = 0) -> tuple[list[Tally], int]:
    """Groups newest first, `but` those: (a page of them beginning with number `after`, how many there are)."""
    rows = connection.execute(
        "WITH RECURSIVE each (ring) AS (SELECT min(ring) FROM alert WHERE ring IS NOT NULL UNION ALL"
        " SELECT (SELECT min(ring) FROM alert WHERE alert.ring > each.ring) FROM each WHERE each.ring IS NOT NULL)"
        " SELECT ring FROM each WHERE ring IS NOT NULL"
    )
    groups = [group for (name,) in rows if name not in but and (group := parsed(name)) is not None]
    groups.sort(key=lambda each: (each.day, each.id), reverse=True)
    return _tallies(connection, groups[after : after + most]), len(groups)


def _tallies(connection: sqlite3.Connection, groups: list[Group]) -> list[Tally]:
    rows = []
    for group in groups:
        rows += connection.execute(
            "SELECT ring, state, count(*), sum(loss), min(opened), max(updated) FROM alert WHERE ring = ?"
            " GROUP BY state",
            (group.id,),
        ).fetchall()
    return _gathered(rows)


def _gathered(rows: list[tuple[str, str, int, float, int, int]]) -> list[Tally]:
    found: dict[str, Tally] = {}
    for name, state, count, loss, opened, updated in rows:
        group = parsed(name)
        if group is None:
            continue
        old = found.get(name) or Tally(group, dict.fromkeys(STATES, 0), 0.0, opened, updated)
        counted = {**old.alerts, state: count}
        left = old.loss + (loss if state in (OPEN, ACKNOWLEDGED) else 0.0)
        found[name] = Tally(group, counted, left, min(old.opened, opened), max(old.updated, updated))
    return list(found.values())


def joined(connection: sqlite3.Connection, group: Group) -> list[tuple[int, float]]:
    """When each member's alert was opened and what it expects to be lost, in time."""
    rows = connection.execute("SELECT opened, loss FROM alert WHERE ring = ? ORDER BY opened", (group.id,))
    return [(int(opened), float(loss)) for opened, loss in rows]


def page(
    connection: sqlite3.Connection, group: Group, *, order: str, state: str | None, after: int, most: int
) -> list[Alert]:
    """Some members: from number `after` on, in one of `ORDERS`."""
    clause, values = ("", ()) if state is None else (" AND state = ?", (state,))
    rows = connection.execute(
        f"SELECT id FROM alert WHERE ring = ?{clause} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?",  # noqa: S608
        (group.id, *values, most, after),
    ).fetchall()
    return [alerts.get(connection, number) for (number,) in rows]


class GroupAct(NamedTuple):
    """What somebody did about several members at once."""

    at: int
    who: str
    state: str
    why: str
    alerts: int


def acts(connection: sqlite3.Connection, group: Group, most: int = 8) -> list[GroupAct]:
    """What people did last about the first thousand members."""
    rows = connection.execute(
        "SELECT at, who, state, why, count(*) FROM alert_act WHERE alert IN"
        " (SELECT id FROM alert WHERE ring = ? ORDER BY id LIMIT 1000)"
        " GROUP BY at, who, state, why ORDER BY at DESC LIMIT ?",
        (group.id, most),
    )
    return [GroupAct(*row) for row in rows]


def gravest(connection: sqlite3.Connection, group: Group, most: int) -> list[tuple[int, str, int]]:
    """The members with most to lose: each alert's id, account, and when it last changed."""
    rows = connection.execute(
        "SELECT id, account, updated FROM alert WHERE ring = ? ORDER BY loss DESC, id DESC LIMIT ?", (group.id, most)
    )
    return [(int(number), account, int(updated)) for number, account, updated in rows]
