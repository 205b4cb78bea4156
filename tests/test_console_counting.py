"""Counting a spray's tries: over any stretch of a journal, by address and in time."""

import json
import sqlite3
from pathlib import Path

import pytest

from desk import quick_replay
from kuraban.console.desk.count_worker import MOST_POINTS, Count, Job, counted
from kuraban.journal import schema, store
from kuraban.journal.live import Live

HOUR = 3_600_000_000
ASN = 14061


def login(n: int, account: str, ip: str | None, kind: str, minute: int) -> bytes:
    event = {"id": f"e{n}", "time": f"2025-04-22T04:{minute:02}:00+09:00", "account": account, "type": kind}
    return json.dumps(event | ({"client": {"ip": ip}} if ip else {})).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six blocks an hour apart; in each, ten accounts fail from the network, one succeeds, and others come and go."""
    connection: sqlite3.Connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    live, n = Live(quick_replay()), 0
    for hour in range(6):
        lines = []
        for k in range(10):
            lines.append(login(n := n + 1, f"a{k}-{hour}", f"139.59.100.{k % 2}", "login.failed", 5 * hour))
            lines.append(login(n := n + 1, f"o{k}", "126.159.33.187", "login.succeeded", 5 * hour))
            lines.append(login(n := n + 1, f"odd{k}", "not an address", "login.failed", 5 * hour))
            lines.append(login(n := n + 1, f"none{k}", None, "login.failed", 5 * hour))
        lines.append(login(n := n + 1, f"a0-{hour}", "139.59.100.0", "login.succeeded", 5 * hour + 1))
        taken = live.take(b"\n".join(lines), (100 + hour) * HOUR)
        store.append(connection, taken.blocks, store.layout(connection))
    connection.close()
    return tmp_path


def found(folder: Path, since: int, until: int) -> Count:
    return counted(Job(str(folder), ASN, since * HOUR, until * HOUR), lambda done, total: None)


def test_every_login_from_the_network_counts_and_no_other(folder: Path) -> None:
    count = found(folder, 0, 1000)
    assert (count.accounts, count.failed, count.entered, count.whole) == (60, 60, 6, True)
    assert [(each.address, each.accounts, each.failed, each.entered) for each in count.addresses] == [
        ("139.59.100.0", 30, 30, 6),
        ("139.59.100.1", 30, 30, 0),
    ]
    assert sum(point.failed for point in count.points) == 60
    assert sum(point.succeeded for point in count.points) == 6
    assert len(count.points) <= MOST_POINTS


@pytest.mark.parametrize(("since", "until", "blocks"), [(102, 103, 2), (0, 100, 1), (105, 200, 1), (106, 200, 0)])
def test_only_what_came_in_the_stretch_counts(folder: Path, since: int, until: int, blocks: int) -> None:
    assert found(folder, since, until).failed == 10 * blocks


def test_an_empty_journal_counts_nothing(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    assert found(tmp_path, 0, 1000).points == []
    connection.close()
