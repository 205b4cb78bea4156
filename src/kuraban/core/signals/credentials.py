"""Keys and addresses changed: passwords, contact, second factors, payout accounts, notices, alone and in sequence."""

import math
from typing import Any

import numpy as np

from kuraban.core import layout
from kuraban.core.belief import put
from kuraban.core.habits import rate
from kuraban.core.jit import Flag, Int, Row, jit
from kuraban.core.profile import ANOMALOUS, NEW_DEVICE, NEW_NETWORK
from kuraban.core.signals import ids

# By setting code: share of takeovers that change it, and of owners' acting sessions that do (before the stream shows).
# SBI 2020: password and payout account; FINRA 21-18: e-mail and bank details; the numbers are assumptions.
THIEF_CHANGES = np.array([0, 0.25, 0.12, 0.15, 0.10, 0.05, 0.12, 0.08, 0.25, 0.10, 0.12, 0.08, 0.05, 0.06, 0.02, 0.02])
OWNER_CHANGES = np.array(
    [0, 0.010, 0.004, 0.003, 0.003, 0.003, 0.003, 0.006, 0.003, 0.003, 0.003, 0.002, 0.002, 0.003, 0.002, 0.002]
)

# Kinds of change whose succession tells: access, contact, notices, payout account, the bank link.
FAMILY = np.array([0, 0, 0, 1, 1, 1, 0, 0, 3, 2, 2, 2, 2, 4, 4, 0])
SEQUENCE_MINUTES = 7 * 1440
# An owner identified anew is told to change everything, and does.
AFTER_RESET_MINUTES, OWNER_CHANGES_AFTER_RESET = 7 * 1440, 0.3


@jit
def is_notice(setting: Int) -> Any:
    """Whether a setting is one of the notice switches."""
    return layout.SET_NOTICE_LOGIN <= setting <= layout.SET_NOTICE_CASH


@jit
def harmless(setting: Int, to: Any) -> Any:
    """A change that makes the account safer: notices, lock or second factor switched on, link or aggregator off."""
    if is_notice(setting) or setting == layout.SET_LOCK:
        return to == layout.TO_ON
    if setting == layout.SET_SWEEP or setting == layout.SET_AGGREGATOR:
        return to == layout.TO_OFF
    return False


@jit
def families_changed(p: Row, minute: Int) -> Any:
    """How many kinds of sensitive change the last week saw."""
    seen = 0
    for setting in range(1, 16):
        at = np.int64(p["changed_at"][setting])
        if at != 0 and minute - at <= SEQUENCE_MINUTES:
            seen |= 1 << FAMILY[setting]
    n = 0
    for k in range(5):
        n += (seen >> k) & 1
    return n


@jit
def score_sequence(p: Row, s: Row, minute: Int, withdrawing: Flag) -> None:
    """Changes of several kinds in a row, more so from a new device or network."""
    n = families_changed(p, minute)
    if n == 0:
        return
    if withdrawing and n > 1:
        # A payout account changed and used is one act (see `cash.new_payout`); after other changes it is one more.
        n += 1
    value = 1.1 * (n - 1)
    strange = (s["flags"] & ANOMALOUS) != 0 or (s["flags"] & NEW_DEVICE and s["flags"] & NEW_NETWORK)
    if strange:
        value += 0.6
    if value > 0.0 and (n > 1 or strange):
        put(s, ids.SEQUENCE, value, n)


@jit
def score_change(p: Row, s: Row, pop: Row, row: Row, minute: Int) -> None:
    """One setting changed."""
    setting = np.int64(row["setting"])
    if setting == 0 or harmless(setting, row["to"]):
        return
    s["changed"] = np.uint32(np.int64(s["changed"]) | (1 << setting))
    p["changed_at"][setting] = minute
    value = 0.0
    notices = 0.0
    for k in range(1, 16):
        if (np.int64(s["changed"]) >> k) & 1:
            usual = rate(np.float64(pop["changes"][k]), np.float64(pop["sessions"]), 300.0, OWNER_CHANGES[k])
            if p["reset_at"] != 0 and minute - np.int64(p["reset_at"]) < AFTER_RESET_MINUTES:
                usual = max(usual, OWNER_CHANGES_AFTER_RESET)
            weight = min(3.0, math.log(THIEF_CHANGES[k] / min(0.5, usual)))
            if is_notice(k):
                notices = max(notices, weight)
            else:
                # Several changes in one visit depend on one another: each further one counts half.
                value = max(value, weight) + 0.5 * min(value, weight)
    if value != 0.0:
        put(s, ids.CHANGE, value, 0)
    if notices != 0.0:
        put(s, ids.NOTICES_OFF, notices, 0)
    pop["changes"][setting] += 1.0
    score_sequence(p, s, minute, False)
