"""What is read from and written to the journal's database: blocks, policies, facts.

Functions over a connection; none begins or ends a transaction. Readers have connections of their own: with the
write-ahead log they never wait for the writer, nor it for them.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import zstandard

from kuraban.core import policy as policies_of_the_core
from kuraban.core.policy import POLICY
from kuraban.journal.blocks import HERE, Block, Content, Row, content, pack, unpack

_MARK = hashlib.sha256(repr(POLICY.descr).encode()).digest()[:8]
KEPT_FROM = "kept_from"  # the fact that says where the journal begins, since retention removed what was before
_COLUMNS = "first, count, received, events, marks, decisions, names, layout, crc"


@dataclass(frozen=True)
class PolicyVersion:
    """A policy that decides, or decided, from event `first` on.

    who, why: who asked for it and the reason. record: as the engine reads it. approved_by: the second person, None
    where one was enough.
    """

    version: int
    first: int
    at: int
    who: str
    toml: str
    record: bytes
    why: str = ""
    approved_by: str | None = None

    def load(self) -> np.ndarray:
        """The `POLICY` record; raises `PolicyError` where the text is no policy any more."""
        if self.record[:8] == _MARK and len(self.record) == 8 + POLICY.itemsize:
            return np.frombuffer(self.record, dtype=POLICY, offset=8).copy()
        return parsed(self.toml)  # another version of the program wrote the record

    def digest(self) -> str:
        """SHA-256 of the record, which the audit log keeps: it is what decides."""
        return hashlib.sha256(self.record).hexdigest()


def recorded(policy: np.ndarray) -> bytes:
    """A `POLICY` record as it is kept, with a mark of its layout."""
    return _MARK + policy.tobytes()


def parsed(toml: str) -> np.ndarray:
    """A policy's text as the engine reads it; raises `PolicyError`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(toml, encoding="utf-8")
        try:
            return policies_of_the_core.load(path)
        except policies_of_the_core.PolicyError as error:  # whose file this is, nobody knows
            raise policies_of_the_core.PolicyError(str(error).replace(str(path), "the policy")) from None


def layout(connection: sqlite3.Connection) -> int:
    """The id of this version's layout of decisions; inserted where it is new."""
    connection.execute("INSERT OR IGNORE INTO layout (described) VALUES (?)", (HERE,))
    (found,) = connection.execute("SELECT id FROM layout WHERE described = ?", (HERE,)).fetchone()
    return int(found)


def layouts(connection: sqlite3.Connection) -> dict[int, str]:
    """Every layout of decisions there is in the journal."""
    return dict(connection.execute("SELECT id, described FROM layout"))


def append(connection: sqlite3.Connection, blocks: Sequence[Block], layout_id: int) -> None:
    """Add blocks at the end."""
    rows = [pack(block, layout_id) for block in blocks]
    connection.executemany("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def bounds(connection: sqlite3.Connection) -> tuple[int, int]:
    """The first event kept and the one after the last: (0, 0) of an empty journal."""
    oldest = connection.execute("SELECT first FROM block ORDER BY first LIMIT 1").fetchone()
    newest = connection.execute("SELECT first, count FROM block ORDER BY first DESC LIMIT 1").fetchone()
    return (int(oldest[0]), int(newest[0] + newest[1])) if newest else (0, 0)


def newest_time(connection: sqlite3.Connection) -> int:
    """When the newest event came, microseconds since 1970; 0 where there is none."""
    found = connection.execute("SELECT received FROM block ORDER BY first DESC LIMIT 1").fetchone()
    return int(found[0]) if found else 0


def blocks(connection: sqlite3.Connection, first: int = 0) -> Iterator[Block]:
    """The blocks from the one that holds event `first` on. Raises `JournalError` `damaged`."""
    known = layouts(connection)
    return (unpack(row, known) for row in _rows(connection, first))


def contents(connection: sqlite3.Connection, first: int = 0) -> Iterator[Content]:
    """The contents of the same blocks. Raises `JournalError` `damaged`."""
    known, unpacker = layouts(connection), zstandard.ZstdDecompressor()
    return (content(row, known, unpacker) for row in _rows(connection, first))


def _rows(connection: sqlite3.Connection, first: int) -> Iterator[Row]:
    holding = connection.execute(
        "SELECT first FROM (SELECT first, count FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1)"
        " WHERE first + count > ?",
        (first, first),
    ).fetchone()
    at = int(holding[0]) if holding else first
    while True:
        rows: list[Row] = connection.execute(
            f"SELECT {_COLUMNS} FROM block WHERE first >= ? ORDER BY first LIMIT 256",  # noqa: S608
            (at,),
        ).fetchall()
        if not rows:
            return
        yield from rows
        at = rows[-1][0] + rows[-1][1]


def block_of(connection: sqlite3.Connection, seq: int) -> Block | None:
    """The block that holds an event; None where it is no longer kept. Raises `JournalError` `damaged`."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1",  # noqa: S608
        (seq,),
    ).fetchone()
    if row is None or not row[0] <= seq < row[0] + row[1]:
        return None
    return unpack(row, layouts(connection))


class Events:
    """Single events out of blocks; the blocks read last are kept at hand."""

    def __init__(self, connection: sqlite3.Connection, keep: int = 64):
        self._block = lru_cache(maxsize=keep)(lambda first: block_of(connection, first))
        self._connection = connection

    def find(self, seq: int) -> tuple[Block, int] | None:
        """The block of an event and its index there; None where it is no longer kept."""
        row = self._connection.execute(
            "SELECT first, count FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1", (seq,)
        ).fetchone()
        if row is None or seq >= row[0] + row[1]:
            return None
        block = self._block(int(row[0]))
        return (block, seq - block.first) if block is not None else None

    def chain(self, newest: int, most: int) -> list[int]:
        """An event and the ones of the same account before it, newest first."""
        found: list[int] = []
        seq = newest
        while seq >= 0 and len(found) < most:
            place = self.find(seq)
            if place is None:
                break
            found.append(seq)
            seq = int(place[0].previous[place[1]])
        return found


def policies(connection: sqlite3.Connection) -> list[PolicyVersion]:
    """Every policy that ever decided, oldest first."""
    # All columns, in the order of `PolicyVersion`: a journal that nobody has brought up to date yet has fewer.
    rows = connection.execute("SELECT * FROM policy ORDER BY version")
    return [PolicyVersion(*row) for row in rows]


def add_policy(connection: sqlite3.Connection, policy: PolicyVersion) -> None:
    """Record that a policy decides from event `policy.first` on."""
    connection.execute(
        "INSERT INTO policy (version, first, at, who, toml, record, why, approved_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            policy.version,
            policy.first,
            policy.at,
            policy.who,
            policy.toml,
            policy.record,
            policy.why,
            policy.approved_by,
        ),
    )


def fact(connection: sqlite3.Connection, name: str) -> str | None:
    """A named value, None where it was never set."""
    row = connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def set_fact(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Set a named value."""
    connection.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (name, value))


def forget_before(connection: sqlite3.Connection, seq: int, received: int) -> int:
    """Remove the blocks that came before `received` and hold only events before `seq`; how many events went."""
    rows = connection.execute(
        "SELECT first, count FROM block WHERE first + count <= ? AND received < ? ORDER BY first LIMIT 512",
        (seq, received),
    ).fetchall()
    connection.executemany("DELETE FROM block WHERE first = ?", [(first,) for first, _ in rows])
    if rows:
        set_fact(connection, KEPT_FROM, str(rows[-1][0] + rows[-1][1]))
    return sum(count for _, count in rows)
