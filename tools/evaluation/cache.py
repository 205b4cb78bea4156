"""Results kept by what they depend on: the same code and the same inputs are never computed twice."""

import hashlib
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from kuraban.evaluate.decided import Decided, Verdict
from kuraban.evaluate.files import Unreadable

COMPILED = (".pyc", ".nbi", ".nbc")
PACKAGE = Path(__file__).resolve().parents[2] / "src" / "kuraban"


@cache
def code(*parts: str) -> str:
    """A digest of the source and data files of parts of the package: folders, files or patterns below it.

    Raises FileNotFoundError for a part that has no files: what was moved must not go unnoticed.
    """
    digest = hashlib.sha256()
    for part in parts:
        found = PACKAGE.glob(f"{part}/**/*" if (PACKAGE / part).is_dir() else part)
        files = sorted(path for path in found if path.is_file() and path.suffix not in COMPILED)
        if not files:
            raise FileNotFoundError(f"no files in {part}")
        for path in files:
            digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def digest(*parts: object) -> str:
    """A short name for anything that has a stable text."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def kept(place: Path, make: Callable[[Path], None]) -> Path:
    """`place`, made by `make` if it is not there: what breaks off leaves nothing behind that looks finished."""
    if not place.exists():
        unfinished = place.with_name(place.name + ".unfinished")
        if unfinished.is_dir():
            shutil.rmtree(unfinished)
        unfinished.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        make(unfinished)
        unfinished.rename(place)
    return place


class _Stored(msgspec.Struct):
    """A `Decided` as it lies on disk."""

    days: bytes
    peaks: bytes
    friction: list[tuple[int, int, int]]
    victims: dict[str, list[Verdict]]
    groups: dict[str, list[Verdict]]
    decisions: int
    allowed: int
    strangers: int
    records: int
    first: str | None


def save(decided: Decided, path: Path) -> None:
    """Write decisions gathered."""
    stored = _Stored(
        decided.days.tobytes(),
        decided.peaks.tobytes(),
        [(cell, rank, count) for (cell, rank), count in decided.friction.items()],
        decided.victims,
        decided.groups,
        decided.decisions,
        decided.allowed,
        decided.strangers,
        decided.unreadable.records,
        decided.unreadable.first,
    )
    path.write_bytes(msgspec.msgpack.encode(stored))


def load(path: Path) -> Decided:
    """Read what `save` wrote."""
    stored = msgspec.msgpack.decode(path.read_bytes(), type=_Stored)
    unreadable = Unreadable()
    unreadable.records, unreadable.first = stored.records, stored.first
    return Decided(
        np.frombuffer(stored.days, dtype=np.int64),
        np.frombuffer(stored.peaks, dtype=np.float64),
        {(cell, rank): count for cell, rank, count in stored.friction},
        stored.victims,
        stored.groups,
        stored.decisions,
        stored.allowed,
        stored.strangers,
        unreadable,
    )
