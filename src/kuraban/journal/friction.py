"""Friction against loss: what a policy asks of owners and what it leaves to thieves, were friction dearer or cheaper.

Actions do not change what the engine believes, so one pass over the decisions tells of every scale s: with the price of
asking an owner for k multiplied by s, the cost of k is its cost plus (s − 1) times its price. An account counts by the
decision at which most was at stake (highest p·E): what the action taken then leaves is what is left of it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from kuraban.core.policy import CHALLENGE

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

F64 = NDArray[np.float64]


class Point(msgspec.Struct):
    """scale: of every price of friction. accounts: those challenged, held or locked. left: expected loss left standing,
    account currency."""

    scale: float
    accounts: int
    left: float


def prices(rows: NDArray[Any], policy: np.ndarray) -> F64:
    """What each action asks of an owner, expected: float64[n, 5] of DECISION[n], account currency."""
    p, pol = rows["probability"], policy[0]
    innocent = 1.0 - p
    columns = (0.0 * p, pol["notify"] + 0.0 * p, *(innocent * pol[name] for name in ("challenge", "hold", "lock")))
    return np.stack(columns, axis=1)


def left(rows: NDArray[Any], policy: np.ndarray) -> F64:
    """What each action leaves to a thief, expected: the costs without friction and without working the case."""
    p, pol = rows["probability"], policy[0]
    case = p * pol["case"]
    worked = np.stack((0.0 * p, 0.0 * p, case * (1.0 - pol["challenge_passed"]), case, case), axis=1)
    found: F64 = np.maximum(0.0, rows["cost"] - prices(rows, policy) - worked)
    return found


def chosen(rows: NDArray[Any], policy: np.ndarray, scale: float) -> NDArray[np.int64]:
    """The action with the least cost, of equals the gentler, with every price of friction times `scale`."""
    costs = rows["cost"] + (scale - 1.0) * prices(rows, policy)
    costs[:, policy[0]["available"] == 0] = np.inf
    found: NDArray[np.int64] = np.argmin(costs, axis=1)
    return found


class Sweep:
    """Adds decisions up for one policy at several scales. None as scales: what was really done."""

    def __init__(self, scales: Sequence[float] | None = SCALES):
        self._scales = scales
        width = len(scales) if scales is not None else 1
        self._acted = np.zeros((0, width), dtype=np.bool_)
        self._left = np.zeros((0, width))
        self._stake = np.zeros(0)

    def add(self, rows: NDArray[Any], policy: np.ndarray) -> None:
        """Some decisions (DECISION[n]) of that policy."""
        if not rows.size:
            return
        self._grow(int(rows["account"].max()) + 1)
        accounts = rows["account"]
        if self._scales is None:
            taken = rows["action"].astype(np.int64)[:, None]
        else:
            taken = np.stack([chosen(rows, policy, scale) for scale in self._scales], axis=1)
        np.logical_or.at(self._acted, accounts, taken >= CHALLENGE)
        stake = rows["probability"] * rows["exposure"]
        order = np.lexsort((stake, accounts))
        last = order[np.append(accounts[order][1:] != accounts[order][:-1], True)]
        graver = last[stake[last] >= self._stake[accounts[last]]]
        self._stake[accounts[graver]] = stake[graver]
        self._left[accounts[graver]] = np.take_along_axis(left(rows[graver], policy), taken[graver], 1)

    def _grow(self, accounts: int) -> None:
        if accounts > len(self._stake):
            more = max(accounts, 2 * len(self._stake)) - len(self._stake)
            width = self._acted.shape[1]
            self._acted = np.concatenate((self._acted, np.zeros((more, width), dtype=np.bool_)))
            self._left = np.concatenate((self._left, np.zeros((more, width))))
            self._stake = np.concatenate((self._stake, np.zeros(more)))

    def points(self) -> list[Point]:
        """One point a scale."""
        acted, lost = self._acted.sum(axis=0).tolist(), self._left.sum(axis=0).tolist()
        scales = self._scales if self._scales is not None else (1.0,)
        return [Point(scale, n, round(loss)) for scale, n, loss in zip(scales, acted, lost, strict=True)]
