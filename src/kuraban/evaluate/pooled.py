"""Several worlds held against the truth as one: their accounts, takeovers and decisions laid side by side.

A budget of 1/100,000 account-days means a handful of alerts in one world; pooled, one threshold serves all of them, as
it would at a broker. Names of accounts and campaigns are told apart by the name of their world.
"""

from collections.abc import Mapping

import msgspec
import numpy as np

from kuraban.evaluate.decided import Decided, Verdict
from kuraban.evaluate.files import Unreadable
from kuraban.evaluate.world import Takeover, World, key


def pool_worlds(worlds: Mapping[str, World]) -> World:
    """One world of several, by name. Raises ValueError for none at all."""
    if not worlds:
        raise ValueError("no worlds to pool")
    offsets = _offsets(worlds)
    parts = list(worlds.values())
    return World(
        {f"{name}/{own}": offsets[name] + n for name, world in worlds.items() for own, n in world.accounts.items()},
        np.concatenate([world.first_day for world in parts]),
        np.concatenate([world.opening for world in parts]),
        np.concatenate([world.closing for world in parts]),
        {offsets[name] + n: habits for name, world in worlds.items() for n, habits in world.habits.items()},
        [_takeover(name, takeover) for name, world in worlds.items() for takeover in world.takeovers],
        sum(world.events for world in parts),
        _unreadable([world.unreadable for world in parts]),
        {_moved(cell, offsets[name]) for name, world in worlds.items() for cell in world.attacked},
        {_moved(cell, offsets[name]) for name, world in worlds.items() for cell in world.aftermath},
        {_moved(cell, offsets[name]) for name, world in worlds.items() for cell in world.recovering},
        set().union(*(world.victim_events for world in parts)),
    )


def pool_decisions(worlds: Mapping[str, World], decided: Mapping[str, Decided]) -> Decided:
    """The decisions on the worlds that `pool_worlds` pools, one method's for each."""
    offsets = _offsets(worlds)
    parts = [decided[name] for name in worlds]
    return Decided(
        np.concatenate([part.days + key(offsets[name], 0) for name, part in zip(worlds, parts, strict=True)]),
        np.concatenate([part.peaks for part in parts]),
        {
            (_moved(cell, offsets[name]), rank): count
            for name, part in zip(worlds, parts, strict=True)
            for (cell, rank), count in part.friction.items()
        },
        _verdicts(worlds, {name: decided[name].victims for name in worlds}),
        _verdicts(worlds, {name: decided[name].groups for name in worlds}),
        sum(part.decisions for part in parts),
        sum(part.allowed for part in parts),
        sum(part.strangers for part in parts),
        _unreadable([part.unreadable for part in parts]),
    )


def _offsets(worlds: Mapping[str, World]) -> dict[str, int]:
    offsets, total = {}, 0
    for name, world in worlds.items():
        offsets[name] = total
        total += len(world.first_day)
    return offsets


def _moved(cell: int, offset: int) -> int:
    return cell + key(offset, 0)


def _takeover(name: str, takeover: Takeover) -> Takeover:
    campaign = f"{name}/{takeover.campaign}" if takeover.campaign else ""
    return msgspec.structs.replace(takeover, account=f"{name}/{takeover.account}", campaign=campaign)


def _verdicts(worlds: Mapping[str, World], found: Mapping[str, dict[str, list[Verdict]]]) -> dict[str, list[Verdict]]:
    return {
        f"{name}/{own}": [_verdict(name, verdict) for verdict in verdicts]
        for name in worlds
        for own, verdicts in found[name].items()
    }


def _verdict(name: str, verdict: Verdict) -> Verdict:
    group = f"{name}/{verdict.group}" if verdict.group is not None else None
    return msgspec.structs.replace(verdict, account=f"{name}/{verdict.account}", group=group)


def _unreadable(parts: list[Unreadable]) -> Unreadable:
    found = Unreadable()
    found.records = sum(part.records for part in parts)
    found.first = next((part.first for part in parts if part.first is not None), None)
    return found
