"""Money moving: pulls over the bank link, withdrawals, new payout accounts, how much of the reachable is gone."""

import math
from typing import Any

import numpy as np

from kuraban.core import layout
from kuraban.core.belief import lift, put
from kuraban.core.habits import rate
from kuraban.core.jit import Float, Int, Row, jit
from kuraban.core.signals import ids
from kuraban.core.signals.credentials import score_sequence

THIEF_SWEEPS, THIEF_WITHDRAWS, THIEF_FRESH_PAYOUT = 0.30, 0.30, 0.75


@jit
def score_sweep(p: Row, s: Row, pop: Row, amount: Float) -> None:
    """A pull over the bank link: how often this owner does, and how much of what is there."""
    sessions = np.float64(p["sessions"])
    everyone = rate(np.float64(pop["sweeps"]), np.float64(pop["linked"]), 50.0, 0.08)
    usual = min(0.9, rate(np.float64(p["sweeps"]), sessions, 6.0, everyone))
    value = math.log(THIEF_SWEEPS / usual)
    share = 0.0
    linked = np.float64(p["linked_cash"])
    if amount > 0.0 and linked > 0.0:
        share = min(1.0, (np.float64(p["swept"]) + amount) / (linked + np.float64(p["swept"])))
        value += 2.5 * (min(share, 0.6) - 0.4)  # a thief takes what is there
    lift(s, ids.SWEEP, value, np.int64(share * 100.0 + 0.5))
    pop["sweeps"] += 1.0


@jit
def score_withdrawal(p: Row, s: Row, pop: Row, row: Row, amount: Float, destination: Any, minute: Int) -> None:
    """A withdrawal: how often this owner does, to a fresh payout account, how much is left."""
    sessions = np.float64(p["sessions"])
    everyone = rate(np.float64(pop["withdrawals"]), np.float64(pop["sessions"]), 100.0, 0.05)
    usual = min(0.9, rate(np.float64(p["withdrawals"]), sessions, 6.0, everyone))

    changed = np.int64(p["changed_at"][layout.SET_PAYOUT])
    since = minute - changed
    fresh = changed != 0 and since <= 30 * 1440
    if fresh:
        # Who changes the payout account means to be paid: the change has been weighed, the withdrawal adds little, but
        # thieves withdraw within hours, owners when they next need the money.
        follows = rate(np.float64(pop["fresh_payouts"]), np.float64(pop["changes"][layout.SET_PAYOUT]), 20.0, 0.4)
        soon = math.pow(0.5, since / (2.0 * 1440.0))
        put(s, ids.NEW_PAYOUT, math.log(THIEF_FRESH_PAYOUT / min(0.9, follows)) + 0.8 * soon, since // 60)
        if p["paid_after"] != changed:
            p["paid_after"] = changed
            pop["fresh_payouts"] += 1.0
    else:
        lift(s, ids.WITHDRAWAL, math.log(THIEF_WITHDRAWS / usual), 0)
        if p["destination"] != 0 and destination != 0 and p["destination"] != destination:
            put(s, ids.NEW_PAYOUT, 1.2, 0)
    pop["withdrawals"] += 1.0

    cash = np.float64(p["cash"])
    taken = np.float64(p["taken"]) + (amount if amount > 0.0 else 0.0)
    if not math.isnan(cash):
        linked = np.float64(p["linked_cash"])
        within = max(cash, 0.0) + (linked if linked > 0.0 else 0.0) + np.float64(p["taken"])
        share = min(1.0, taken / max(1.0, within))
        repeats = np.float64(p["takes"])
        value = 1.0 * max(0.0, share - 0.5) / 0.5 + 0.5 * min(2.0, repeats)
        if value > 0.2:
            lift(s, ids.DRAIN, value - 0.2, np.int64(share * 100.0 + 0.5))
    score_sequence(p, s, minute, fresh)
