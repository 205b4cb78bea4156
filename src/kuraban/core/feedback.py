"""Feedback: what the owner said, and what a reset of the credentials means."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core.belief import account_probability, log_odds, put
from kuraban.core.habits import DAY, low32
from kuraban.core.jit import Flag, Int, Row, jit
from kuraban.core.lessons import commit_session, unlearn_session
from kuraban.core.profile import DENIED, PENDING, SESSIONS
from kuraban.core.signals import ids
from kuraban.core.visits import find_session


@jit
def owner_said(p: Row, row: Row, about: NDArray[Any], time: Int, minute: Int, mine: Flag, pol: Row, pop: Row) -> None:
    """Feedback: unlearn what denied sessions taught; prove or condemn them; watch for weeks."""
    start = np.int64(row["about_at"])
    hit = False
    for i in range(start, start + np.int64(row["about_n"])):
        for k in range(PENDING):
            lesson = p["lesson"][k]
            if lesson["kind"] == 0 or lesson["id"] != about[i]:
                continue
            for j in range(SESSIONS):
                s = p["session"][j]
                if s["id"] != np.uint64(0) and low32(s["id"]) == lesson["session"]:
                    hit = True
                    put(s, ids.OWNER, -9.0 if mine else 14.0, 0)
                    if not mine:
                        s["flags"] |= DENIED
            if mine:
                commit_session(p, np.uint32(lesson["session"]), pop)
            else:
                unlearn_session(p, np.uint32(lesson["session"]), pop)
    if row["session"] != np.uint64(0):
        at = find_session(p, row["session"], time, False)
        if at >= 0:
            hit = True
            put(p["session"][at], ids.OWNER, -9.0 if mine else 14.0, 0)
            if mine:
                commit_session(p, low32(row["session"]), pop)
            else:
                p["session"][at]["flags"] |= DENIED
                unlearn_session(p, low32(row["session"]), pop)
    if mine:
        if not hit:
            # About something no longer remembered: the live sessions stay as they are, the old suspicion goes.
            p["residual"] = 0.1 * np.float64(p["residual"])
        return
    if not hit:
        # Which session it was is no longer known: the newest suspect one answers for it, else the account.
        worst = -1
        for j in range(SESSIONS):
            s = p["session"][j]
            lately = s["id"] != np.uint64(0) and time - np.int64(s["last"]) < 14 * DAY
            if lately and (worst < 0 or log_odds(s) > log_odds(p["session"][worst])):
                worst = j
        if worst >= 0 and log_odds(p["session"][worst]) > -6.0:
            put(p["session"][worst], ids.OWNER, 14.0, 0)
            unlearn_session(p, low32(p["session"][worst]["id"]), pop)
        p["residual"] = max(np.float64(p["residual"]), 0.98)
    p["watch_until"] = minute + np.int64(np.float64(pol["watch_days"]) * 1440.0)


@jit
def reset_credentials(p: Row, time: Int, minute: Int, pol: Row) -> None:
    """The broker has identified the owner anew: nobody else's session lives on, but thieves return."""
    suspected = account_probability(p, time)
    for i in range(SESSIONS):
        p["session"][i]["id"] = np.uint64(0)
    p["residual"] = 0.002 * suspected  # the closer watch says the rest
    p["reset_at"] = minute
    if suspected > 0.05:
        p["watch_until"] = minute + np.int64(np.float64(pol["watch_days"]) * 1440.0)
