"""Time zones as step functions, so that local time is arithmetic: when the offset from UTC changes, and to what."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from kuraban.core.jit import jit

Steps = tuple[NDArray[np.int64], NDArray[np.int64]]

_FIRST, _LAST = datetime(1989, 12, 25, tzinfo=UTC), datetime(2100, 1, 8, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEK = timedelta(days=7)
_MINUTE = 60_000_000
_THURSDAY = 3 * 1440  # minutes from Monday 00:00 to the weekday of 1970-01-01


@lru_cache(maxsize=64)
def offset_steps(zone: str) -> Steps:
    """Every change of a zone's offset from UTC, 1990 to 2100.

    Returns (int64 times in microseconds, ascending, the first before 1990; int64 minutes east of UTC from then on).
    Raises `zoneinfo.ZoneInfoNotFoundError` for a zone there is none of.
    """
    place = ZoneInfo(zone)
    times, offsets = [_microseconds(_FIRST)], [_minutes(place, _FIRST)]
    week = _FIRST
    while week < _LAST:
        following = week + _WEEK
        if _minutes(place, following) != offsets[-1]:
            times.append(_microseconds(_change(place, week, following)))
            offsets.append(_minutes(place, following))
        week = following
    return np.array(times, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _change(place: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute at which the offset changes between two instants that differ in it."""
    old = _minutes(place, before)
    while after - before > timedelta(minutes=1):
        middle = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
        if _minutes(place, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _minutes(place: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(place).utcoffset()
    return (offset or timedelta()) // timedelta(minutes=1)


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


@jit
def step_at(times: NDArray[np.int64], time: int, hint: int) -> int:
    """The step that holds at `time`, sought from `hint` on: events come nearly in order."""
    while hint + 1 < len(times) and times[hint + 1] <= time:
        hint += 1
    while hint > 0 and times[hint] > time:
        hint -= 1
    return hint


@jit
def week_minute(time: int, offset: int) -> int:
    """The minute of the week (Monday 00:00 = 0) of an instant, microseconds, `offset` minutes east of UTC."""
    return (time // _MINUTE + offset + _THURSDAY) % 10_080
