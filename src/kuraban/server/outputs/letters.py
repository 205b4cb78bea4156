"""Dead letters: messages that were given up, listed and sent again, one or all of a receiver."""

import sqlite3
from collections.abc import Set
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kuraban.server.service import Service

AT_ONCE = 2000  # sent again in one transaction: decisions wait while it lasts


class Letter(NamedTuple):
    """A message that was given up. made: µs."""

    id: int
    target: str
    made: int
    state: str
    tries: int
    problem: str


def targets(connection: sqlite3.Connection) -> list[str]:
    """Whom there are messages to, looked up one after the other, however many messages there are."""
    rows = connection.execute(
        "WITH RECURSIVE each (name) AS (SELECT min(target) FROM message UNION ALL"
        " SELECT (SELECT min(target) FROM message WHERE target > each.name) FROM each WHERE each.name IS NOT NULL)"
        " SELECT name FROM each WHERE name IS NOT NULL"
    )
    return [name for (name,) in rows]


def dead(
    connection: sqlite3.Connection, most: int, before: int | None = None, target: str | None = None
) -> list[Letter]:
    """Dead letters, newest first. before: those below a number. target: those to one receiver."""
    found: list[Letter] = []
    for name in [target] if target is not None else targets(connection):
        rows = connection.execute(
            "SELECT id, target, made, state, tries, problem FROM message WHERE target = ? AND state = 'dead' AND id < ?"
            " ORDER BY id DESC LIMIT ?",
            (name, before if before is not None else 2**63 - 1, most),
        )
        found += map(Letter._make, rows)
    return sorted(found, reverse=True)[:most]


async def again(service: "Service", number: int, who: str, by: str) -> bool:
    """Send a dead (or delivered) message once more, audited; False where there is none."""
    trail, now, polled = service.ready().trail, service.clock.now(), _polled(service)

    def job(connection: sqlite3.Connection) -> bool:
        found = connection.execute("SELECT target FROM message WHERE id = ?", (number,)).fetchone()
        if found is None or not _due_again(connection, "id = ?", (number,), found[0] in polled, ("dead", "sent")):
            return False
        trail.add(now, "message-again", who, {"message": number, "target": found[0], "by": by})
        return True

    sent = await service.write(job)
    service.outbox.ring_now()
    return sent


async def all_again(service: "Service", target: str, who: str, by: str) -> int:
    """Send every dead letter of a receiver once more, oldest first, in parts, each audited; how many there were."""
    trail, polled = service.ready().trail, _polled(service)
    # What dies again meanwhile is left for another time, or this would not end.
    newest = await service.read(lambda connection: dead(connection, 1, target=target))
    until, sent = (newest[0].id, 0) if newest else (0, 0)

    def job(connection: sqlite3.Connection) -> int:
        chosen = "id IN (SELECT id FROM message WHERE target = ? AND state = 'dead' AND id <= ? ORDER BY id LIMIT ?)"
        count = _due_again(connection, chosen, (target, until, AT_ONCE), target in polled, ("dead",))
        if count:
            said = {"target": target, "messages": count, "by": by}
            trail.add(service.clock.now(), "message-again", who, said)
        return count

    while count := await service.write(job):
        sent += count
        service.outbox.ring_now()
        if count < AT_ONCE:
            break
    return sent


def _polled(service: "Service") -> Set[str]:
    return {stream.name for stream in service.outputs.streams if stream.url is None}


def _due_again(
    connection: sqlite3.Connection, which: str, values: tuple[object, ...], polled: bool, states: tuple[str, ...]
) -> int:
    marks = ",".join("?" * len(states))
    return connection.execute(
        f"UPDATE message SET state = ?, tries = 0, due = 0 WHERE {which} AND state IN ({marks})",  # noqa: S608
        ("poll" if polled else "due", *values, *states),
    ).rowcount
