"""A desk on which a ring and a spray have really formed: owners watched for a month, then thieves."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from desk import Running, running
from engine_stories import CHROME, LARGE, SINGAPORE, THIN, Client, Event, at, trader, visit, world

NAMES = tuple(f"trader-{n}" for n in range(8))
HOSTILE = "trader-<script>alert(1)</script>"
RING, SPRAY = "ring-T1.T-20250422", "spray-20250421-AS14061"


def robbed(n: int, name: str) -> list[Event]:
    """A thief enters one account, sells everything, and buys the ring's share, a few minutes after the one before."""
    thief = visit(name, Client(f"126.205.{n}.2", CHROME.format(135), f"unseen-{n}", rtt_ms=190.0))
    start = at(0, "10:00") + timedelta(minutes=6 * n)
    sales = [thief.sells(start + timedelta(seconds=20 * k + 20), LARGE[k], 900_000) for k in range(10)]
    return [thief.login(start), *sales, thief.buys(start + timedelta(minutes=5), THIN[0], 3_000_000)]


def sprayed(accounts: int, name: str) -> list[Event]:
    """Many accounts are tried from one address, and one is entered."""
    when = at(0, "04:00")
    tries = [
        visit(f"listed-{n}", SINGAPORE).does(when + timedelta(seconds=2 * n), "login.failed") for n in range(accounts)
    ]
    return [*tries, visit(name, SINGAPORE).login(at(0, "04:10"))]


def told(desk: Running, events: Iterable[Event | bytes]) -> None:
    """Have a desk take events."""
    lines = [each if isinstance(each, bytes) else msgspec.json.encode(each) for each in events]
    for n in range(0, len(lines), 5000):
        desk.send(lines[n : n + 5000]).raise_for_status()


@contextmanager
def few(folder: Path, count: int) -> Iterator[Running]:
    """A desk where so few accounts bought the ring's share that it has not been called one."""
    stream, table = world(folder / "world")
    with running(folder / "data", instruments=table) as desk:
        told(desk, stream.read_bytes().splitlines())
        for name in NAMES[:count]:
            told(desk, trader(name))
        for n, name in enumerate(NAMES[:count]):
            told(desk, robbed(n, name))
        yield desk


@contextmanager
def crowded(folder: Path, **options: Any) -> Iterator[Running]:
    """A desk with a ring of eight accounts, a spray that entered one, and one account of a hostile name."""
    stream, table = world(folder / "world")
    with running(folder / "data", instruments=table, **options) as desk:
        told(desk, stream.read_bytes().splitlines())
        for name in (*NAMES, HOSTILE):
            told(desk, trader(name))
        told(desk, sprayed(40, HOSTILE))
        for n, name in enumerate(NAMES):
            told(desk, robbed(n, name))
        yield desk
