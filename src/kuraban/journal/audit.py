"""The audit log: every decision above allow and every act of a person, append-only, each entry sealed over the last.

    hash(n) = SHA-256(hash(n − 1) ‖ n ‖ at ‖ kind ‖ who ‖ body)      hash(0) = 32 zero bytes

each part preceded by its length, so that no two entries read the same. To change or remove an entry is to break every
hash after it; to cut off the end is to contradict a hash that was written down elsewhere (`kuraban verify` prints it).

The beginning can be removed by age, up to a checkpoint (see `retention`): the hash of the last entry removed is kept,
the chain goes on from there, and an entry says that, and how much, was removed.
"""

import hashlib
import sqlite3
from typing import Any, NamedTuple

import msgspec

START = bytes(32)
CHECKPOINT = "audit-checkpoint"  # kind of the entry that says that the beginning was removed


class Entry(NamedTuple):
    """One entry. at: microseconds since 1970. body: JSON."""

    n: int
    at: int
    kind: str
    who: str
    body: bytes
    hash: bytes


class _About(msgspec.Struct):
    """What an entry says of whose account it is about."""

    account: str | None = None


_about = msgspec.json.Decoder(_About)


class Trail:
    """The end of the log, for whoever writes to it (one writer)."""

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection
        self.reread()

    def reread(self) -> None:
        """Find the end again, after a transaction was given up."""
        newest = self._connection.execute("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1").fetchone()
        self._n, self._hash = (int(newest[0]), _bytes(newest[1])) if newest else (0, START)

    def add(self, at: int, kind: str, who: str, body: Any) -> None:
        """Add an entry. body: anything that becomes JSON, or JSON as bytes."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        n = self._n + 1
        seal = sealed(self._hash, n, at, kind, who, raw)
        self._connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", (n, at, kind, who, raw, seal))
        account = _account_of(raw)
        if account is not None:
            self._connection.execute("INSERT INTO audit_account (account, n) VALUES (?, ?)", (account, n))
        self._n, self._hash = n, seal


def _account_of(body: bytes) -> str | None:
    try:
        return _about.decode(body).account
    except msgspec.DecodeError:  # not an object, or one whose `account` is no name
        return None


def sealed(before: bytes, n: int, at: int, kind: str, who: str, body: bytes) -> bytes:
    """The hash of an entry."""
    digest = hashlib.sha256(before)
    for part in (str(n).encode(), str(at).encode(), kind.encode(), who.encode(), body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


class Chain(NamedTuple):
    """What the log proves. broken: the first entry that does not follow from the one before, None where all do.
    entries: how many there are. last: hash of the last good one. removed: entries removed from the beginning."""

    broken: int | None
    entries: int
    last: bytes
    removed: int


def checked(connection: sqlite3.Connection) -> Chain:
    """Recompute every seal from the newest checkpoint (or the beginning) on.

    A checkpoint has to be told of by the log that goes on from it; one that is not is a broken place itself.
    """
    removed, seal = _checkpoint(connection)
    before, n, told = seal, removed, removed == 0
    for number, at, kind, who, body, hash_ in connection.execute(
        "SELECT n, at, kind, who, body, hash FROM audit ORDER BY n"
    ):
        entry = Entry(number, at, str(kind), str(who), _bytes(body), _bytes(hash_))
        if entry.n != n + 1 or entry.hash != sealed(before, *entry[:5]):
            return Chain(entry.n, n - removed, before, removed)
        told = told or (entry.kind == CHECKPOINT and _says(entry.body, removed, seal))
        before, n = entry.hash, n + 1
    return Chain(None if told else removed, n - removed, before, removed)


def of_hash(connection: sqlite3.Connection, seal: bytes) -> int | None:
    """The number of the entry with a hash, also of one that a checkpoint remembers; None where there is none."""
    removed, _ = _checkpoint(connection)
    row = connection.execute("SELECT n FROM audit WHERE hash = ?", (seal,)).fetchone()
    if row is None and removed:
        row = connection.execute("SELECT n FROM audit_checkpoint WHERE hash = ?", (seal,)).fetchone()
    return int(row[0]) if row else None


def hash_of(connection: sqlite3.Connection, n: int) -> bytes | None:
    """The hash of an entry, also of one that a checkpoint remembers (entry 0: `START`); None where it is not known."""
    if n == 0:
        return START
    row = connection.execute("SELECT hash FROM audit WHERE n = ?", (n,)).fetchone()
    if row is None and _checkpoint(connection)[0]:
        row = connection.execute("SELECT hash FROM audit_checkpoint WHERE n = ?", (n,)).fetchone()
    return _bytes(row[0]) if row else None


def _bytes(value: Any) -> bytes:
    """Whoever tampers with the file may leave anything in it, even values of other types."""
    return value if isinstance(value, bytes) else str(value).encode()


def _checkpoint(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Up to which entry the log was removed, and that entry's hash."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit_checkpoint'").fetchone()
    # A journal that nobody has brought up to date yet has no checkpoints.
    newest = known and connection.execute("SELECT n, hash FROM audit_checkpoint ORDER BY n DESC LIMIT 1").fetchone()
    return (int(newest[0]), _bytes(newest[1])) if newest else (0, START)


def _says(body: bytes, n: int, seal: bytes) -> bool:
    try:
        said = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return False
    return isinstance(said, dict) and said.get("n") == n and said.get("hash") == seal.hex()


def entries(connection: sqlite3.Connection, before: int | None, most: int) -> list[Entry]:
    """Entries newest first, older than `before`."""
    limit = 2**62 if before is None else before
    rows = connection.execute(
        "SELECT n, at, kind, who, body, hash FROM audit WHERE n < ? ORDER BY n DESC LIMIT ?", (limit, most)
    )
    return [Entry(*row) for row in rows]


def unlisted(connection: sqlite3.Connection) -> int | None:
    """The first entry that is not found by the account it is about; None where all are."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit_account'").fetchone() is None:
        return None  # nobody has brought this journal up to date yet
    listed = "SELECT 1 FROM audit_account WHERE account = ? AND n = ?"
    for n, body in connection.execute("SELECT n, body FROM audit ORDER BY n"):
        account = _account_of(_bytes(body))
        if account is not None and connection.execute(listed, (account, n)).fetchone() is None:
            return int(n)
    return None
