"""One set of worlds, pooled, and every method's decisions on it held against the truth."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from evaluation import methods, worlds
from evaluation.cache import load
from evaluation.plan import Spec
from kuraban.evaluate import assess
from kuraban.evaluate.calendar import Calendar, read_days
from kuraban.evaluate.decided import Decided
from kuraban.evaluate.pooled import pool_decisions, pool_worlds
from kuraban.evaluate.report import Report
from kuraban.evaluate.world import World


class Judged(NamedTuple):
    """A set of worlds as one: the truth, our decisions, and the reports of every method."""

    world: World
    ours: Decided
    reports: dict[str, Report]


def judge(build: Path, each: Sequence[Spec], files: Sequence[dict[str, Path]], elsewhere: Report | None) -> Judged:
    """Pool the worlds and hold each method's decisions (`files`, by world) against them.

    `elsewhere`: our report on other worlds, whose thresholds are tried on our decisions here.
    """
    places = {spec.name: worlds.folder(build, spec) for spec in each}
    read = {name: methods.read(place) for name, place in places.items()}
    calendar = Calendar({name: read_days(place / "calendar.jsonl") for name, place in places.items()})
    world = pool_worlds(read)
    reports: dict[str, Report] = {}
    ours: Decided | None = None
    for name in files[0]:
        own = {spec.name: load(found[name]) for spec, found in zip(each, files, strict=True)}
        decided = pool_decisions(read, own)
        ours = decided if name == methods.OURS else ours
        lent = elsewhere if name == methods.OURS else None
        reports[name] = assess(world, decided, elsewhere=lent, calendar=calendar)
    if ours is None:
        raise ValueError("our own decisions are missing")
    return Judged(world, ours, reports)
