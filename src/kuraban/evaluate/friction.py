"""What innocent owners bear: actions per 10,000 account-days, and which kinds of owners bear more than their share."""

import numpy as np

from kuraban.evaluate.decided import ACTIONS, RANK, Decided
from kuraban.evaluate.report import Friction, Segment
from kuraban.evaluate.segments import SEGMENTS
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
    return _count(decided, world.innocent_days, world.attacked | world.aftermath, inside=False)


def aftermath_friction(world: World, decided: Decided) -> dict[str, Friction]:
    """The same on aftermath days, which the innocent figures leave out: a victim's account before its reset."""
    return _count(decided, len(world.aftermath), world.aftermath, inside=True)


def segments(world: World, decided: Decided) -> list[Segment]:
    """Friction (days with a challenge, hold or lock) by kind of owner, against its share of innocent account-days."""
    guilty = world.attacked | world.aftermath
    innocent = world.last_day - world.first_day + 1
    for cell in guilty:
        innocent[cell >> 24] -= 1
    touched = np.zeros(len(innocent), dtype=np.int64)
    for cell in {cell for cell, rank in decided.friction if rank >= RANK["challenge"]} - guilty:
        touched[cell >> 24] += 1
    start = int(world.first_day.min()) if len(world.first_day) else 0
    found = []
    for name, belongs in SEGMENTS.items():
        members = np.asarray(
            [
                account
                for account, habits in world.habits.items()
                if belongs(
                    habits, world.last_day - int(world.first_day[account]) + 1, int(world.first_day[account]) - start
                )
            ],
            dtype=np.int64,
        )
        days, bothered = int(innocent[members].sum()), int(touched[members].sum())
        of_days = days / max(1, int(innocent.sum()))
        of_friction = bothered / int(touched.sum()) if touched.any() else None
        ratio = of_friction / of_days if of_friction is not None and of_days else None
        found.append(Segment(name, len(members), days, bothered, of_days, of_friction, ratio))
    return found
