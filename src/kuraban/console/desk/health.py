"""The page *Health*: whether the desk works, how fast, how full, and what does not get through."""

import asyncio
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
from prometheus_client import Histogram
from starlette.responses import Response

import kuraban
from kuraban.console.desk import refused
from kuraban.console.desk.reading import whole
from kuraban.console.desk.seat import Page, Visit
from kuraban.journal import store
from kuraban.server.meters import BOUNDS
from kuraban.server.outputs import letters
from kuraban.server.outputs.letters import Letter
from kuraban.server.problems import ProblemError
from kuraban.server.refusals import PROBLEMS
from kuraban.server.service import Service

MOST_DEAD = 100
MOST_REFUSED = 100


class Stage(NamedTuple):
    """How long something takes, in seconds, since the start: half of all at most `half`, and so on. None: longer than
    the longest that is told apart."""

    name: str
    times: int
    mean: float
    half: float | None
    most: float | None  # 99 of 100


class Target(NamedTuple):
    """A receiver of messages: how many wait, how many were given up."""

    name: str
    due: int
    dead: int


class Refused(NamedTuple):
    """A sign-in or a request that was refused, of one hour; see `refusals.Attempt`. first, last: µs."""

    what: str
    problem: str
    whose: str
    address: str
    times: int
    first: int
    last: int


class Snapshot(NamedTuple):
    """A snapshot file. number: of the first event not contained. at: when it was written, µs."""

    number: int
    at: int
    size: int


@dataclass(frozen=True)
class Kept:
    """What is in the data folder. bytes."""

    events: int
    first: int
    journal: int
    log: int
    free: int
    size: int
    snapshots: list[Snapshot]
    targets: list[Target]
    dead: list[Letter]


async def page(visit: Visit) -> Response:
    """The page; it works as well while nothing is accepted."""
    service = visit.service
    try:
        kept = await service.read(lambda connection: _kept(connection, service))
    except sqlite3.Error:
        kept = None
    return visit.page(
        "health.html",
        conditions=service.views(),
        stopped=service.stopped_by is not None or service.desk is None,
        kept=kept,
        waiting=service.desk.waiting if service.desk is not None else None,
        stages=list(_stages(service)),
        memory=_memory(),
        state=_state_bytes(service),
        accounts=len(service.desk.live.replay.reader.accounts) if service.desk is not None else None,
        versions=_versions(service),
        report=service.report,
        refused=await _refused(visit),
        problems=PROBLEMS,
    )


async def _refused(visit: Visit) -> list[Refused]:
    try:
        found = await asyncio.to_thread(refused.lately, visit.seat.people, MOST_REFUSED)
    except sqlite3.Error:
        return []
    return [
        Refused(each.what, each.problem, each.whose, each.address, tally.times, tally.first, tally.last)
        for each, tally in found
    ]


async def again(visit: Visit) -> Response:
    """Send a dead message once more."""
    number = whole(visit.request.path_params["message"], 2**62)
    if not await letters.again(visit.service, number, visit.person.name, f"console:{visit.person.id}"):
        raise ProblemError(404, "not-found", f"there is no delivered or dead message {number}")
    return visit.go("/health")


async def all_again(visit: Visit) -> Response:
    """Send all dead messages to a receiver once more."""
    await letters.all_again(
        visit.service, visit.form.get("target", "")[:256], visit.person.name, f"console:{visit.person.id}"
    )
    return visit.go("/health")


def _kept(connection: sqlite3.Connection, service: Service) -> Kept:
    first, end = store.bounds(connection)
    usage = shutil.disk_usage(service.options.data)
    log = service.journal.with_name(service.journal.name + "-wal")
    return Kept(
        end,
        first,
        _size(service.journal),
        _size(log),
        usage.free,
        usage.total,
        [_snapshot(path) for path in service.snapshots.found()],
        _targets(connection),
        letters.dead(connection, MOST_DEAD),
    )


def _targets(connection: sqlite3.Connection) -> list[Target]:
    count = "SELECT count(*) FROM message WHERE target = ? AND state = ?"
    return [
        Target(name, *(int(connection.execute(count, (name, state)).fetchone()[0]) for state in ("due", "dead")))
        for name in letters.targets(connection)
    ]


def _snapshot(path: Path) -> Snapshot:
    found = path.stat()
    return Snapshot(int(path.stem.partition("-")[2]), int(found.st_mtime * 1e6), found.st_size)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _stages(service: Service) -> Iterator[Stage]:
    for route, latency in service.meters.latency.items():
        yield _stage(route, latency.counts, latency.total)
    for name in ("engine", "commit"):
        yield _stage(name, *_of_histogram(service.meters.stages, name))


def _of_histogram(histogram: Histogram, stage: str) -> tuple[list[int], float]:
    """Counts by bound and the sum of one stage."""
    sums: list[int] = []
    total = 0.0
    for family in histogram.collect():
        for sample in family.samples:
            if sample.labels.get("stage") == stage and sample.name.endswith("_bucket"):
                sums.append(int(sample.value))
            elif sample.labels.get("stage") == stage and sample.name.endswith("_sum"):
                total = sample.value
    return [after - before for before, after in zip([0, *sums], sums, strict=False)], total


def _stage(name: str, counts: list[int], total: float) -> Stage:
    count = sum(counts)
    return Stage(name, count, total / count if count else 0.0, _within(counts, 0.5), _within(counts, 0.99))


def _within(counts: list[int], share: float) -> float | None:
    """The bound under which that share of all lies."""
    wanted, seen = share * sum(counts), 0
    for bound, count in zip(BOUNDS, counts, strict=False):
        seen += count
        if seen >= wanted:
            return bound
    return None


def _memory() -> int | None:
    """Bytes this process holds in memory; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _state_bytes(service: Service) -> int | None:
    if service.desk is None:
        return None
    state = service.desk.live.replay.state
    return int(state.profiles.nbytes + state.crowds.nbytes + state.networks.nbytes + state.population.nbytes)


def _versions(service: Service) -> list[tuple[str, str]]:
    found = [
        ("Kuraban", kuraban.__version__),
        ("Python", platform.python_version()),
        ("NumPy", np.__version__),
        ("Numba", numba.__version__),
        ("SQLite", sqlite3.sqlite_version),
        ("OS", f"{platform.system()} {platform.release()} ({sys.platform})"),
    ]
    if service.desk is not None:
        found += list(service.desk.live.replay.networks.sources.items())
    return found


PAGES = (
    Page("GET", "/health", "viewer", page),
    Page("POST", "/health/messages/{message}/again", "manager", again),
    Page("POST", "/health/messages/again", "manager", all_again),
)
