"""What innocent owners bear: actions per 10,000 account-days, and which kinds of owners bear more than their share."""

import numpy as np
from numpy.typing import NDArray

from kuraban.evaluate.decided import ACTIONS, RANK, Decided
from kuraban.evaluate.detection import innocent
from kuraban.evaluate.report import Friction, Segment
from kuraban.evaluate.segments import SEGMENTS, Member
from kuraban.evaluate.world import World


def _count(decided: Decided, days: int, cells: set[int], inside: bool) -> dict[str, Friction]:
    found = {}
    for action in ACTIONS[1:]:
        counts = [
            n for (cell, rank), n in decided.friction.items() if rank == RANK[action] and (cell in cells) == inside
        ]
        scale = 1e4 / max(1, days)
        found[action] = Friction(sum(counts), len(counts), scale * sum(counts), scale * len(counts))
    return found


def friction(world: World, decided: Decided) -> dict[str, Friction]:
    """Every action but `allow` on innocent account-days."""
    return _count(decided, world.innocent_days, world.touched, inside=False)


def aftermath_friction(world: World, decided: Decided) -> dict[str, Friction]:
    """The same on aftermath days, which the innocent figures leave out: a victim's account before its reset."""
    return _count(decided, len(world.aftermath), world.aftermath, inside=True)


def recovering_friction(world: World, decided: Decided) -> dict[str, Friction]:
    """The same on recovering days: the owner is back, and still watched."""
    return _count(decided, len(world.recovering), world.recovering, inside=True)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _ratio(friction: float | None, share: float | None) -> float | None:
    return friction / share if friction is not None and share else None


def _members(world: World, belongs: Member) -> NDArray[np.int64]:
    days, since = world.days.tolist(), (world.first_day - world.opening).tolist()
    found = [account for account, habits in world.habits.items() if belongs(habits, days[account], since[account])]
    return np.asarray(found, dtype=np.int64)


def segments(world: World, decided: Decided) -> list[Segment]:
    """Friction (days with a challenge, hold or lock) by kind of owner, against its share of innocent account-days."""
    guilty = world.touched
    days = world.days
    for cell in guilty:
        days[cell >> 24] -= 1
    touched = np.zeros(len(days), dtype=np.int64)
    for cell in {cell for cell, rank in decided.friction if rank >= RANK["challenge"]} - guilty:
        touched[cell >> 24] += 1
    active = np.bincount(decided.days[innocent(world, decided)] >> 24, minlength=len(days))
    found = []
    for name, belongs in SEGMENTS.items():
        own = _members(world, belongs)
        counts = int(days[own].sum()), int(active[own].sum()), int(touched[own].sum())
        of_days = _share(counts[0], int(days.sum()))
        of_active = _share(counts[1], int(active.sum())) if decided.complete else None
        of_friction = _share(counts[2], int(touched.sum()))
        ratios = _ratio(of_friction, of_days), _ratio(of_friction, of_active)
        found.append(Segment(name, len(own), *counts, of_days or 0.0, of_active, of_friction, *ratios))
    return found
