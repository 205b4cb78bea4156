"""Time zones as step functions, so that local time is arithmetic: when the offset from UTC changes, and to what."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Steps = tuple[NDArray[np.int64], NDArray[np.int64]]

_FIRST, _LAST = datetime(1989, 12, 25, tzinfo=UTC), datetime(2100, 1, 18, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
# zoneinfo does not list its changes. Two of them never cancel out in so short a time: the shortest spells on record,
# summer time suspended for Ramadan, last four weeks.
_STRIDE = timedelta(days=14)


@lru_cache(maxsize=64)
def offset_steps(zone: str) -> Steps:
    """Every change of a zone's offset from UTC, 1990 to 2100.

    Returns (int64 times in microseconds, ascending, the first before 1990; int64 minutes east of UTC from then on).
    Raises `zoneinfo.ZoneInfoNotFoundError` for a zone there is none of.
    """
    place = ZoneInfo(zone)
    before, offset = _FIRST, _FIRST.astimezone(place).utcoffset()
    changes = [(before, offset)]
    while before < _LAST:
        after = before + _STRIDE
        new = after.astimezone(place).utcoffset()
        if new != offset:
            changes.append((_change(place, before, after), new))
        before, offset = after, new
    times, offsets = zip(*changes, strict=True)
    return (
        np.array([(time - _EPOCH) // timedelta(microseconds=1) for time in times], dtype=np.int64),
        np.array([(offset or timedelta()) // _MINUTE for offset in offsets], dtype=np.int64),
    )


def _change(place: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute at which the offset changes between two instants that differ in it."""
    old = before.astimezone(place).utcoffset()
    while after - before > _MINUTE:
        middle = before + (after - before) // (2 * _MINUTE) * _MINUTE
        if middle.astimezone(place).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
