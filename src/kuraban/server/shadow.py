"""Shadow mode: a second policy decides along on a state of its own; only what it would have done is recorded."""

import copy
import sqlite3
from collections import Counter
from collections.abc import Callable

import numpy as np

from kuraban.core.policy import ACTIONS
from kuraban.journal.live import Taken
from kuraban.replay import Replay, Summary
from kuraban.server.meters import Meters

Job = Callable[[sqlite3.Connection], object]


def beside(replay: Replay, policy: np.ndarray) -> Replay:
    """A second engine with the same past and names, and its own state from here on: events are read by the first."""
    twin = copy.copy(replay)
    twin.state = replay.state.copy(len(replay.reader.accounts))
    twin.policy = policy.copy()
    twin.summary = Summary()
    twin._worst = {}
    return twin


class Shadow:
    """A policy on trial. name: how it is recorded. What both did is counted by (action, shadow's action)."""

    def __init__(self, name: str, replay: Replay, policy: np.ndarray, meters: Meters):
        self.name = name
        self.pairs: Counter[tuple[int, int]] = Counter()
        self._replay = beside(replay, policy)
        self._meters = meters

    def decide(self, taken: Taken, at: int) -> Job | None:
        """Decide on a batch along with the first policy; what to record where the two differ."""
        other = self._replay.decide(taken.batch)
        mine = {int(row): int(action) for row, action in taken.decisions[["row", "action"]].tolist() if row >= 0}
        rows = []
        for row, action, probability, exposure in other[["row", "action", "probability", "exposure"]].tolist():
            if row < 0:
                continue
            pair = (mine.get(row, 0), action)
            self.pairs[pair] += 1
            self._meters.shadow.labels(ACTIONS[pair[0]], ACTIONS[pair[1]]).inc()
            if pair[0] != pair[1]:
                rows.append((taken.first + row, self.name, action, probability, exposure, at))
        if not rows:
            return None
        return lambda connection: connection.executemany(
            "INSERT OR REPLACE INTO shadow VALUES (?, ?, ?, ?, ?, ?)", rows
        )
