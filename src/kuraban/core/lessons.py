"""Lessons: what an unsure visit would teach is held back until proof or a clean day, and unlearned when denied."""

from typing import Any

import numpy as np

from kuraban.core import layout
from kuraban.core.habits import low32
from kuraban.core.jit import Flag, Float, Int, Row, jit
from kuraban.core.profile import PENDING
from kuraban.core.teaching import teach_login, teach_order

LOGIN_LESSONS = 2  # of the lessons kept, so many are for logins: many orders must not crowd them out


@jit
def apply_lesson(p: Row, lesson: Row, sign: Int, pop: Row) -> None:
    """Learn or unlearn what a kept event taught."""
    if lesson["kind"] == 1:
        teach_login(
            p,
            lesson["ip"],
            lesson["net"],
            lesson["asn"],
            lesson["country"],
            lesson["ua"],
            lesson["browser"],
            lesson["os"],
            lesson["device"],
            lesson["week_minute"],
            np.int64(lesson["flags"]),
            np.int64(lesson["minute"]),
            sign,
        )
    elif lesson["kind"] >= 2:
        teach_order(
            p,
            lesson["kind"] == 2,
            np.int64(lesson["instrument"]),
            np.int64(lesson["os"]),
            np.int64(lesson["market"]),
            np.float64(lesson["notional"]),
            np.float64(lesson["thin"]),
            np.int64(lesson["flags"]),
            sign,
        )


@jit
def commit_clean(p: Row, minute: Int, believed_taken: Flag, pop: Row) -> None:
    """Learn the lessons held back a whole day, or a week where the account is believed taken."""
    for i in range(PENDING):
        lesson = p["lesson"][i]
        # Nobody has denied it for a week: it is a habit by now, however odd.
        due = 7 * 1440 if believed_taken else 1440
        if lesson["kind"] != 0 and lesson["held"] == 1 and minute - np.int64(lesson["minute"]) >= due:
            apply_lesson(p, lesson, 1, pop)
            lesson["held"] = 0


@jit
def holds_ripe_lesson(p: Row, minute: Int) -> Any:
    """Whether any lesson has been held back for a day."""
    for i in range(PENDING):
        lesson = p["lesson"][i]
        if lesson["kind"] != 0 and lesson["held"] == 1 and minute - np.int64(lesson["minute"]) >= 1440:
            return True
    return False


@jit
def commit_session(p: Row, session: Any, pop: Row) -> None:
    """Learn at once what a session held back: its owner has proved himself."""
    for i in range(PENDING):
        lesson = p["lesson"][i]
        if lesson["kind"] != 0 and lesson["held"] == 1 and lesson["session"] == session:
            apply_lesson(p, lesson, 1, pop)
            lesson["held"] = 0


@jit
def unlearn_session(p: Row, session: Any, pop: Row) -> None:
    """Take back whatever a session taught, and forget what it would have taught."""
    for i in range(PENDING):
        lesson = p["lesson"][i]
        if lesson["kind"] != 0 and lesson["session"] == session:
            if lesson["held"] == 0:
                apply_lesson(p, lesson, -1, pop)
            lesson["kind"] = 0


@jit
def spare_lesson(p: Row, first: Int, end: Int) -> Any:
    """Slot for a new lesson among first..end: empty, else the oldest learned, else the oldest held (then lost)."""
    best = first
    rank = 1e30
    for i in range(first, end):
        lesson = p["lesson"][i]
        here = np.float64(lesson["minute"])
        if lesson["kind"] == 0:
            here = np.float64(-1.0)
        elif lesson["held"] == 1:
            here += 1e12
        if here < rank:
            rank = here
            best = i
    return best


@jit
def login_lesson(p: Row, device: Any, asn: Any, ua: Any) -> Any:
    """Slot for what a login teaches; a place and device whose lesson is waiting already has been here since then."""
    for i in range(LOGIN_LESSONS):
        lesson = p["lesson"][i]
        if (
            lesson["kind"] == 1
            and lesson["held"] == 1
            and lesson["device"] == device
            and lesson["asn"] == asn
            and lesson["ua"] == ua
        ):
            return -1
    return spare_lesson(p, 0, LOGIN_LESSONS)


@jit
def keep_login_lesson(
    p: Row, s: Row, row: Row, minute: Int, ip: Any, net: Any, ua: Any, device: Any, new: Int, shape: Int, held: Flag
) -> None:
    """Remember what a login taught or would teach."""
    at = login_lesson(p, device, row["asn"], ua)
    if at < 0:
        return
    lesson = p["lesson"][at]
    lesson["id"] = row["id"]
    lesson["session"] = low32(s["id"])
    lesson["minute"] = minute
    lesson["ip"] = ip
    lesson["net"] = net
    lesson["asn"] = row["asn"]
    lesson["ua"] = ua
    lesson["device"] = device
    lesson["instrument"] = -1
    lesson["notional"] = 0.0
    lesson["thin"] = 0.0
    lesson["country"] = row["country"]
    lesson["browser"] = row["browser"]
    lesson["os"] = row["os"]
    lesson["week_minute"] = row["week_minute"]
    lesson["kind"] = 1
    lesson["held"] = 1 if held else 0
    lesson["market"] = shape
    lesson["flags"] = new


@jit
def keep_order_lesson(
    p: Row, s: Row, row: Row, minute: Int, market: Int, notional: Float, thin: Float, flags: Int, held: Flag
) -> None:
    """Remember what an order taught or would teach. The product kind rides in `os`."""
    lesson = p["lesson"][spare_lesson(p, LOGIN_LESSONS, PENDING)]
    lesson["id"] = row["id"]
    lesson["session"] = low32(s["id"])
    lesson["minute"] = minute
    lesson["ip"] = 0
    lesson["net"] = 0
    lesson["asn"] = 0
    lesson["ua"] = 0
    lesson["device"] = 0
    lesson["instrument"] = row["instrument"]
    lesson["notional"] = notional if notional > 0.0 else 0.0
    lesson["thin"] = thin
    lesson["country"] = 0
    lesson["browser"] = 0
    lesson["os"] = row["kind"]
    lesson["week_minute"] = row["week_minute"]
    lesson["kind"] = 2 if row["side"] == layout.BUY else 3
    lesson["held"] = 1 if held else 0
    lesson["market"] = market
    lesson["flags"] = flags
