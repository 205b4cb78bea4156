"""Independent jobs, some at a time, with a line for each that is done."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any


class Steps:
    """Runs jobs in at most `jobs` processes and says what has been done on standard error."""

    def __init__(self, jobs: int) -> None:
        self._jobs = max(1, jobs)
        self._start = time.monotonic()

    def say(self, words: str) -> None:
        """One line, with the time since the start."""
        sys.stderr.write(f"[{time.monotonic() - self._start:7.1f} s] {words}\n")
        sys.stderr.flush()

    def run(self, what: str, job: Callable[..., Any], calls: Iterable[tuple[Any, ...]]) -> list[Any]:
        """The results of `job` for each call, in order. With one process at a time nothing is started."""
        every = list(calls)
        if self._jobs == 1 or len(every) < 2:
            return [self._told(what, number, len(every), job(*call)) for number, call in enumerate(every, 1)]
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self._jobs, len(every)), mp_context=context) as pool:
            waiting = [pool.submit(job, *call) for call in every]
            for number, done in enumerate(as_completed(waiting), 1):
                self._told(what, number, len(every), done.result())
            return [each.result() for each in waiting]

    def _told(self, what: str, number: int, total: int, result: Any) -> Any:
        self.say(f"{what}: {number} of {total}")
        return result
