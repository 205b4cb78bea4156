"""The market's calendar: days of mass selling, and days on which news or a listing drew a crowd to one name.

On such days many owners do what a ring's members do, and no ring may be named for it. The calendar is known to whoever
made the world, and to a broker afterwards; it feeds the evaluation only. One JSON object a line:

    {"day": "2025-04-10", "kind": "crash"}
    {"day": "2025-04-14", "kind": "listing", "instrument": "1234.T"}
"""

import re
from datetime import date
from pathlib import Path

import msgspec

from kuraban.evaluate import files

EPOCH = date(1970, 1, 1).toordinal()
CRASH = "crash"
_WORDS = re.compile(r"[0-9A-Za-z.]+")


class MarketDay(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: `kind` is `crash`, or what drew the crowd to `instrument`."""

    day: date
    kind: str
    instrument: str | None = None


class Calendar:
    """Looks days up. `worlds` holds the lines of several worlds by the prefix of their accounts, "" for one alone."""

    def __init__(self, worlds: dict[str, list[MarketDay]]) -> None:
        self._crashes = {
            (prefix, line.day.toordinal() - EPOCH)
            for prefix, lines in worlds.items()
            for line in lines
            if line.kind == CRASH
        }
        self._crowds: dict[tuple[str, int], set[str]] = {}
        for prefix, lines in worlds.items():
            for line in lines:
                if line.instrument is not None:
                    self._crowds.setdefault((prefix, line.day.toordinal() - EPOCH), set()).add(line.instrument)

    def crashed(self, account: str, day: int) -> bool:
        """Whether `day` (since 1970-01-01) was a crash day in the account's world."""
        return (_world(account), day) in self._crashes

    def crowded(self, account: str, day: int, group: str) -> bool:
        """Whether an instrument named in the ring's id had its crowd on `day`."""
        return not self._crowds.get((_world(account), day), set()).isdisjoint(_WORDS.findall(group))


def _world(account: str) -> str:
    return account.rpartition("/")[0]


def read_calendar(path: Path) -> Calendar:
    """Read one world's calendar. Raises OSError where it cannot be opened, ValueError for a line that is none."""
    return Calendar({"": read_days(path)})


def read_days(path: Path) -> list[MarketDay]:
    """The lines of a calendar."""
    unreadable = files.Unreadable()
    lines = list(files.read([path], MarketDay, unreadable))
    if unreadable.records:
        raise ValueError(f"{path} is not a calendar: {unreadable.first}")
    return lines
