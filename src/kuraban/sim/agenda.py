"""What happens next: one queue of scripts, run in time order over all accounts.

A script is a generator that acts when it is resumed and yields the moment at which it wants to act again. Because the
queue is one, everything is written in time order, prices answer to earlier orders only, and thief and owner can be in
the same account at the same time.
"""

from collections.abc import Generator
from heapq import heappop, heappush

Script = Generator[int, None, None]


class Agenda:
    """The queue and its clock (milliseconds since 1970)."""

    __slots__ = ("_count", "_queue", "now")

    def __init__(self, now: int) -> None:
        self.now = now
        self._queue: list[tuple[int, int, Script]] = []
        self._count = 0

    def start(self, time: int, script: Script) -> None:
        """Resume the script at this moment, or now if that has passed."""
        self._count += 1
        heappush(self._queue, (max(time, self.now), self._count, script))

    def run_until(self, end: int) -> None:
        """Run everything that is due before `end`."""
        queue = self._queue
        while queue and queue[0][0] < end:
            self.now, _, script = heappop(queue)
            wanted = next(script, None)
            if wanted is not None:
                self.start(wanted, script)
        self.now = max(self.now, end)
