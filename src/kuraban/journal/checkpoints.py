"""Moving the write-ahead log into the database, beside the writer instead of within its commits.

SQLite's own way is to do it in whichever commit makes the log long, which then waits for megabytes to reach the disk.
Here a thread does it a little at a time on a connection of its own; the log is only cut when it has grown long, right
after all but the newest of it has been moved, so that the writer waits for little.
"""

import contextlib
import sqlite3
import threading
from pathlib import Path

from kuraban.journal import schema

EVERY_S = 0.5
LEAST = 1 << 20  # bytes of log that are worth moving
LONGEST = 64 << 20  # bytes of log after which it is cut


class Checkpointer:
    """Works until it is closed. What goes wrong is tried again: durability rests on the log alone."""

    def __init__(self, path: Path):
        self._log = path.with_name(path.name + "-wal")
        self._connection = schema.connect(path)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        moved = 0
        while not self._stop.wait(EVERY_S):
            size = self._log.stat().st_size if self._log.exists() else 0
            if size < moved:
                moved = 0
            if size - moved < LEAST and size < LONGEST:
                continue
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                moved = size
                if size > LONGEST:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
