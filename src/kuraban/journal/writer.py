"""The one writer of the journal: a thread that makes whatever waits durable with one commit, then says so.

Nothing that was handed over is given up while the process lives. When the disk is full or read-only the same work is
tried again until it succeeds; those who wait for it are told at once that it is not durable yet. After an error that
leaves unknown what is on the disk (a failed flush, a damaged file) nothing more is written: only a new start, which
reads what is there, can tell.
"""

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Job = Callable[[sqlite3.Connection], object]

# SQLite's names of errors → our code. What is not here leaves the disk's content unknown.
# SHMSIZE: the index of the write-ahead log, which grows with the log and holds nothing of its own.
WAITS_FOR_ROOM = {
    "SQLITE_FULL": "disk_full",
    "SQLITE_IOERR_WRITE": "disk_full",
    "SQLITE_IOERR_SHMSIZE": "disk_full",
}
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
    """Owns the writing connection, which no other thread may use: SQLite keeps the last error with it, and two threads
    would be told each other's, or none. trouble: called with a code when writing stops, with None when it works again.
    idle: called when nothing is left to write. waiting: how many works may wait before those who hand over do."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        trouble: Callable[[str | None], object],
        *,
        given_up: Callable[[], object] = lambda: None,
        idle: Callable[[], object] = lambda: None,
        waiting: int = 4,
    ):
        self._connection = connection
        self._trouble = trouble
        self._given_up = given_up
        self._idle = idle
        self._most = waiting
        self._queue: deque[Work] = deque()
        self._changed = threading.Condition()
        self._writing = self._closing = False
        self._stop = threading.Event()
        self.failed: str | None = None
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether something waits or is being written."""
        return self._writing or len(self._queue) > 0

    def submit(self, work: Work, *, waits: bool = True) -> None:
        """Hand over work. waits: until there is room; who asked `busy` before may go without."""
        with self._changed:
            while waits and len(self._queue) >= self._most:
                self._changed.wait()
            self._queue.append(work)
            self._changed.notify_all()

    def close(self, timeout: float = 30.0) -> bool:
        """Finish what waits and end; False where that was not possible in time (a full disk)."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        finished = not self._thread.is_alive()
        self._stop.set()
        self._thread.join(2 * RETRY_S)
        return finished and self.failed is None

    def _run(self) -> None:
        while works := self._gather():
            self._write(works)
            with self._changed:
                self._writing = False
                rest = not self._queue
            if rest:
                self._idle()

    def _write(self, works: list[Work]) -> None:
        """Until all is on the disk, or never will be."""
        while not self._stop.is_set():
            outcomes: list[tuple[Work, Any, Exception | None]] = []
            problem = self._commit(works, outcomes) if self.failed is None else self.failed
            if problem is None:
                _tell(outcomes)
                return
            # Whoever handed over something in the meantime is told as well, and waits for the same retry.
            works += self._gather_now()
            for work in works:
                work.delayed(problem)
            if self.failed is not None:
                return
            self._stop.wait(RETRY_S)

    def _gather(self) -> list[Work]:
        """What waits, once something does; nothing at the end."""
        with self._changed:
            while not self._queue and not self._closing:
                self._changed.wait()
            self._writing = len(self._queue) > 0
        return self._gather_now()

    def _gather_now(self) -> list[Work]:
        with self._changed:
            found = [self._queue.popleft() for _ in range(min(_GATHERED, len(self._queue)))]
            self._changed.notify_all()
        return found

    def _commit(self, works: Sequence[Work], outcomes: list[tuple[Work, Any, Exception | None]]) -> str | None:
        """One transaction; the code of what went wrong, None when all is on the disk."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes.extend((work, *self._attempt(work)) for work in works)
            self._connection.execute("COMMIT")
        except (sqlite3.Error, MemoryError) as error:
            return self._failed(error)
        except Exception as error:
            self.failed = "engine_failed"  # a job that must not fail did: what it stands for will never be durable
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
        except sqlite3.IntegrityError as error:  # a rule of the database was broken, the disk is as it was
            return None, self._undo(error)
        except (sqlite3.Error, MemoryError):
            raise
        except Exception as error:
            return None, self._undo(error)
        self._connection.execute("RELEASE work")
        return result, None

    def _undo(self, error: Exception) -> Exception:
        self._connection.execute("ROLLBACK TO work")
        self._given_up()
        self._connection.execute("RELEASE work")
        return error

    def _failed(self, error: Exception) -> str:
        name = getattr(error, "sqlite_errorname", "")
        code = WAITS_FOR_ROOM.get(name) or PASSES.get("_".join(name.split("_")[:2])) or self.failed
        if isinstance(error, MemoryError):  # of ours or of SQLite: there may be some again later
            code = "memory"
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
