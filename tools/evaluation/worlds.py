"""Worlds, made once and kept compressed, each with the calendar of its market."""

from dataclasses import asdict
from pathlib import Path

import msgspec
import zstandard

from evaluation.cache import code, digest, kept
from evaluation.plan import Spec
from kuraban.evaluate.calendar import CRASH, MarketDay
from kuraban.sim import times
from kuraban.sim.instruments import write_instruments
from kuraban.sim.market import Market
from kuraban.sim.parameters import draw_world
from kuraban.sim.simulate import Summary, simulate

CODE = code("sim", "reference")


def folder(build: Path, spec: Spec) -> Path:
    """Where a world lies, whether made or not."""
    return build / "worlds" / f"{spec.name}-{digest(spec, CODE)}"


def make(build: Path, spec: Spec) -> Path:
    """The world's folder: events.jsonl.zst, truth.jsonl, instruments.csv, calendar.jsonl, summary.json."""
    return kept(folder(build, spec), lambda place: _make(place, spec))


def _make(place: Path, spec: Spec) -> None:
    found = simulate(
        place, accounts=spec.accounts, days=spec.days, seed=spec.seed, attacks=spec.attacks, world=spec.world
    )
    (place / "summary.json").write_bytes(msgspec.json.encode(asdict(found)))
    lines = [msgspec.json.encode(line) + b"\n" for line in calendar(place, spec, found)]
    (place / "calendar.jsonl").write_bytes(b"".join(lines))
    plain, packed = place / "events.jsonl", place / "events.jsonl.zst"
    with plain.open("rb") as source, packed.open("wb") as target:
        zstandard.ZstdCompressor(level=3).copy_stream(source, target)
    plain.unlink()


def calendar(place: Path, spec: Spec, summary: Summary) -> list[MarketDay]:
    """The crash days and crowds of a world: its market, drawn once more from the same seed.

    Raises ValueError where that market is not the one in the world's folder.
    """
    first = times.day_of(summary.start)
    market = Market(draw_world(spec.world, spec.seed), first, spec.days, spec.accounts)
    again = place / "instruments.again.csv"
    write_instruments(again, market.instruments)
    same = again.read_bytes() == (place / "instruments.csv").read_bytes()
    again.unlink()
    if not same:
        raise ValueError(f"{spec.name}: the market drawn again is not the one the world was made with")
    crashes = [MarketDay(times.date_of(day), CRASH) for day in market.crash_days]
    crowds = [
        MarketDay(times.date_of(day), crowd.kind, market.instruments[crowd.instrument].code)
        for crowd in market.crowds
        for day in range(crowd.first_day, crowd.first_day + crowd.days)
    ]
    return sorted([*crashes, *crowds], key=lambda line: (line.day, line.kind, line.instrument or ""))


def summary(place: Path) -> Summary:
    """What the world contains."""
    return msgspec.json.decode((place / "summary.json").read_bytes(), type=Summary)
