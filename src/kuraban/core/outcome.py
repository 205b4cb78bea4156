"""Outcomes: a decision's row, and the decisions without an event when a ring or a spray becomes known."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core import instruments as rings
from kuraban.core.belief import lift, log_odds, logistic
from kuraban.core.habits import DAY, MINUTE, low32
from kuraban.core.jit import Flag, Float, Int, Row, jit
from kuraban.core.policy import choose, exposure, reach
from kuraban.core.profile import MEMBERS, SESSIONS
from kuraban.core.signals import ids
from kuraban.core.signals.ids import COUNT
from kuraban.core.visits import silence

HITS = 24
# Evidence (thousandths of a nat) from which somebody is said to belong to a ring; who follows the price has less.
IN_RING = 1000
# Belief below which evidence found after the fact is kept but not announced.
ANNOUNCE = 1e-5


@jit
def emit(
    out: NDArray[Any],
    n: Int,
    p: Row,
    s: Row,
    row_index: Int,
    cause: Int,
    row: Row,
    time: Int,
    account: Int,
    before: Float,
    ratio: Float,
    pol: Row,
    costs: NDArray[Any],
    ring_day: Any,
) -> Any:
    """Write one decision and return it."""
    d = out[n]
    believed = logistic(log_odds(s))
    if row_index < 0:
        total, act = reach(p, pol), 0.0  # the row is an act in another account
    else:
        total, act = exposure(p, row, ratio, pol)
    d["row"] = row_index
    d["cause"] = cause
    d["time"] = time
    d["account"] = account
    d["probability"] = believed
    d["exposure"] = total
    d["action"] = choose(believed, total, act, pol, costs)
    for k in range(5):
        d["cost"][k] = costs[k]
    d["before"] = before
    d["after"] = log_odds(s)
    d["prior"] = s["prior"]
    d["asn"] = s["asn"]
    d["country"] = s["country"]
    d["browser"] = s["browser"]
    d["os"] = s["os"]
    d["hosting"] = s["hosting"]
    d["instrument"] = row["instrument"]
    d["flags"] = s["flags"]
    d["changed"] = s["changed"]
    d["cold"] = 1 if p["logins"] < 3.0 else 0
    d["selling"] = (time - np.int64(p["sold_since"])) // MINUTE if p["sold"] > 0.0 else 0
    for k in range(COUNT):
        d["weight"][k] = s["weight"][k]
        d["fact"][k] = s["fact"][k]
    d["group_kind"] = 0
    d["group_day"] = 0
    d["group_key"] = 0
    if ring_day != 0 and s["weight"][ids.RING] >= IN_RING:
        d["group_kind"] = 1
        d["group_day"] = ring_day
        d["group_key"] = row["instrument"]
    elif s["weight"][ids.SPRAY] > 2000:
        d["group_kind"] = 2
        d["group_key"] = np.int64(s["asn"])
        d["group_day"] = time // DAY
    return d


@jit
def emit_plain(
    out: NDArray[Any],
    n: Int,
    p: Row,
    row_index: Int,
    row: Row,
    time: Int,
    account: Int,
    pol: Row,
    costs: NDArray[Any],
    blank: Row,
) -> Any:
    """A decision on an act outside any session (a plan's order, a batch): the account's own belief decides."""
    blank["id"] = np.uint64(0)
    blank["prior"] = -16.0
    blank["asn"] = row["asn"]
    blank["country"] = row["country"]
    blank["browser"] = row["browser"]
    blank["os"] = row["os"]
    blank["hosting"] = row["net_flags"]
    return emit(out, n, p, blank, row_index, row_index, row, time, account, -16.0, math.nan, pol, costs, 0)


@jit
def spread_ring(
    out: NDArray[Any],
    n: Int,
    profiles: NDArray[Any],
    c: Row,
    account: Int,
    adv: Float,
    time: Int,
    pop: Row,
    pol: Row,
    costs: NDArray[Any],
    cause: Int,
    row: Row,
    least: Float,
    named: Flag,
) -> Any:
    """Tell a ring's other members what has become known; those whose belief moves get a decision of their own.

    When the ring has just been named, every member it counts against gets one: else none of theirs would say its name.
    """
    for i in range(MEMBERS):
        other = np.int64(c["member"][i])
        if other < 0 or other == account or time - np.int64(c["member_at"][i]) > 5 * DAY:
            continue
        value, others = rings.ring_odds(c, other, adv, time, pop)
        if not named and value < np.float64(c["told"][i]) + 0.7:
            continue
        worth = rings.member_odds(c, value, others, np.float64(c["odd"][i]), time, pop)
        q = profiles[other]
        for j in range(SESSIONS):
            s = q["session"][j]
            if s["id"] != np.uint64(0) and low32(s["id"]) == c["member_session"][i]:
                before = log_odds(s)
                lift(s, ids.RING, worth, np.int64(others + 0.5))
                if pol["mutes"]:
                    silence(s, pol)
                c["told"][i] = max(value, np.float64(c["told"][i]))
                news = log_odds(s) - before >= 0.5 or (named and s["weight"][ids.RING] >= IN_RING)
                if news and logistic(log_odds(s)) >= least and n < out.size:
                    emit(
                        out,
                        n,
                        q,
                        s,
                        -1,
                        cause,
                        row,
                        time,
                        other,
                        before,
                        math.nan,
                        pol,
                        costs,
                        np.int64(c["ring_day"]),
                    )
                    n += 1
    return n


@jit
def spread_spray(
    out: NDArray[Any],
    n: Int,
    profiles: NDArray[Any],
    hits: Int,
    hit_accounts: NDArray[Any],
    account: Int,
    time: Int,
    minute: Int,
    pol: Row,
    costs: NDArray[Any],
    cause: Int,
    row: Row,
    least: Float,
) -> Any:
    """A spray has been named: earlier successes out of it are believed stolen."""
    for i in range(hits):
        other = np.int64(hit_accounts[i])
        if other == account:
            continue
        q = profiles[other]
        q["spray_at"] = minute
        q["spray"] = max(np.float64(q["spray"]), 3.0)
        for j in range(SESSIONS):
            s = q["session"][j]
            if s["id"] != np.uint64(0) and (
                (s["ip"] == low32(row["ip"]) and s["ip"] != 0) or (s["net"] == low32(row["net"]) and s["net"] != 0)
            ):
                before = log_odds(s)
                lift(s, ids.SPRAY, 3.5, 0)
                if pol["mutes"]:
                    silence(s, pol)
                if log_odds(s) - before >= 0.5 and logistic(log_odds(s)) >= least and n < out.size:
                    emit(out, n, q, s, -1, cause, row, time, other, before, math.nan, pol, costs, 0)
                    n += 1
    return n
