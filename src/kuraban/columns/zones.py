"""The minute of the week on a clock that some steps describe."""

import numpy as np
from numpy.typing import NDArray

from kuraban.core.jit import jit

_MINUTE = 60_000_000
_THURSDAY = 3 * 1440  # minutes from Monday 00:00 to the weekday of 1970-01-01


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
