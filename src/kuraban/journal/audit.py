"""The audit log: every decision above allow and every act of a person, append-only, each entry sealed over the last.

    hash(n) = SHA-256(hash(n − 1) ‖ n ‖ at ‖ kind ‖ who ‖ body)      hash(0) = 32 zero bytes

each part preceded by its length, so that no two entries read the same. To change or remove an entry is to break every
hash after it; to cut off the end is to contradict a hash that was written down elsewhere (`kuraban verify` prints it).
"""

import hashlib
import sqlite3
from typing import Any, NamedTuple

import msgspec

START = bytes(32)


class Entry(NamedTuple):
    """One entry. at: microseconds since 1970. body: JSON."""

    n: int
    at: int
    kind: str
    who: str
    body: bytes
    hash: bytes


class Trail:
    """The end of the log, for whoever writes to it (one writer)."""

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection
        self.reread()

    def reread(self) -> None:
        """Find the end again, after a transaction was given up."""
        newest = self._connection.execute("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1").fetchone()
        self._n, self._hash = (int(newest[0]), bytes(newest[1])) if newest else (0, START)

    def add(self, at: int, kind: str, who: str, body: Any) -> None:
        """Add an entry. body: anything that becomes JSON, or JSON as bytes."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        n = self._n + 1
        seal = sealed(self._hash, n, at, kind, who, raw)
        self._connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", (n, at, kind, who, raw, seal))
        self._n, self._hash = n, seal


def sealed(before: bytes, n: int, at: int, kind: str, who: str, body: bytes) -> bytes:
    """The hash of an entry."""
    digest = hashlib.sha256(before)
    for part in (str(n).encode(), str(at).encode(), kind.encode(), who.encode(), body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def broken_at(connection: sqlite3.Connection) -> tuple[int | None, int, bytes]:
    """The first entry that does not follow from the one before (None: all do), how many there are, the last hash."""
    before, count = START, 0
    for row in connection.execute("SELECT n, at, kind, who, body, hash FROM audit ORDER BY n"):
        entry = Entry(*row)
        if entry.n != count + 1 or entry.hash != sealed(before, *entry[:5]):
            return entry.n, count, before
        before, count = entry.hash, count + 1
    return None, count, before


def entries(connection: sqlite3.Connection, before: int | None, most: int) -> list[Entry]:
    """Entries newest first, older than `before`."""
    limit = 2**62 if before is None else before
    rows = connection.execute(
        "SELECT n, at, kind, who, body, hash FROM audit WHERE n < ? ORDER BY n DESC LIMIT ?", (limit, most)
    )
    return [Entry(*row) for row in rows]
