"""API keys: who may do what. Only a digest of each is kept, in a database of its own beside the journal.

A key reads `kbn_<id>_<secret>`; the secret has 256 random bits, so one round of SHA-256 is as good as many.
"""

import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kuraban.journal import schema

APPLICATION = 0x4B52424B
MIGRATIONS = (
    (
        """CREATE TABLE key (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, scopes TEXT NOT NULL, digest BLOB NOT NULL,
            created INTEGER NOT NULL, expires INTEGER, revoked INTEGER) WITHOUT ROWID""",
    ),
)

SCOPES = ("decide", "read", "manage", "signals")
_STREAM = re.compile(r"signals:[^\s,:]+")  # of one stream alone
_FRESH_S = 1.0  # a key revoked elsewhere stops working within this time


@dataclass(frozen=True)
class Key:
    """A key without its secret. Times in seconds since 1970."""

    id: str
    name: str
    scopes: frozenset[str]
    digest: bytes
    created: int
    expires: int | None
    revoked: int | None

    def may(self, scope: str) -> bool:
        """Whether it has a scope: itself, or all of that kind (`signals` is every `signals:STREAM`)."""
        return scope in self.scopes or scope.partition(":")[0] in self.scopes

    def valid(self, now: float) -> bool:
        """Whether it can be used."""
        return self.revoked is None and (self.expires is None or now < self.expires)


def is_scope(word: str) -> bool:
    """Whether a scope can be given to a key."""
    return word in SCOPES or _STREAM.fullmatch(word) is not None


class Keys:
    """The keys of a data folder. Safe to use from one thread at a time."""

    def __init__(self, path: Path):
        self._connection = schema.connect(path)
        os.chmod(path, 0o600)
        schema.migrate(self._connection, MIGRATIONS, APPLICATION)
        self._known: dict[str, Key] = {}
        self._checked = 0.0
        self._version = -1

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def create(self, name: str, scopes: frozenset[str], expires: int | None = None) -> str:
        """A new key; this is the only time it is told. Raises ValueError for an unknown scope."""
        if not scopes or not all(map(is_scope, scopes)):
            raise ValueError(f"scopes are some of {', '.join(SCOPES)}, signals:STREAM")
        number, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        self._connection.execute(
            "INSERT INTO key VALUES (?, ?, ?, ?, ?, ?, NULL)",
            (number, name, ",".join(sorted(scopes)), _digest(secret), int(time.time()), expires),
        )
        self._checked = 0.0
        return f"kbn_{number}_{secret}"

    def revoke(self, number: str) -> bool:
        """Make a key useless for ever; False where there is none (or it is already)."""
        cursor = self._connection.execute(
            "UPDATE key SET revoked = ? WHERE id = ? AND revoked IS NULL", (int(time.time()), number)
        )
        self._checked = 0.0
        return cursor.rowcount == 1

    def all(self) -> list[Key]:
        """Every key there is or was."""
        rows = self._connection.execute(
            "SELECT id, name, scopes, digest, created, expires, revoked FROM key ORDER BY created, id"
        )
        return [Key(row[0], row[1], frozenset(row[2].split(",")), *row[3:]) for row in rows]

    def ended_before(self, seconds: float) -> list[Key]:
        """Keys that were revoked or have expired before a time."""
        ends = [
            (each, min(end for end in (each.revoked, each.expires) if end is not None))
            for each in self.all()
            if each.revoked is not None or each.expires is not None
        ]
        return [each for each, end in ends if end < seconds]

    def remove(self, numbers: Sequence[str]) -> None:
        """Forget keys, which no longer work in any case."""
        self._connection.executemany("DELETE FROM key WHERE id = ?", [(number,) for number in numbers])
        self._checked = 0.0

    def find(self, text: str) -> Key | None:
        """The key somebody shows, None where it is none (or not valid any more)."""
        key, problem = self.examine(text)
        return key if problem is None else None

    def examine(self, text: str) -> tuple[Key | None, str | None]:
        """The key that is named by what somebody shows, and what is wrong with it (see `refusals`), None if nothing."""
        self._reread()
        prefix, _, rest = text.partition("_")
        number, _, secret = rest.partition("_")
        key = self._known.get(number)
        good = hmac.compare_digest(_digest(secret), key.digest if key else bytes(32))
        if key is None or prefix != "kbn":
            return None, "key-unknown"
        if not good:
            return key, "key-wrong"
        if key.valid(time.time()):
            return key, None
        return key, "key-revoked" if key.revoked is not None else "key-expired"

    def _reread(self) -> None:
        now = time.monotonic()
        if now - self._checked < _FRESH_S and self._checked:
            return
        self._checked = now
        self._known = {key.id: key for key in self.all()}


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def open_keys(folder: Path) -> Keys:
    """The keys of a data folder, which is made where there is none. Raises sqlite3.Error, OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Keys(folder / "keys.db")
