"""Single events out of the journal without unpacking whole blocks, for looking at many accounts' events quickly.

Reading an event as a `Block` unpacks its decisions and names too and checks the block's checksum. A glance reads the
lines alone, and steps from an account's event to the one before by eight bytes. It is for showing, never for deciding.
"""

import sqlite3
from functools import lru_cache

import zstandard

from kuraban.journal.schema import JournalError

_MOST_BYTES = 1 << 30


class Glances:
    """Reads over one connection; the lines of the blocks read last are kept at hand."""

    def __init__(self, connection: sqlite3.Connection, keep: int = 32):
        self._connection = connection
        self._lines = lru_cache(maxsize=keep)(self._unpacked)

    def line(self, seq: int) -> tuple[int, bytes] | None:
        """When an event came (microseconds since 1970) and its line; None where it is no longer kept.

        Raises `JournalError` `damaged`.
        """
        row = self._connection.execute(
            "SELECT first, count, received FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1", (seq,)
        ).fetchone()
        if row is None or not row[0] <= seq < row[0] + row[1]:
            return None
        lines = self._lines(row[0])
        return (int(row[2]), lines[seq - row[0]]) if seq - row[0] < len(lines) else None

    def chain(self, newest: int, most: int) -> list[int]:
        """An event and the ones of the same account before it, newest first."""
        found: list[int] = []
        seq = newest
        while seq >= 0 and len(found) < most:
            # Of the marks, two hashes of each id come first, then the number of the event before.
            row = self._connection.execute(
                "SELECT first, count, substr(marks, 16 * count + 8 * (?1 - first) + 1, 8) FROM block"
                " WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
                (seq,),
            ).fetchone()
            if row is None or seq >= row[0] + row[1]:
                break
            found.append(seq)
            before = int.from_bytes(row[2], "little", signed=True)
            if before >= seq:
                raise JournalError("damaged", f"event {seq} is said to come after event {before}")
            seq = before
        return found

    def _unpacked(self, first: int) -> list[bytes]:
        (events,) = self._connection.execute("SELECT events FROM block WHERE first = ?", (first,)).fetchone()
        try:
            return zstandard.ZstdDecompressor().decompress(events, max_output_size=_MOST_BYTES).split(b"\n")
        except zstandard.ZstdError as error:
            raise JournalError("damaged", f"the journal is damaged at event {first}") from error
