"""Who may use the console: people with a role, one-time links to sign in by, and sessions.

DATA/people.db, beside the journal. Of links and sessions only digests are kept: whoever reads the file cannot use them.
"""

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kuraban.journal import schema

APPLICATION = 0x4B524250  # "KRBP"
MIGRATIONS = (
    (
        """CREATE TABLE person (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, made INTEGER NOT NULL,
            removed INTEGER)""",
        """CREATE TABLE link (
            digest BLOB PRIMARY KEY, person INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER) WITHOUT ROWID""",
        """CREATE TABLE session (
            digest BLOB PRIMARY KEY, person INTEGER NOT NULL, csrf TEXT NOT NULL, how TEXT NOT NULL,
            made INTEGER NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE passkey (
            id BLOB PRIMARY KEY, person INTEGER NOT NULL, name TEXT NOT NULL, public_key BLOB NOT NULL,
            uses INTEGER NOT NULL, made INTEGER NOT NULL, used INTEGER) WITHOUT ROWID""",
    ),
)

VIEWER, ANALYST, MANAGER = ROLES = ("viewer", "analyst", "manager")
LINK_S = 15 * 60
IDLE_S = 30 * 60
SESSION_S = 12 * 3600
_SEEN_S = 60  # how exactly it is known when a session was last used


class Person(NamedTuple):
    """Somebody who may sign in. role: what follows in `ROLES` may do all that comes before."""

    id: int
    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether this person has a role, or one above it."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Session(NamedTuple):
    """A signed-in browser. csrf: what its own pages send back with every change. how: `link` or `passkey`."""

    digest: bytes
    person: Person
    csrf: str
    how: str


class People:
    """The people of a data folder. Safe to use from several threads. now: seconds since 1970.

    Raises sqlite3.Error, `JournalError` where the file is none of ours.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "people.db"
        self.now = now
        self.lock = threading.RLock()
        self.connection = schema.connect(path)
        os.chmod(path, 0o600)
        schema.migrate(self.connection, MIGRATIONS, APPLICATION)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def add(self, name: str, role: str) -> Person:
        """Let somebody in. Raises ValueError for an unknown role or a name that is taken or unfit."""
        if role not in ROLES:
            raise ValueError(f"roles are {', '.join(ROLES)}")
        if not name or len(name) > 128 or not name.isprintable():
            raise ValueError("a name has 1 to 128 printable characters")
        with self.lock:
            try:
                cursor = self.connection.execute(
                    "INSERT INTO person (name, role, made) VALUES (?, ?, ?)", (name, role, int(self.now()))
                )
            except sqlite3.IntegrityError:
                raise ValueError(f"there is somebody called {name} already") from None
        return Person(int(cursor.lastrowid or 0), name, role)

    def all(self) -> list[Person]:
        """Everybody who may sign in, by name."""
        with self.lock:
            rows = self.connection.execute(
                "SELECT id, name, role FROM person WHERE removed IS NULL ORDER BY name"
            ).fetchall()
        return [Person(*row) for row in rows]

    def find(self, name: str) -> Person | None:
        """The person of that name who may sign in."""
        with self.lock:
            row = self.connection.execute(
                "SELECT id, name, role FROM person WHERE name = ? AND removed IS NULL", (name,)
            ).fetchone()
        return Person(*row) if row else None

    def remove(self, name: str) -> bool:
        """Let somebody in no more: sessions, links and passkeys end at once. The name is not given to anybody else."""
        found = self.find(name)
        if found is None:
            return False
        with self.lock:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("UPDATE person SET removed = ? WHERE id = ?", (int(self.now()), found.id))
            for table in ("session", "link", "passkey"):
                self.connection.execute(f"DELETE FROM {table} WHERE person = ?", (found.id,))  # noqa: S608
            self.connection.execute("COMMIT")
        return True

    def link(self, person: Person) -> str:
        """A word that signs this person in once, within `LINK_S`."""
        word = secrets.token_urlsafe(32)
        with self.lock:
            self.connection.execute("DELETE FROM link WHERE expires < ?", (int(self.now()) - 86_400,))
            self.connection.execute(
                "INSERT INTO link VALUES (?, ?, ?, NULL)", (_digest(word), person.id, int(self.now()) + LINK_S)
            )
        return word

    def enter(self, word: str) -> str | None:
        """Use a link up: the word of a new session, None where the link is wrong, used or expired."""
        with self.lock:
            row = self.connection.execute(
                "UPDATE link SET used = ? WHERE digest = ? AND used IS NULL AND expires > ? RETURNING person",
                (int(self.now()), _digest(word), int(self.now())),
            ).fetchone()
        return None if row is None else self.begin(int(row[0]), "link")

    def begin(self, person: int, how: str) -> str:
        """The word of a new session of somebody who has proved to be that person."""
        word, now = secrets.token_urlsafe(32), int(self.now())
        with self.lock:
            self.connection.execute("DELETE FROM session WHERE made < ? OR seen < ?", (now - SESSION_S, now - IDLE_S))
            self.connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)",
                (_digest(word), person, secrets.token_urlsafe(24), how, now, now),
            )
        return word

    def session(self, word: str) -> Session | None:
        """The session of a word, None where it has ended; being used keeps it alive."""
        now, digest = int(self.now()), _digest(word)
        with self.lock:
            row = self.connection.execute(
                "SELECT p.id, p.name, p.role, s.csrf, s.how, s.seen FROM session s JOIN person p ON p.id = s.person"
                " WHERE s.digest = ? AND s.made > ? AND s.seen > ? AND p.removed IS NULL",
                (digest, now - SESSION_S, now - IDLE_S),
            ).fetchone()
            if row is None:
                return None
            if now - row[5] >= _SEEN_S:
                self.connection.execute("UPDATE session SET seen = ? WHERE digest = ?", (now, digest))
        return Session(digest, Person(*row[:3]), row[3], row[4])

    def end(self, session: Session) -> None:
        """Sign a browser out."""
        with self.lock:
            self.connection.execute("DELETE FROM session WHERE digest = ?", (session.digest,))


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()
