"""Time as the server sees it: never backwards, and it says so when the system's clock was."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

JUMP = 5_000_000  # microseconds back that are worth a word; less is the clock being kept in step


class Clock:
    """Wall-clock time that only grows. start: of the newest event there is. went_back: called when the system's clock
    is behind what was told already (True), and when it has caught up (False)."""

    def __init__(
        self,
        start: int = 0,
        went_back: Callable[[bool], object] = lambda back: None,
        wall: Callable[[], int] = lambda: time.time_ns() // 1000,
    ):
        self._last = start
        self._went_back = went_back
        self._wall = wall
        self._behind = False
        self._lock = threading.Lock()

    def now(self) -> int:
        """Microseconds since 1970."""
        with self._lock:
            found = self._wall()
            behind = found < self._last - JUMP
            if behind != self._behind:
                self._behind = behind
                self._went_back(behind)
            self._last = max(found, self._last + (1 if behind else 0))
            return self._last

    @staticmethod
    def monotonic() -> float:
        """Seconds, for measuring."""
        return time.perf_counter()


def written(microseconds: int) -> str:
    """A time as RFC 3339, in UTC."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
