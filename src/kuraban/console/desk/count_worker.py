"""A spray's tries counted in the journal, as work beside the server: `python -m kuraban.console.desk.count_worker`."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import zstandard

from kuraban import events
from kuraban.console.desk import sprayed
from kuraban.console.desk.sources import Logins
from kuraban.console.desk.sprayed import Count
from kuraban.console.desk.working import Progress, work
from kuraban.journal import schema
from kuraban.journal.schema import JournalError
from kuraban.reference.networks import Networks

MOST_EVENTS = 20_000_000
MOST_BLOCKS = 400_000  # looked into at all; of most only two times are read
MOST_LOGINS = 4_000_000
DAY = 86_400_000_000
_HOUR = 3_600_000_000
_SLACK = _HOUR  # how far events of a block may lie outside the times of its first and last, and clocks may differ
_ENOUGH_LATER = 4_096  # blocks: after so many of later events in a row none of the stretch is expected any more
_MOST_BYTES = 1 << 30
_TIME = re.compile(rb'"time"\s*:\s*"([^"]{1,40})"')


class Job(msgspec.Struct):
    """What to count: a group's spray. asn: its network (0: none that is known). day: when its day begins, microseconds
    since 1970. usual: the failing share everywhere. ipdb: the table of networks, where it is not the shipped one."""

    data: str
    group: str
    asn: int
    day: int
    usual: float
    ipdb: str | None = None

    @property
    def stretch(self) -> tuple[int, int]:
        """The event times that matter: of the spray's day and the one before, in which its visits may have begun."""
        return self.day - DAY, self.day + DAY


class _Client(msgspec.Struct):
    ip: str | None = None


class _Login(msgspec.Struct):
    time: str
    account: str
    type: str
    client: _Client | None = None


def counted(job: Job, progress: Progress) -> Count:
    """Look through the stretch. Raises `JournalError` where the journal is damaged."""
    connection = schema.connect(Path(job.data) / "journal.db", read_only=True)
    try:
        members = {row[0] for row in connection.execute("SELECT account FROM alert WHERE ring = ?", (job.group,))}
        reading = _Reading(job)
        for lines in _blocks(connection, job, progress):
            if not reading.take(lines):
                break
        whole = reading.whole and not _is_cut(connection, job)
    finally:
        connection.close()
    return sprayed.counted(reading.logins, members, job.usual, job.stretch, job.day, reading.looked, whole)


def _is_cut(connection: sqlite3.Connection, job: Job) -> bool:
    """Whether the beginning of the journal has been let go and may have held events of the stretch."""
    row = connection.execute("SELECT first, received FROM block ORDER BY first LIMIT 1").fetchone()
    return row is not None and row[0] > 0 and row[1] > job.stretch[0]


class _Reading:
    """Logins of the network, out of the lines of blocks."""

    def __init__(self, job: Job):
        self._job = job
        self._networks = Networks.load(job.ipdb)
        self._places: dict[str, bool] = {}
        self._decoder = msgspec.json.Decoder(_Login)
        self.logins = Logins()
        self.looked = 0
        self.whole = True

    def take(self, lines: list[bytes]) -> bool:
        """One block's; False where there is room for no more."""
        self.looked += len(lines)
        since, until = self._job.stretch
        for line in lines:
            if b'"login.' not in line:
                continue
            login = self._decoder.decode(line)
            address = login.client.ip if login.client else None
            if address is None or login.type not in ("login.failed", "login.succeeded") or not self._is_there(address):
                continue
            time = events.microseconds(login.time)
            if since <= time < until:
                self.logins.add(time, login.account, address, login.type == "login.succeeded")
        self.whole = self.looked < MOST_EVENTS and len(self.logins) < MOST_LOGINS
        return self.whole

    def _is_there(self, address: str) -> bool:
        found = self._places.get(address)
        if found is None:
            try:
                found = self._networks.find(address).asn == self._job.asn
            except ValueError:
                found = False
            self._places[address] = found
        return found


def _blocks(connection: sqlite3.Connection, job: Job, progress: Progress) -> Iterator[list[bytes]]:
    """The lines of the blocks that may hold events of the stretch.

    What happened then came then or later: a feed's events at once, a history loaded afterwards much later, all in about
    the order of time. So blocks that came before are passed over, of the others the times of the first and last event
    say whether they are of the stretch, and the search ends where nothing but later events comes.
    """
    since, until = job.stretch
    unpacker = zstandard.ZstdDecompressor()
    start = _first(connection, since - _SLACK)
    (end,) = connection.execute("SELECT coalesce(max(first), 0) FROM block").fetchone()
    later = 0
    rows = connection.execute("SELECT first, received, events FROM block WHERE first >= ? ORDER BY first", (start,))
    try:
        for looked, (first, received, packed) in enumerate(rows):
            lines = unpacker.decompress(packed, max_output_size=_MOST_BYTES).split(b"\n")
            earliest, latest = _times(lines)
            later = later + 1 if earliest - _SLACK > until else 0
            if looked == MOST_BLOCKS or (later > _ENOUGH_LATER and received > until + _SLACK):
                return
            if latest + _SLACK >= since and not later:
                yield lines
            progress(first - start, max(1, end - start))
    except zstandard.ZstdError as error:
        raise JournalError("damaged", "the journal is damaged; look with `kuraban verify`") from error


def _times(lines: list[bytes]) -> tuple[int, int]:
    """The times of a block's first and last event, the earlier first."""
    found = []
    for line in (lines[0], lines[-1]):
        said = _TIME.search(line)
        if said is None:
            return 0, 2**62  # it has to be read
        try:
            found.append(events.microseconds(said[1].decode("ascii", "replace")))
        except ValueError:
            return 0, 2**62
    return min(found), max(found)


def _first(connection: sqlite3.Connection, since: int) -> int:
    """The first event of the newest block that came before a time: blocks are in order of receipt."""
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
