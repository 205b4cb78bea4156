"""The one writer of the journal: a thread that makes whatever waits durable with one commit, then says so.

Nothing that was handed over is given up while the process lives. When the disk is full or read-only the same work is
tried again until it succeeds; those who wait for it are told at once that it is not durable yet. After an error that
leaves unknown what is on the disk (a failed flush, a damaged file) nothing more is written: only a new start, which
reads what is there, can tell.
"""

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Job = Callable[[sqlite3.Connection], object]

# SQLite's names of errors → our code. What is not here leaves the disk's content unknown.
WAITS_FOR_ROOM = {"SQLITE_FULL": "disk_full", "SQLITE_IOERR_WRITE": "disk_full"}
PASSES = {"SQLITE_READONLY": "read_only", "SQLITE_BUSY": "locked", "SQLITE_CANTOPEN": "read_only"}
RETRY_S = 0.5
_GATHERED = 64  # works per commit, so that the first of them does not wait for ever


@dataclass
class Work:
    """Something to make durable.

    job: statements, no transaction of its own; it may run several times. done: called with what the job returned, once
    that is on the disk. refused: called with the job's own error (anything but SQLite's); what it did is undone, the
    other works of the commit stand. delayed: called, perhaps repeatedly, with the reason when it will take longer.
    """

    job: Job
    done: Callable[[Any], object] = lambda result: None
    refused: Callable[[Exception], object] | None = None
    delayed: Callable[[str], object] = lambda code: None


class Writer:
    """Owns the writing connection. trouble: called with a code when writing stops, with None when it works again."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        trouble: Callable[[str | None], object],
        *,
        given_up: Callable[[], object] = lambda: None,
        waiting: int = 4,
    ):
        self._connection = connection
        self._trouble = trouble
        self._given_up = given_up
        self._queue: queue.Queue[Work | None] = queue.Queue(waiting)
        self._stop = threading.Event()
        self.failed: str | None = None
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> None:
        """Hand over work; waits while much is waiting already."""
        self._queue.put(work)

    def close(self, timeout: float = 30.0) -> bool:
        """Finish what waits and end; False where that was not possible in time (a full disk)."""
        self._queue.put(None)
        self._thread.join(timeout)
        finished = not self._thread.is_alive()
        self._stop.set()
        self._thread.join(2 * RETRY_S)
        return finished and self.failed is None

    def _run(self) -> None:
        last = False
        while not last:
            works, last = self._gather()
            while works and not self._stop.is_set():
                outcomes: list[tuple[Work, Any, Exception | None]] = []
                problem = self._commit(works, outcomes) if self.failed is None else self.failed
                if problem is None:
                    _tell(outcomes)
                    break
                # Whoever handed over something in the meantime is told as well, and waits for the same retry.
                more, ended = self._gather_now()
                works, last = [*works, *more], last or ended
                for work in works:
                    work.delayed(problem)
                if self.failed is not None:
                    break
                self._stop.wait(RETRY_S)

    def _gather(self) -> tuple[Sequence[Work], bool]:
        first = self._queue.get()
        if first is None:
            return [], True
        more, last = self._gather_now()
        return [first, *more], last

    def _gather_now(self) -> tuple[Sequence[Work], bool]:
        found: list[Work] = []
        while len(found) < _GATHERED:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                break
            if work is None:
                return found, True
            found.append(work)
        return found, False

    def _commit(self, works: Sequence[Work], outcomes: list[tuple[Work, Any, Exception | None]]) -> str | None:
        """One transaction; the code of what went wrong, None when all is on the disk."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes.extend((work, *self._attempt(work)) for work in works)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            return self._failed(error)
        self.commits += 1
        self._trouble(None)
        return None

    def _attempt(self, work: Work) -> tuple[Any, Exception | None]:
        if work.refused is None:
            return work.job(self._connection), None
        self._connection.execute("SAVEPOINT work")
        try:
            result = work.job(self._connection)
        except sqlite3.Error:
            raise
        except Exception as error:
            self._connection.execute("ROLLBACK TO work")
            self._given_up()
            self._connection.execute("RELEASE work")
            return None, error
        self._connection.execute("RELEASE work")
        return result, None

    def _failed(self, error: sqlite3.Error) -> str:
        name = getattr(error, "sqlite_errorname", "")
        code = WAITS_FOR_ROOM.get(name) or PASSES.get("_".join(name.split("_")[:2]))
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._given_up()
        except sqlite3.Error:
            code = None
        if code is None:
            code = self.failed = "damaged" if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB") else "disk_failing"
        self._trouble(code)
        return code


def _tell(outcomes: Sequence[tuple[Work, Any, Exception | None]]) -> None:
    for work, result, error in outcomes:
        # What is durable stays so, whatever becomes of the word about it: the writer goes on.
        with contextlib.suppress(Exception):
            if error is None:
                work.done(result)
            elif work.refused is not None:
                work.refused(error)
