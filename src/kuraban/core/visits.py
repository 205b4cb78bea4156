"""Visits: which session an event belongs to, whose slot it takes, and how odd it is by itself."""

import math
from typing import Any

import numpy as np

from kuraban.core.belief import evidence, first_odds, fold, log_odds, logistic, put, return_to
from kuraban.core.habits import DAY
from kuraban.core.jit import Flag, Float, Int, Row, jit
from kuraban.core.profile import CHALLENGED, DENIED, MACHINE, SESSIONS, STRONG
from kuraban.core.signals import ids
from kuraban.core.signals.ids import COUNT

# A session without an id of its own goes on while its events follow one another within this time.
NAMELESS = np.uint64(1)
NAMELESS_GAP = 1_800_000_000
# After such a pause within a session who is there is weighed anew.
PAUSE = 6 * 3_600_000_000
NAMELESS_GAP_BLIND = 43_200_000_000
# Evidence without the ring at which a buyer is as likely odd as not; about 2 in 100 of owners' new buys reach it.
ODD_AT = 2.0


@jit
def first_seen(p: Row, time: Int) -> None:
    """Begin a profile."""
    p["born"] = time
    p["cash"] = math.nan
    p["linked_cash"] = math.nan
    p["margin_power"] = math.nan
    p["positions"] = math.nan
    p["decayed"] = time // DAY
    p["counted_day"] = -1


@jit
def find_session(p: Row, session: Any, time: Int, blind: Flag) -> Any:
    """Slot of a session, -1 when it is not known (or was nameless and is over)."""
    for i in range(SESSIONS):
        s = p["session"][i]
        if s["id"] == session:
            if session == NAMELESS:
                gap = NAMELESS_GAP_BLIND if blind else NAMELESS_GAP
                if time - np.int64(s["last"]) > gap:
                    return -1
            return i
    return -1


@jit
def same_actor(s: Row, net: Any, asn: Any, ua: Any, device: Any) -> Any:
    """Whether a session's device, or its network and software, are those of an earlier one.

    The same unusual place twice is one piece of evidence, not two: the later session replaces the earlier one.
    """
    if s["id"] == np.uint64(0) or s["flags"] & DENIED:
        return False
    if device != 0 and s["device"] == device:
        return True
    return net != 0 and (s["net"] == net or (s["asn"] == asn and s["ua"] == ua and ua != 0))


@jit
def open_session(
    p: Row, session: Any, row: Row, time: Int, ip: Any, net: Any, ua: Any, device: Any, hazard: Float, machine: Flag
) -> Any:
    """Begin a session: in its actor's slot where he is known, else in place of the one that matters least.

    What is given up stays with the account as suspicion.
    """
    at = -1
    returns = False
    lowest = 1e300
    for i in range(SESSIONS):
        s = p["session"][i]
        if s["id"] == session or same_actor(s, net, row["asn"], ua, device):
            at = i
            returns = s["id"] != np.uint64(0)
            break
        # Old and harmless first: a suspect session is worth keeping for days.
        worth = np.int64(s["last"]) / DAY + min(6.0, max(0.0, 0.5 * (log_odds(s) + 10.0)))
        if s["id"] == np.uint64(0):
            worth = -1.0
        if worth < lowest:
            lowest = worth
            at = i
    s = p["session"][at]
    changed = np.uint32(0)
    flags = 0
    if returns:
        factor = s["weight"][ids.FACTOR]
        return_to(s, time)
        if s["id"] == session:
            # The same session after a pause: a factor given just now counts for what follows.
            s["weight"][ids.FACTOR] = factor
            flags = s["flags"] & (STRONG | CHALLENGED | DENIED)
        # Only what is the same as then is still odd.
        if s["asn"] != row["asn"]:
            s["weight"][ids.NETWORK] = 0
        if s["ua"] != ua:
            s["weight"][ids.CLIENT] = 0
        if s["device"] != device or device == 0:
            s["weight"][ids.DEVICE] = 0
        if time - np.int64(s["last"]) < DAY:
            changed = s["changed"]
    else:
        if s["id"] != np.uint64(0):
            fold(p, s, time)
            s["id"] = np.uint64(0)
        for k in range(COUNT):
            s["weight"][k] = 0
            s["fact"][k] = 0
    s["base"], s["prior"] = first_odds(p, at, time, hazard, machine)
    s["id"] = session
    s["start"] = time
    s["last"] = time
    s["ip"] = ip
    s["net"] = net
    s["asn"] = row["asn"]
    s["ua"] = ua
    s["device"] = device
    s["changed"] = changed
    s["country"] = row["country"]
    s["browser"] = row["browser"]
    s["os"] = row["os"]
    s["flags"] = flags | (MACHINE if machine else 0)
    s["orders"] = 0
    s["hosting"] = row["net_flags"]
    return at


@jit
def silence(s: Row, pol: Row) -> None:
    """Take back what silenced signals said."""
    for k in range(COUNT):
        if pol["muted"][k]:
            s["weight"][k] = 0


@jit
def watch(p: Row, s: Row, minute: Int, pol: Row) -> None:
    """Closer watch for weeks after a takeover, and after a success out of a spray."""
    if minute < np.int64(p["watch_until"]):
        # Most thieves who return do so within days: the closer watch has a half-life of an eighth of its length.
        whole = max(1.0, np.float64(pol["watch_days"]) * 1440.0)
        gone = min(1.0, max(0.0, 1.0 - (np.int64(p["watch_until"]) - minute) / whole))
        put(s, ids.WATCH, math.log(np.float64(pol["watch"])) * math.pow(0.5, 8.0 * gone), 0)


@jit
def oddness(s: Row) -> Any:
    """How odd a session is by its own evidence, 0..1: without the ring's, and without what the instrument itself tells.

    Everybody in a crowd buys the same cheap, thin name.
    """
    shared = np.float64(s["weight"][ids.RING]) + np.float64(s["weight"][ids.CHEAP]) + np.float64(s["weight"][ids.PRICE])
    shared += np.float64(s["weight"][ids.THINNESS]) + np.float64(s["weight"][ids.NOVEL_MARKET])
    own = evidence(s) - shared / 1000.0
    return logistic(1.5 * (own - ODD_AT))
