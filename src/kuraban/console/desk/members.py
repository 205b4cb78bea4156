"""Rings and sprays as the alerts tell of them: which there are, who belongs to them, since when.

A group's id is made of what it is, when and what about: `ring-7992.T-20250422`, `spray-20250421-AS14061`.
"""

import re
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from kuraban.core.signals import ids
from kuraban.core.signals.catalogue import SIGNALS
from kuraban.decisions import Decision
from kuraban.journal import alerts
from kuraban.journal.alerts import ACKNOWLEDGED, OPEN, STATES, Alert

RING, SPRAY = "ring", "spray"
_RING = re.compile(r"ring-(?P<key>.*)-(?P<day>\d{8})", re.DOTALL)
_SPRAY = re.compile(r"spray-(?P<day>\d{8})-(?P<key>AS(?P<asn>\d{1,10})|unknown-network)")
_TALLY = "SELECT ring, state, alerts, loss, opened, updated FROM alert_group"
ORDERS = ("joined", "newest", "loss")
# Evidence (nats) above which a success came out of a spray going on there and then. What is carried over from an
# earlier spray, and what a success is told when its spray is named afterwards, never weighs more.
GOING_ON = 4.0
_decision = msgspec.json.Decoder(Decision)


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
    rows = connection.execute(f"{_TALLY} WHERE ring = ?", (group.id,)).fetchall()
    return next(iter(_gathered(rows)), None)


def tallies(connection: sqlite3.Connection) -> tuple[list[Tally], list[Tally]]:
    """Every group: those with alerts nobody has given a verdict on, the gravest first; the others, the newest first."""
    found = _gathered(connection.execute(_TALLY).fetchall())
    waiting = sorted((each for each in found if each.waiting), key=lambda each: (-each.loss, each.group.id))
    settled = sorted((each for each in found if not each.waiting), key=lambda each: (each.updated, each.group.id))
    return waiting, settled[::-1]


def _gathered(rows: list[tuple[str, str, int, int, int, int]]) -> list[Tally]:
    found: dict[str, Tally] = {}
    for name, state, count, loss, opened, updated in rows:
        group = parsed(name)
        if group is None:
            continue
        old = found.get(name) or Tally(group, dict.fromkeys(STATES, 0), 0.0, opened, updated)
        counted = {**old.alerts, state: count}
        left = old.loss + (loss if state in (OPEN, ACKNOWLEDGED) else 0)
        found[name] = Tally(group, counted, left, min(old.opened, opened), max(old.updated, updated))
    return [each for each in found.values() if each.total]


class First(NamedTuple):
    """A group's first member. time: of the event decided on, RFC 3339; spray: how much the spray weighed (nats)."""

    alert: int
    account: str
    time: str
    spray: float


def first(connection: sqlite3.Connection, group: Group) -> First | None:
    """The member that joined first, by the gravest decision about it."""
    row = connection.execute(
        "SELECT id, account, decision FROM alert INDEXED BY alert_by_joining WHERE ring = ?"
        " ORDER BY opened, id LIMIT 1",
        (group.id,),
    ).fetchone()
    if row is None:
        return None
    try:
        decision = _decision.decode(row[2])
    except msgspec.DecodeError:
        return None
    weights = [reason.weight for reason in decision.reasons if reason.signal == SIGNALS[ids.SPRAY].id]
    return First(row[0], row[1], decision.time, max(weights, default=0.0))


def is_alone(tally: Tally, member: First | None) -> bool:
    """Whether a spray is no more than one account's alert: no second one has come, and the account did not log in out
    of a spray going on there and then."""
    return tally.group.kind == SPRAY and tally.total == 1 and (member is None or member.spray <= GOING_ON)


def joined(connection: sqlite3.Connection, group: Group, most: int = 200) -> list[tuple[int, int]]:
    """How many members had joined when: (microseconds since 1970, so many), at most `most` of them."""
    first, last = (
        connection.execute(f"SELECT {which}(opened) FROM alert WHERE ring = ?", (group.id,)).fetchone()[0]  # noqa: S608
        for which in ("min", "max")
    )
    if first is None:
        return []
    step = max(1, -(-(last - first + 1) // most))
    rows = connection.execute(
        "SELECT max(opened), count(*) FROM alert WHERE ring = ? GROUP BY (opened - ?) / ? ORDER BY 1",
        (group.id, first, step),
    )
    count, found = 0, []
    for at, more in rows:
        count += more
        found.append((int(at), count))
    return found


def page(
    connection: sqlite3.Connection, group: Group, *, order: str, state: str | None, after: int, most: int
) -> list[Alert]:
    """Some members: from number `after` on, in one of `ORDERS`."""
    states = STATES if state is None else (state,)
    if order == "loss":
        rows = _by_loss(connection, group, states, most, after)
    else:
        way = "DESC" if order == "newest" else "ASC"
        clause = " AND state = ?" if state is not None else ""
        rows = connection.execute(
            f"SELECT id FROM alert INDEXED BY alert_by_joining WHERE ring = ?{clause}"  # noqa: S608
            f" ORDER BY opened {way}, id {way} LIMIT ? OFFSET ?",
            (group.id, *(states if state is not None else ()), most, after),
        ).fetchall()
    return [alerts.get(connection, row[0]) for row in rows]


def _by_loss(
    connection: sqlite3.Connection, group: Group, states: Sequence[str], most: int, after: int = 0
) -> list[tuple[int, float]]:
    """Alerts by expected loss; each state's are in order already, so that they only have to be merged."""
    part = "SELECT id, loss FROM alert INDEXED BY alert_by_group WHERE ring = ? AND state = ?"
    rows = connection.execute(
        " UNION ALL ".join([part] * len(states)) + " ORDER BY loss DESC, id DESC LIMIT ? OFFSET ?",
        (*(value for state in states for value in (group.id, state)), most, after),
    )
    return rows.fetchall()


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
        " (SELECT id FROM alert WHERE ring = ? ORDER BY opened, id LIMIT 1000)"
        " GROUP BY at, who, state, why ORDER BY at DESC LIMIT ?",
        (group.id, most),
    )
    return [GroupAct(*row) for row in rows]


def gravest(connection: sqlite3.Connection, group: Group, most: int) -> list[tuple[int, str, int]]:
    """The members with most to lose: each alert's id, account, and when it last changed."""
    read = "SELECT id, account, updated FROM alert WHERE id = ?"
    return [connection.execute(read, (number,)).fetchone() for number, _ in _by_loss(connection, group, STATES, most)]
