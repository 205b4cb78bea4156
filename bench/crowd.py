"""A stream of any length by a bounded crowd of accounts, in the order of time, as bodies for the desk.

A simulated world is lived through again and again, each time later by its length, by several casts of its accounts at
once: what is sent is as varied as the world, and costs the generator no more than replacing some bytes.
"""

import itertools
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from bench.stream import FOLDER
from kuraban.sim.simulate import simulate

ACCOUNTS, CASTS = 20_000, 10
BODY = 4000  # events

_DAYS, _SEED, _ATTACKS = 4, 1, 4
_ID, _CAST = b"\x01", b"\x02"  # what never stands in an event
_DATE = re.compile(rb'"time":"(\d{4}-\d\d-\d\d)')
_NAMES = (
    (re.compile(rb'"id":"([^"]*)"'), rb'"id":"\1' + _ID + b'"'),
    (re.compile(rb'"about":\["([^"]*)"\]'), rb'"about":["\1' + _ID + rb'"]'),
    (re.compile(rb'"account":"([^"]*)"'), rb'"account":"\1' + _CAST + b'"'),
)


def instruments_file() -> Path:
    """The instruments of the simulated world (CSV)."""
    return _world() / "instruments.csv"


def bodies(events: int, casts: int = CASTS) -> Iterator[bytes]:
    """At least so many events of `casts` × `ACCOUNTS` accounts as JSON Lines, about `BODY` in each body."""
    pieces = list(_pieces(BODY // casts))
    for around in itertools.count():
        for piece in pieces:
            later = _shifted(piece, timedelta(days=_DAYS * around))
            parts = (
                later.replace(_ID, b"-%d-%d" % (around, cast)).replace(_CAST, b"-%d" % cast) for cast in range(casts)
            )
            body = b"\n".join(parts)
            yield body
            events -= body.count(b"\n") + 1
            if events <= 0:
                return


def _pieces(lines: int) -> Iterator[bytes]:
    """The world, so many lines at a time, with places for what differs between casts and turns."""
    every = (_world() / "events.jsonl").read_bytes().splitlines()
    for at in range(0, len(every), lines):
        piece = b"\n".join(every[at : at + lines])
        for name, marked in _NAMES:
            piece = name.sub(marked, piece)
        yield piece


def _shifted(piece: bytes, by: timedelta) -> bytes:
    def moved(found: re.Match[bytes]) -> bytes:
        return b'"time":"' + (date.fromisoformat(found[1].decode()) + by).isoformat().encode()

    return _DATE.sub(moved, piece)


def _world() -> Path:
    folder = FOLDER / f"crowd-{ACCOUNTS}x{_DAYS}"
    if not folder.exists():
        sys.stderr.write("simulating a world …\n")
        unfinished = folder.with_suffix(".part")
        simulate(unfinished, accounts=ACCOUNTS, days=_DAYS, seed=_SEED, attacks=_ATTACKS)
        unfinished.rename(folder)
    return folder
