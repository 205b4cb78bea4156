"""Counting a spray's tries: from its sources alone, in event time, whenever the history was loaded."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from desk import quick_replay
from kuraban import events
from kuraban.console.desk.count_worker import Job, counted
from kuraban.console.desk.sources import network_of
from kuraban.console.desk.sprayed import MOST_POINTS, Count
from kuraban.journal import schema, store
from kuraban.journal.live import Live

HOUR = 3_600_000_000
ASN = 17676  # a carrier with many everyday customers
GROUP = "spray-20250421-AS17676"
DAY = events.microseconds("2025-04-21T00:00:00Z")
SPRAYING, SHARED, HOME, ELSEWHERE = "126.159.0.9", "126.159.1.7", "126.159.77.1", "61.193.1.1"
FAILED, SUCCEEDED = "login.failed", "login.succeeded"

Told = tuple[str, str | None, str, str]  # account, address, type, time of day


def line(n: int, told: Told) -> bytes:
    account, ip, kind, time = told
    event = {"id": f"e{n}", "time": f"2025-04-{time}:00Z", "account": account, "type": kind}
    return json.dumps(event | ({"client": {"ip": ip}} if ip else {})).encode()


def at(day: int, minute: int) -> str:
    return f"{day}T{minute // 60:02}:{minute % 60:02}"


def attack(minute: int = 600, tries: int = 30) -> list[Told]:
    """A list is tried on accounts that nobody else uses; one of them opens at the second try, one at the first."""
    told: list[Told] = [(f"listed-{n}", SPRAYING, FAILED, at(21, minute + n // 4)) for n in range(tries)]
    told.append(("listed-3", SPRAYING, SUCCEEDED, at(21, minute + 8)))
    told.append(("fallen", SPRAYING, SUCCEEDED, at(21, minute + 9)))
    return told


def everyday(day: int = 21) -> list[Told]:
    """Customers of the same provider, from an address they share and from their homes; few mistype."""
    told: list[Told] = [(f"owner-{n}", SHARED, SUCCEEDED, at(day, 590 + n // 4)) for n in range(80)]
    told += [(f"owner-{n + 60}", SHARED, FAILED, at(day, 600)) for n in range(6)]
    told += [(f"home-{n}", HOME, SUCCEEDED, at(day, 300 + n)) for n in range(40)]
    told += [("fallen", SHARED, SUCCEEDED, at(day, 480)), ("other", ELSEWHERE, FAILED, at(day, 600))]
    return [*told, ("odd", "not an address", FAILED, at(day, 600)), ("none", None, FAILED, at(day, 600))]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    yield connection
    connection.close()


def load(connection: sqlite3.Connection, told: Sequence[Told], received: int, members: tuple[str, ...] = ()) -> None:
    """Have a journal take what happened, all of it at one time."""
    lines = [line(n, each) for n, each in enumerate(sorted(told, key=lambda each: each[3]))]
    taken = Live(quick_replay()).take(b"\n".join(lines), received)
    store.append(connection, taken.blocks, store.layout(connection))
    for account in members:
        connection.execute(
            "INSERT INTO alert (account, state, opened, updated, loss, ring, events, last, decision)"
            " VALUES (?, 'open', ?, ?, 1, ?, 1, 0, '{}')",
            (account, received, received, GROUP),
        )


def found(folder: Path, usual: float = 0.12) -> Count:
    return counted(Job(str(folder), GROUP, ASN, DAY, usual), lambda done, total: None)


def test_the_customers_of_a_provider_are_told_apart_from_the_list_tried_from_one_of_its_addresses(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    load(journal, [*attack(), *everyday()], DAY + 12 * HOUR, ("fallen",))
    count = found(tmp_path)
    assert [source.name for source in count.sources] == [SPRAYING]
    assert (count.failed, count.failures, count.after, count.fell, count.fell_at_once) == (30, 30, 1, 1, 1)
    assert count.tried == 31
    assert count.ordinary == 0
    assert (count.elsewhere, count.elsewhere_failed) == (120, 6)
    assert [(each.address, each.failed, each.after, each.fell) for each in count.addresses] == [(SPRAYING, 30, 1, 1)]
    assert sum(point.failed for point in count.points) == 30
    assert sum(point.entered for point in count.points) == 2
    assert len(count.points) <= MOST_POINTS


def test_everyday_logins_from_the_very_address_of_an_attack_are_neither_tried_nor_fallen(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    neighbours: list[Told] = [(f"owner-{n}", SPRAYING, SUCCEEDED, at(21, 640 + n)) for n in range(5)]
    load(journal, [*attack(), *neighbours], DAY + 12 * HOUR, ("fallen",))
    count = found(tmp_path)
    assert (count.tried, count.fell, count.ordinary) == (31, 1, 5)


def test_a_history_loaded_in_one_go_counts_what_happened_around_the_spray_and_not_the_rest_of_the_year(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    days = [each for day in (1, 5, 12, 19, 24, 28) for each in everyday(day) if each[0] != "fallen"]
    days = [(account, ip, kind, f"{time:0>8}") for account, ip, kind, time in days]
    load(journal, [*days, *attack(), *everyday()], DAY + 200 * 24 * HOUR, ("fallen",))
    count = found(tmp_path)
    assert (count.tried, count.elsewhere, count.whole) == (31, 120, True)


def test_a_network_whose_customers_mistype_now_and_then_has_no_spray(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    load(journal, everyday(), DAY + 12 * HOUR, ("fallen",))
    count = found(tmp_path)
    assert (count.sources, count.tried, count.fell, count.points) == ([], 0, 0, [])
    assert count.elsewhere == 121


def test_a_list_tried_from_all_over_a_24_is_counted_by_the_24(journal: sqlite3.Connection, tmp_path: Path) -> None:
    spread: list[Told] = [(f"listed-{n}", f"126.159.9.{n}", FAILED, at(21, 600 + n)) for n in range(40)]
    load(journal, [*spread, ("fallen", "126.159.9.200", SUCCEEDED, at(21, 650))], DAY + 12 * HOUR, ("fallen",))
    count = found(tmp_path)
    assert [source.name for source in count.sources] == ["126.159.9.0/24"]
    assert (count.failed, count.fell) == (40, 1)


def test_a_visit_that_began_the_day_before_is_still_counted_with_its_spray(
    journal: sqlite3.Connection, tmp_path: Path
) -> None:
    evening = [(account, ip, kind, time.replace("21T", "20T")) for account, ip, kind, time in attack(1380, 20)]
    load(journal, evening, DAY + 12 * HOUR, ("fallen",))
    assert (found(tmp_path).failed, found(tmp_path).fell) == (20, 1)


def test_what_came_long_before_the_spray_is_not_even_looked_at(journal: sqlite3.Connection, tmp_path: Path) -> None:
    load(journal, [("early", HOME, SUCCEEDED, "02T10:00")], DAY - 19 * 24 * HOUR)
    assert found(tmp_path).events == 0


def test_an_empty_journal_counts_nothing(journal: sqlite3.Connection, tmp_path: Path) -> None:
    assert found(tmp_path).points == []


def test_networks_are_a_24_or_for_ipv6_a_48() -> None:
    assert network_of("126.159.9.200") == "126.159.9.0/24"
    assert network_of("::ffff:126.159.9.200") == "126.159.9.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
