"""Belief: each session's evidence added up in log-odds, and the account's probability over its sessions.

    prior of a session      π₀ = 1 − (1 − hΔ)(1 − κ·residual)         Δ days since the last login
    log-odds of a session   logit π = logit π₀ + Σ signals
    account                 1 − (1 − residual) ∏ (1 − π_session)

A signal holds one place in a session and replaces its own earlier value, so a thief gains nothing by splitting one act
into many and an active owner is not condemned by repetition.
"""

import math
from typing import Any

import numpy as np

from kuraban.core.habits import DAY
from kuraban.core.jit import Flag, Float, Int, Row, jit
from kuraban.core.profile import SCALE, SESSIONS
from kuraban.core.signals.catalogue import HIGH, LOW
from kuraban.core.signals.ids import CHANGE, COUNT, HOUR, SESSION_CHANGE

# Share of an unexplained suspicion that carries over to the next session: thieves return, owners return more often.
CARRY = 0.15
# Half-life in days of the suspicion left behind by a session that ended; credentials stay stolen for a while.
RESIDUAL_DAYS = 7.0
# A session's own belief fades this slowly after its last event (days).
FADE_DAYS = 2.0
# Half-life (days) of the oddness of a network, client or device that nobody has confirmed or denied.
STRANGER_DAYS = 3.0
# What an actor did in his earlier visits counts on with this half-life (days).
ACTS_DAYS = 1.0
LEAST, MOST = -16.0, 16.0


@jit
def logistic(x: Float) -> Any:
    """Log-odds to probability."""
    return 1.0 / (1.0 + math.exp(-x))


@jit
def logit(p: Row) -> Any:
    """Probability to log-odds, bounded."""
    return min(MOST, max(LEAST, math.log(max(p, 1e-300)) - math.log(max(1.0 - p, 1e-300))))


@jit
def put(s: Row, signal: Int, value: Float, fact: Any) -> None:
    """Set a signal's weight in a session, bounded and rounded to thousandths; `fact` is 0..65535."""
    bounded = min(HIGH[signal], max(LOW[signal], value))
    s["weight"][signal] = np.int16(math.floor(bounded * SCALE + 0.5))
    s["fact"][signal] = np.uint16(min(65535, max(0, fact)))


@jit
def lift(s: Row, signal: Int, value: Float, fact: Any) -> None:
    """Set a signal's weight unless it already stands higher."""
    held = np.float64(s["weight"][signal]) / SCALE
    if held == 0.0 or value > held:
        put(s, signal, value, fact)


@jit
def keep(s: Row, signal: Int, value: Float, fact: Any) -> None:
    """Set a signal's weight unless what is left of an earlier visit's oddness weighs more."""
    held = np.float64(s["weight"][signal]) / SCALE
    put(s, signal, max(value, held) if held > 0.0 else value, fact)


@jit
def evidence(s: Row) -> Any:
    """Sum of a session's weights in nats."""
    total = np.int64(0)
    for k in range(COUNT):
        total += np.int64(s["weight"][k])
    return np.float64(total) / SCALE


@jit
def log_odds(s: Row) -> Any:
    """A session's belief in log-odds."""
    return min(MOST, max(LEAST, np.float64(s["prior"]) + evidence(s)))


@jit
def session_probability(s: Row, time: Int) -> Any:
    """A session's belief at `time` by its own evidence alone, faded since its last event.

    What other sessions lent it is left out: two sessions that make each other suspect must not do so in a circle.
    """
    if s["id"] == np.uint64(0):
        return 0.0
    gap = max(0, time - np.int64(s["last"])) / DAY
    own = min(MOST, max(LEAST, np.float64(s["base"]) + evidence(s)))
    return logistic(own) * math.pow(0.5, gap / FADE_DAYS)


@jit
def suspected_elsewhere(p: Row, at: Int, time: Int) -> Any:
    """Probability that someone else has access, over all sessions but the one in slot `at` (-1: over all)."""
    clear = 1.0 - np.float64(p["residual"])
    for i in range(SESSIONS):
        if i != at:
            clear *= 1.0 - session_probability(p["session"][i], time)
    return 1.0 - clear


@jit
def account_probability(p: Row, time: Int) -> Any:
    """Probability that someone other than the owner is acting or has access, over all sessions."""
    return suspected_elsewhere(p, -1, time)


@jit
def fade_residual(p: Row, time: Int) -> None:
    """Let the suspicion of ended sessions fade to `time`."""
    gap = max(0, time - np.int64(p["last"])) / DAY
    left = np.float64(p["residual"]) * math.pow(0.5, gap / RESIDUAL_DAYS)
    p["residual"] = left if left > 1e-9 else 0.0


@jit
def wear(s: Row, time: Int) -> None:
    """What an actor did a while ago is remembered fadingly."""
    f = math.pow(0.5, max(0, time - np.int64(s["last"])) / DAY / ACTS_DAYS)
    for k in range(COUNT):
        if k >= CHANGE or k == SESSION_CHANGE:
            # What spoke for the owner is said anew by his next act; a remnant of it would only stand in the way.
            s["weight"][k] = np.int16(math.floor(max(0.0, np.float64(s["weight"][k])) * f + 0.5))


@jit
def return_to(s: Row, time: Int) -> None:
    """The same actor comes back: who he is will be weighed anew, what he did is remembered fadingly."""
    wear(s, time)
    # What was odd about him at first sight stays odd for some days: an earlier visit of his proves nothing.
    f = math.pow(0.5, max(0, time - np.int64(s["last"])) / DAY / STRANGER_DAYS)
    for k in range(CHANGE):
        odd = k < HOUR and s["weight"][k] > 0
        s["weight"][k] = np.int16(math.floor(np.float64(s["weight"][k]) * f)) if odd else 0


@jit
def fold(p: Row, s: Row, time: Int) -> None:
    """Add a session's belief to what remains once its place is given up.

    Suspicion that rested on access alone, with nothing done, leaves a tenth: a thief acts, an owner who moved house
    comes back.
    """
    pi = session_probability(s, time)
    acts = np.int64(0)
    for k in range(CHANGE, COUNT):
        acts += np.int64(s["weight"][k])
    if acts < 3000:
        pi *= 0.1
    p["residual"] = 1.0 - (1.0 - np.float64(p["residual"])) * (1.0 - pi)


@jit
def first_odds(p: Row, at: Int, time: Int, hazard: Float, machine: Flag) -> tuple[Any, Any]:
    """Log-odds that a session beginning now in slot `at` is not the owner's: by the hazard, and with what is suspected.

    What the slot itself held is left out: the same actor's evidence is weighed anew, not once more.
    """
    since = np.int64(p["last_login"])
    if machine:
        since = max(since, np.int64(p["machine_at"]) * 60_000_000)
    gap = max(0, time - since) / DAY
    if since == 0:
        # Never seen to log in: as long as it has been known, and at least a week.
        gap = max(7.0, (time - np.int64(p["born"])) / DAY)
    h = hazard * min(400.0, max(0.1, gap))
    suspected = suspected_elsewhere(p, at, time)
    return logit(min(0.5, h)), logit(1.0 - (1.0 - min(0.5, h)) * (1.0 - CARRY * suspected))
