"""Moving the write-ahead log into the database, beside the writer instead of within its commits.

SQLite's own way is to do it in whichever commit makes the log long, which then waits for megabytes to reach the disk.
Here a thread does it a little at a time on a connection of its own. When the log has grown long, it is begun anew right
after all but the newest of it has been moved, so that the writer waits for little; its file stays as long as it is,
because a commit that makes a file longer has the file system write more than the commit.
"""

import contextlib
import sqlite3
import threading
from pathlib import Path

from kuraban.journal import schema

EVERY_S = 0.5
LONGEST = 32 << 20  # bytes of log after which it is begun anew


class Checkpointer:
    """Works until it is closed. What goes wrong is tried again: durability rests on the log alone."""

    def __init__(self, path: Path):
        self._connection = schema.connect(path)
        (self._page,) = self._connection.execute("PRAGMA page_size").fetchone()
        self._version = -1
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            with contextlib.suppress(sqlite3.Error):
                self._move()

    def _move(self) -> None:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return  # nobody has written since
        _, pages, moved = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages * self._page > LONGEST:
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        if moved >= pages:
            self._version = version
