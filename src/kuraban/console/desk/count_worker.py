"""A spray's tries counted in the journal, as work beside the server: `python -m kuraban.console.desk.count_worker`."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard

from kuraban import events
from kuraban.console.desk.working import Progress, work
from kuraban.journal import schema
from kuraban.journal.schema import JournalError
from kuraban.reference.networks import Networks

MOST_EVENTS = 20_000_000
MOST_ADDRESSES = 50
MOST_POINTS = 200
_MOST_BYTES = 1 << 30
_MINUTE = 60_000_000


class Job(msgspec.Struct):
    """What to count: logins from one autonomous system (0: of none that is known) that came in a stretch of time
    (microseconds since 1970)."""

    data: str
    asn: int
    since: int
    until: int
    ipdb: str | None = None


class Address(NamedTuple):
    """One address: accounts tried from it, failed logins, accounts that were entered."""

    address: str
    accounts: int
    failed: int
    entered: int


class Point(NamedTuple):
    """Logins in one stretch from `at` (µs since 1970) on."""

    at: int
    failed: int
    succeeded: int


class Count(msgspec.Struct):
    """What was found. events: how many were looked through; whole: whether that was all of the stretch. accounts:
    those tried; entered: those with a successful login from there."""

    events: int
    whole: bool
    accounts: int
    entered: int
    failed: int
    addresses: list[Address]
    more_addresses: int
    points: list[Point]


class _Client(msgspec.Struct):
    ip: str | None = None


class _Login(msgspec.Struct):
    time: str
    account: str
    type: str
    client: _Client | None = None


class Tally:
    """Adds logins up."""

    def __init__(self) -> None:
        self.tried: dict[str, set[str]] = {}
        self.entered: dict[str, set[str]] = {}
        self.failed: Counter[str] = Counter()
        self.minutes: tuple[Counter[int], Counter[int]] = (Counter(), Counter())

    def add(self, login: _Login, address: str) -> None:
        """One login."""
        success = login.type == "login.succeeded"
        self.tried.setdefault(address, set()).add(login.account)
        self.minutes[success][events.microseconds(login.time) // _MINUTE] += 1
        if success:
            self.entered.setdefault(address, set()).add(login.account)
        else:
            self.failed[address] += 1

    def count(self, looked: int, whole: bool) -> Count:
        """All of it."""
        rows = [
            Address(address, len(accounts), self.failed[address], len(self.entered.get(address, ())))
            for address, accounts in self.tried.items()
        ]
        rows.sort(key=lambda row: (-row.accounts, row.address))
        tried, entered = (len(set().union(*sets.values())) for sets in (self.tried, self.entered))
        chosen, failed = rows[:MOST_ADDRESSES], sum(self.failed.values())
        return Count(looked, whole, tried, entered, failed, chosen, len(rows) - len(chosen), self._points())

    def _points(self) -> list[Point]:
        failed, succeeded = self.minutes
        if not failed and not succeeded:
            return []
        first, last = min({*failed, *succeeded}), max({*failed, *succeeded})
        step = max(1, -(-(last - first + 1) // MOST_POINTS))
        sums = [Counter[int](), Counter[int]()]
        for part, found in zip((failed, succeeded), sums, strict=True):
            for minute, n in part.items():
                found[(minute - first) // step] += n
        places = range((last - first) // step + 1)
        return [Point((first + n * step) * _MINUTE, sums[0][n], sums[1][n]) for n in places]


def counted(job: Job, progress: Progress) -> Count:
    """Look through the stretch. Raises `JournalError` where the journal is damaged."""
    networks, tally, looked, whole = Networks.load(job.ipdb), Tally(), 0, True
    places: dict[str, bool] = {}
    decoder = msgspec.json.Decoder(_Login)
    for received, lines in _blocks(job):
        looked += len(lines)
        if looked > MOST_EVENTS:
            whole = False
            break
        for line in lines:
            if b'"login.' not in line:
                continue
            login = decoder.decode(line)
            address = login.client.ip if login.client else None
            if address is None or login.type not in ("login.failed", "login.succeeded"):
                continue
            if address not in places:
                places[address] = _is_there(networks, address, job.asn)
            if places[address]:
                tally.add(login, address)
        progress(received - job.since, job.until - job.since)
    return tally.count(min(looked, MOST_EVENTS), whole)


def _is_there(networks: Networks, address: str, asn: int) -> bool:
    try:
        return networks.find(address).asn == asn
    except ValueError:
        return False


def _blocks(job: Job) -> Iterator[tuple[int, list[bytes]]]:
    """When each block of the stretch came, and its lines."""
    connection = schema.connect(Path(job.data) / "journal.db", read_only=True)
    unpacker = zstandard.ZstdDecompressor()
    try:
        at = _first(connection, job.since)
        for received, packed in connection.execute(
            "SELECT received, events FROM block WHERE first >= ? ORDER BY first", (at,)
        ):
            if received > job.until:
                return
            if received >= job.since:
                yield received, unpacker.decompress(packed, max_output_size=_MOST_BYTES).split(b"\n")
    except zstandard.ZstdError as error:
        raise JournalError("damaged", "the journal is damaged; look with `kuraban verify`") from error
    finally:
        connection.close()


def _first(connection: sqlite3.Connection, since: int) -> int:
    """The first event of the newest block that came before a time: blocks are in order of time too."""
    # Between `low`, whose block came before, and `high`, after which every block came later.
    low, high = connection.execute("SELECT coalesce(min(first), 0), coalesce(max(first), 0) FROM block").fetchone()
    while low < high:
        middle = (low + high + 1) // 2
        first, received = connection.execute(
            "SELECT first, received FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1", (middle,)
        ).fetchone()
        if received < since:
            low = middle
        else:
            high = first - 1
    return max(0, int(low))


if __name__ == "__main__":
    work(Job, counted)
