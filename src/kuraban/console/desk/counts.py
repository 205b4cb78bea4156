"""Sprays' tries as counted in the journal: one count at a time, beside the server; the latest of each group is kept."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from kuraban.console.desk.count_worker import Job
from kuraban.console.desk.members import Group
from kuraban.console.desk.sprayed import Count
from kuraban.console.desk.working import Work, note
from kuraban.server.service import Service

WORKER = "kuraban.console.desk.count_worker"
_KEPT = 16


@dataclass
class Counting:
    """One count. at: when it was begun, µs. done, total: how far it is, while it runs."""

    at: int
    running: bool = True
    done: int = 0
    total: int = 0
    result: Count | None = None
    problem: str = ""

    def seconds(self) -> list[float]:
        """When each point of the result begins, seconds since 1970."""
        return [point.at / 1e6 for point in self.result.points] if self.result is not None else []


class Counts:
    """The counts of one desk."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Counting] = OrderedDict()
        self._lock = threading.Lock()
        self._busy = False

    def get(self, group: Group) -> Counting | None:
        """A group's latest count."""
        return self._kept.get(group.id)

    def start(self, job: Job, at: int) -> bool:
        """Begin one; False where another is running. Raises OSError where no process can be started."""
        counting = Counting(at)
        with self._lock:
            if self._busy:
                return False
            Work(WORKER, job, lambda said: note(counting, said, Count), lambda status: self._ended(counting, status))
            self._busy = True
            self._kept[job.group] = counting
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return True

    def _ended(self, counting: Counting, status: int) -> None:
        if counting.result is None and not counting.problem:
            counting.problem = f"exit status {status}"
        counting.running = False
        with self._lock:
            self._busy = False


_COUNTS: "WeakKeyDictionary[Service, Counts]" = WeakKeyDictionary()


def of(service: Service) -> Counts:
    """The counts of a desk."""
    return _COUNTS.setdefault(service, Counts())
