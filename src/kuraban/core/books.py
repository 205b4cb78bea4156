"""The books: what an account holds, as snapshots, executions and cancelled orders show it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core import layout
from kuraban.core.jit import Float, Int, Row, jit
from kuraban.core.profile import INSTRUMENTS
from kuraban.core.signals import notices


@jit
def find_holding(p: Row, instrument: Any) -> Any:
    """Slot of an instrument this account has bought or holds, -1 when neither."""
    for i in range(INSTRUMENTS):
        h = p["holding"][i]
        if h["instrument"] == instrument + 1 and (h["weight"] > 0.0 or h["value"] > 0.0):
            return i
    return -1


@jit
def claim_holding(p: Row, instrument: Any) -> Any:
    """Slot of an instrument, made by giving up the one least bought and least held. Slots keep code + 1."""
    least = 0
    lowest = 1e30
    for i in range(INSTRUMENTS):
        h = p["holding"][i]
        if h["instrument"] == instrument + 1:
            return i
        # What is held now matters more than what was bought long ago: a sale of it must not look like nothing.
        worth = np.float64(h["weight"]) + (1000.0 + 1e-3 * np.float64(h["value"]) if h["value"] > 0.0 else 0.0)
        if h["instrument"] == 0:
            worth = np.float64(-1.0)
        if worth < lowest:
            lowest = worth
            least = i
    h = p["holding"][least]
    h["instrument"] = instrument + 1
    h["weight"] = 0.0
    h["value"] = 0.0
    return least


@jit
def take_snapshot(p: Row, row: Row, positions: NDArray[Any]) -> None:
    """The broker's books: what the account holds."""
    if not math.isnan(np.float64(row["cash"])):
        p["cash"] = row["cash"]
    if not math.isnan(np.float64(row["linked_cash"])):
        p["linked_cash"] = row["linked_cash"]
    if not math.isnan(np.float64(row["margin_power"])):
        p["margin_power"] = row["margin_power"]
    n = np.int64(row["positions_n"])
    if n < 0:
        return
    for i in range(INSTRUMENTS):
        p["holding"][i]["value"] = 0.0
    total = 0.0
    start = np.int64(row["positions_at"])
    for i in range(start, start + n):
        value = np.float64(positions[i]["value"])
        if value > 0.0:
            total += value
            if n <= INSTRUMENTS or value > 0.02 * total:
                at = claim_holding(p, np.int64(positions[i]["instrument"]))
                p["holding"][at]["value"] += value
    p["positions"] = total
    if p["sold"] == 0.0:
        p["reference"] = total
    else:
        p["reference"] = max(np.float64(p["reference"]), total)


@jit
def settle(p: Row, row: Row, notional: Float, minute: Int) -> None:
    """An execution: books follow, and a notice is due."""
    notices.executed(p, minute)
    if not notional > 0.0:
        return
    sign = 1.0 if row["side"] == layout.BUY else -1.0
    if row["side"] == 0:
        return
    if row["margin"] != layout.YES and not math.isnan(np.float64(p["cash"])):
        p["cash"] -= sign * notional
    if not math.isnan(np.float64(p["positions"])):
        p["positions"] = max(0.0, np.float64(p["positions"]) + sign * notional)
    instrument = np.int64(row["instrument"])
    if instrument >= 0:
        if sign > 0.0:
            p["holding"][claim_holding(p, instrument)]["value"] += notional
        else:
            at = find_holding(p, instrument)
            if at >= 0:
                p["holding"][at]["value"] = max(0.0, np.float64(p["holding"][at]["value"]) - notional)


@jit
def take_back(p: Row, row: Row, notional: Float) -> None:
    """A cancelled order leaves the windows it had entered."""
    if notional > 0.0:
        if row["side"] == layout.SELL:
            p["sold"] = max(0.0, np.float64(p["sold"]) - notional)
        elif row["side"] == layout.BUY:
            p["bought"] = max(0.0, np.float64(p["bought"]) - notional)
            if np.int64(p["thin_instrument"]) == np.int64(row["instrument"]) + 1:
                p["thin_bought"] = max(0.0, np.float64(p["thin_bought"]) - notional)
