"""Decisions as the engine makes them, gathered for the evaluation without being written down first.

`kuraban evaluate` reads decisions as anybody's program may write them. Where the engine itself runs in the same
process, turning a million rows into text and back takes far longer than deciding; the figures are the same either way.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.columns import Batch
from kuraban.core.policy import ACTIONS as ENGINE_ACTIONS
from kuraban.evaluate import files
from kuraban.evaluate.decided import ACTIONS, Decided, Gathering, Verdict
from kuraban.evaluate.world import World, keys
from kuraban.replay import Replay

RING_KIND = 1

if ENGINE_ACTIONS != ACTIONS:
    raise AssertionError("the engine's actions are not the evaluation's")


def replayed(replay: Replay, events: Sequence[str | Path], world: World) -> Decided:
    """Decide on the stream with a fresh `Replay` and gather every decision."""
    return gather(replay, replay.read(events), world)


def gather(replay: Replay, batches: Iterable[tuple[Batch, NDArray[Any]]], world: World) -> Decided:
    """Gather the decisions of batches that `replay` has read."""
    gathering = Gathering(world)
    numbers, victim = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    for batch, found in batches:
        new = [replay.reader.accounts.name(code) for code in range(len(numbers), len(replay.reader.accounts))]
        numbers = np.append(numbers, [world.accounts.get(name, -1) for name in new]).astype(np.int64)
        victim = np.append(victim, [name in gathering.victims for name in new]).astype(np.bool_)
        _take(replay, batch, found, numbers, victim, gathering)
    return gathering.finish()


def _take(
    replay: Replay,
    batch: Batch,
    found: NDArray[Any],
    numbers: NDArray[np.int64],
    victim: NDArray[np.bool_],
    gathering: Gathering,
) -> None:
    known = found[numbers[found["account"]] >= 0]
    if len(known) < len(found):
        gathering.stranger(len(found) - len(known))
    days = (known["time"] + files.JST) // files.DAY
    gathering.many(keys(numbers[known["account"]], days), known["probability"], known["action"])
    for row in known[victim[known["account"]] | (known["group_kind"] == RING_KIND)]:
        index = int(row["row"])
        gathering.keep(
            Verdict(
                replay.reader.accounts.name(int(row["account"])),
                int(row["time"]),
                float(row["probability"]),
                int(row["action"]),
                batch.id(index) if index >= 0 else None,
                replay.writer.group(row),
            )
        )
