"""Sums of rings and sprays: kept by the database itself, whatever happens to an alert."""

import sqlite3
from pathlib import Path

import numpy as np

from kuraban.console.desk import members
from kuraban.console.desk.members import parsed
from kuraban.journal import schema

RINGS = ("ring-1.T-20250401", "ring-2.T-20250401", "spray-20250402-AS64500", None)
STATES = ("open", "acknowledged", "takeover", "owner")


def journal(folder: Path) -> sqlite3.Connection:
    connection = schema.connect(folder / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    return connection


def sums(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """What the sums should be, out of the alerts themselves."""
    return connection.execute(
        "SELECT ring, state, count(*), sum(CAST(round(loss) AS INTEGER)) FROM alert WHERE ring IS NOT NULL"
        " GROUP BY ring, state ORDER BY ring, state"
    ).fetchall()


def kept(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT ring, state, alerts, loss FROM alert_group WHERE alerts > 0 ORDER BY ring, state"
    ).fetchall()


def add(connection: sqlite3.Connection, account: str, ring: str | None, loss: float, at: int) -> None:
    connection.execute(
        "INSERT INTO alert (account, state, opened, updated, loss, ring, events, last, decision)"
        " VALUES (?, 'open', ?, ?, ?, ?, 1, 1, '{}')",
        (account, at, at, loss, ring),
    )


def test_the_sums_follow_every_alert_that_comes_changes_or_goes(tmp_path: Path) -> None:
    connection, rng = journal(tmp_path), np.random.default_rng(3)
    for n in range(120):
        add(connection, f"a{n}", RINGS[rng.integers(4)], float(rng.random() * 1e6), n)
    for _ in range(200):
        number, state = int(rng.integers(1, 121)), STATES[rng.integers(4)]
        loss, ring = float(rng.random() * 1e6), RINGS[rng.integers(4)]
        connection.execute("UPDATE alert SET state = ?, updated = updated + 1 WHERE id = ?", (state, number))
        connection.execute("UPDATE alert SET loss = ?, ring = ? WHERE id = ?", (loss, ring, number))
    assert kept(connection) == sums(connection)
    connection.execute("DELETE FROM alert WHERE id % 3 = 0 OR ring = ?", (RINGS[0],))
    assert kept(connection) == sums(connection)
    assert connection.execute("SELECT count(*) FROM alert_group WHERE ring = ?", (RINGS[0],)).fetchone() == (0,)
    connection.close()


def test_members_come_in_order_however_they_are_asked_for(tmp_path: Path) -> None:
    connection, rng = journal(tmp_path), np.random.default_rng(4)
    for n in range(500):
        add(connection, f"a{n}", RINGS[1], float(rng.integers(100)), int(rng.integers(1000)))
    connection.execute("UPDATE alert SET state = 'owner' WHERE id % 5 = 0")
    group = parsed(str(RINGS[1]))
    assert group is not None
    for order, key in (("joined", lambda a: (a.opened, a.id)), ("loss", lambda a: (-a.loss, -a.id))):
        whole = []
        for after in range(0, 500, 60):
            whole += members.page(connection, group, order=order, state=None, after=after, most=60)
        assert len(whole) == 500
        assert whole == sorted(whole, key=key)
    assert len(members.page(connection, group, order="newest", state="owner", after=0, most=500)) == 100
    times = members.joined(connection, group, most=50)
    assert len(times) <= 51
    assert times[-1][1] == 500
    assert [count for _, count in times] == sorted(count for _, count in times)
    connection.close()


def test_groups_are_told_apart_by_whether_anything_waits(tmp_path: Path) -> None:
    connection = journal(tmp_path)
    add(connection, "a", RINGS[0], 100.0, 1)
    add(connection, "b", RINGS[1], 900.0, 2)
    add(connection, "c", RINGS[2], 500.0, 3)
    connection.execute("UPDATE alert SET state = 'takeover' WHERE account = 'c'")
    waiting, settled = members.tallies(connection)
    assert [each.group.id for each in waiting] == [RINGS[1], RINGS[0]]
    assert [each.group.id for each in settled] == [RINGS[2]]
    assert waiting[0].loss == 900
    connection.close()
