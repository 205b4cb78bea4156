"""What is too old goes: closed alerts, delivered messages and the rest by age, the audit log from its beginning only.

What goes is looked for by a reader and removed by the writer in parts, because decisions wait while the writer works.
Functions over a connection; none begins or ends a transaction.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from kuraban.journal import store
from kuraban.journal.audit import CHECKPOINT, Trail

DAY = 86_400_000_000  # microseconds
AT_ONCE = 500
AUDIT_AT_ONCE = 2_000
# An owner's link works for 30 days at the most, and only once: that it was answered has to be known for longer.
ANSWERS_DAYS = 31


class Kind(NamedTuple):
    """Rows that go by age.

    find: keys of those older than `:before`, oldest first, `:many` at most. remove: run for each `:key`; the first one
    removes the row itself, if it is too old still.
    """

    name: str
    find: str
    remove: tuple[str, ...]


_ORPHANS = "DELETE FROM {} WHERE alert = :key AND NOT EXISTS (SELECT 1 FROM alert AS a WHERE a.id = :key)"
_GONE = f"seq < (SELECT CAST(value AS INTEGER) FROM fact WHERE name = '{store.KEPT_FROM}')"  # noqa: S608
KINDS = (
    Kind(
        "alerts",
        "SELECT id FROM alert WHERE state IN ('takeover', 'owner') AND updated < :before ORDER BY updated LIMIT :many",
        (
            "DELETE FROM alert WHERE id = :key AND state IN ('takeover', 'owner') AND updated < :before",
            _ORPHANS.format("alert_event"),
            _ORPHANS.format("alert_act"),
        ),
    ),
    # The age of a message is that of its last try: `due` stays at what came after it.
    Kind(
        "messages",
        "SELECT id FROM message WHERE state IN ('sent', 'dead') AND max(made, due) < :before"
        " ORDER BY max(made, due) LIMIT :many",
        ("DELETE FROM message WHERE id = :key AND state IN ('sent', 'dead') AND max(made, due) < :before",),
    ),
    Kind(
        "fallbacks",
        "SELECT id FROM fallback WHERE at < :before ORDER BY at LIMIT :many",
        ("DELETE FROM fallback WHERE id = :key",),
    ),
    # These two belong to events and go when those are gone.
    Kind(
        "shadows",
        f"SELECT DISTINCT seq FROM shadow WHERE {_GONE} AND at < :before ORDER BY seq LIMIT :many",  # noqa: S608
        ("DELETE FROM shadow WHERE seq = :key",),
    ),
    Kind(
        "denials",
        f"SELECT seq FROM denial WHERE {_GONE} AND at < :before ORDER BY seq LIMIT :many",  # noqa: S608
        ("DELETE FROM denial WHERE seq = :key",),
    ),
)
ANSWERS = Kind(
    "answers",
    "SELECT link FROM answered WHERE at < :before ORDER BY at LIMIT :many",
    ("DELETE FROM answered WHERE link = :key",),
)


def find(connection: sqlite3.Connection, kind: Kind, before: int) -> list[int | str]:
    """Keys of rows that are too old, `AT_ONCE` at the most."""
    return [key for (key,) in connection.execute(kind.find, {"before": before, "many": AT_ONCE})]


def remove(connection: sqlite3.Connection, kind: Kind, keys: Sequence[int | str], before: int) -> int:
    """Remove rows that are still too old; how many there were."""
    given = [{"key": key, "before": before} for key in keys]
    counts = [connection.executemany(statement, given).rowcount for statement in kind.remove]
    return counts[0]


def drop_contacts(connection: sqlite3.Connection, now: int) -> int:
    """Remove replaced addresses of owners that are not told any more, `AT_ONCE` at the most; how many."""
    return connection.execute(
        "DELETE FROM contact WHERE (account, url) IN (SELECT account, url FROM contact WHERE until < ? LIMIT ?)",
        (now, AT_ONCE),
    ).rowcount


def give_up(connection: sqlite3.Connection, before: int, at: int) -> int:
    """Make dead letters of security event tokens that nobody has fetched for too long; how many."""
    return connection.execute(
        "UPDATE message SET state = 'dead', problem = 'not fetched', due = ? WHERE state = 'poll' AND made < ?",
        (at, before),
    ).rowcount


def oldest_entries(connection: sqlite3.Connection, before: int) -> tuple[int, bytes, int] | None:
    """The last of the audit log's entries from its beginning that are all too old: number, hash, how many they are.

    None where there is none. The newest entry is never among them.
    """
    rows = connection.execute("SELECT n, hash, at FROM audit ORDER BY n LIMIT ?", (AUDIT_AT_ONCE,)).fetchall()
    (newest,) = connection.execute("SELECT coalesce(max(n), 0) FROM audit").fetchone()
    count = 0
    while count < len(rows) and rows[count][2] < before and rows[count][0] < newest:
        count += 1
    return (int(rows[count - 1][0]), bytes(rows[count - 1][1]), count) if count else None


def seal_off(connection: sqlite3.Connection, trail: Trail, n: int, seal: bytes, removed: int, at: int) -> None:
    """Remove the audit log's entries up to `n`, and say so in the log itself.

    The order is what the database insists on: the entry that says so, the checkpoint, then the removal.
    """
    trail.add(at, CHECKPOINT, "server", {"n": n, "hash": seal.hex(), "removed": removed})
    connection.execute(
        "INSERT INTO audit_checkpoint (n, hash, at, removed) VALUES (?, ?, ?, ?)", (n, seal, at, removed)
    )
    connection.execute(
        "DELETE FROM audit_account WHERE (account, n) IN (SELECT json_extract(CAST(body AS TEXT), '$.account'), n"
        " FROM audit WHERE n <= ? AND json_valid(CAST(body AS TEXT)))",
        (n,),
    )
    connection.execute("DELETE FROM audit WHERE n <= ?", (n,))
