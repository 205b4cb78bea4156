"""Who may use the console: people with a role, one-time links to sign in by, and sessions.

DATA/people.db, beside the journal: it can be used while the journal is still being read back, and by `kuraban people`
beside a running server. Of links and sessions only digests are kept: whoever reads the file cannot use them. What
happens here stands in the same file, in the same transaction, until it has been taken over into the audit log.
"""

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kuraban.console.desk import people_schema
from kuraban.journal import schema

VIEWER, ANALYST, MANAGER = ROLES = ("viewer", "analyst", "manager")
RESERVED = ("owner", "engine", "server", "file", "start")  # who else acts here
LINK_S = 15 * 60
IDLE_S = 30 * 60
SESSION_S = 12 * 3600
_SEEN_S = 60  # how exactly it is known when a session was last used
_ALIVE = "s.made > :now - :whole AND s.seen > :now - :idle AND p.removed IS NULL"
_PERSON = "p.id, p.name, p.role"


class Person(NamedTuple):
    """Somebody who may sign in. role: what follows in `ROLES` may do all that comes before."""

    id: int
    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether this person has a role, or one above it."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Session(NamedTuple):
    """A signed-in browser. csrf: what its own pages send back with every change. how: `link` or `passkey`.
    made, seen: seconds since 1970. client: what the browser called itself."""

    digest: bytes
    person: Person
    csrf: str
    how: str
    made: int
    seen: int
    client: str


class Happening(NamedTuple):
    """Something the audit log is to be told. at: microseconds since 1970. body: JSON."""

    token: str
    at: int
    kind: str
    who: str
    body: bytes


class People:
    """The people of a data folder. Safe to use from several threads. now: seconds since 1970.

    Raises sqlite3.Error, `JournalError` where the file is none of ours.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "people.db"
        self.now = now
        self._lock = threading.RLock()
        self._connection = schema.connect(path)
        os.chmod(path, 0o600)
        schema.migrate(self._connection, people_schema.MIGRATIONS, people_schema.APPLICATION)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database, for this thread alone."""
        with self._lock:
            yield self._connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """The database, in a transaction that an exception undoes."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def add(self, name: str, role: str, by: str = "server") -> Person:
        """Let somebody in. by: who does. Raises ValueError for an unknown role or a name that is taken or unfit."""
        _check_role(role)
        if not name or len(name) > 128 or not name.isprintable():
            raise ValueError("a name has 1 to 128 printable characters")
        if name.casefold() in RESERVED:
            raise ValueError(f"the name {name} stands for a part of the program in the audit log")
        try:
            with self.changing() as connection:
                cursor = connection.execute(
                    "INSERT INTO person (name, role, made, handle) VALUES (?, ?, ?, ?)",
                    (name, role, int(self.now()), secrets.token_bytes(32)),
                )
                self.tell(connection, "person-added", by, {"name": name, "role": role})
        except sqlite3.IntegrityError:
            raise ValueError(f"there is, or was, somebody called {name} already") from None
        return Person(int(cursor.lastrowid or 0), name, role)

    def all(self) -> list[Person]:
        """Everybody who may sign in, by name."""
        with self.reading() as connection:
            rows = connection.execute(f"SELECT {_PERSON} FROM person p WHERE removed IS NULL ORDER BY name").fetchall()  # noqa: S608
        return [Person(*row) for row in rows]

    def find(self, name: str) -> Person | None:
        """The person of that name who may sign in."""
        with self.reading() as connection:
            row = connection.execute(
                f"SELECT {_PERSON} FROM person p WHERE name = ? AND removed IS NULL",  # noqa: S608
                (name,),
            ).fetchone()
        return Person(*row) if row else None

    def give(self, name: str, role: str, by: str = "server") -> bool:
        """Give somebody another role, from the next page on; False where nobody is called that. Raises ValueError."""
        _check_role(role)
        with self.changing() as connection:
            found = self.find(name)
            if found is not None and found.role != role:
                connection.execute("UPDATE person SET role = ? WHERE id = ?", (role, found.id))
                self.tell(connection, "role", by, {"name": name, "from": found.role, "to": role})
        return found is not None

    def remove(self, name: str, by: str = "server") -> bool:
        """Let somebody in no more: sessions, links and passkeys end at once. The name is not given to anybody else."""
        with self.changing() as connection:
            found = self.find(name)
            if found is None:
                return False
            connection.execute("UPDATE person SET removed = ? WHERE id = ?", (int(self.now()), found.id))
            for table in ("session", "link", "passkey"):
                connection.execute(f"DELETE FROM {table} WHERE person = ?", (found.id,))  # noqa: S608
            self.tell(connection, "person-removed", by, {"name": name})
        return True

    def link(self, person: Person, by: str = "server") -> str:
        """A word that signs this person in once, within `LINK_S`."""
        word, now = secrets.token_urlsafe(32), int(self.now())
        with self.changing() as connection:
            connection.execute("DELETE FROM link WHERE expires < ?", (now - 86_400,))
            connection.execute("INSERT INTO link VALUES (?, ?, ?, NULL)", (_digest(word), person.id, now + LINK_S))
            self.tell(connection, "sign-in-link", by, {"name": person.name})
        return word

    def enter(self, word: str, client: str = "") -> str | None:
        """Use a link up: the word of a new session, None where the link is wrong, used or expired."""
        now = int(self.now())
        with self.changing() as connection:
            row = connection.execute(
                "UPDATE link SET used = ? WHERE digest = ? AND used IS NULL AND expires > ? RETURNING person",
                (now, _digest(word), now),
            ).fetchone()
            return None if row is None else self.begun(connection, int(row[0]), "link", client)

    def why_not(self, word: str) -> tuple[str, str]:
        """Why a link signs nobody in (one of `refusals.PROBLEMS`), and whose it is, empty where nobody knows it."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT l.used, p.name FROM link l JOIN person p ON p.id = l.person WHERE l.digest = ?",
                (_digest(word),),
            ).fetchone()
        if row is None:
            return "link-unknown", ""
        return "link-expired" if row[0] is None else "link-used", str(row[1])

    def begin(self, person: int, how: str, client: str = "") -> str:
        """The word of a new session of somebody who has proved to be that person. client: what the browser says."""
        with self.changing() as connection:
            return self.begun(connection, person, how, client)

    def begun(self, connection: sqlite3.Connection, person: int, how: str, client: str) -> str:
        """As `begin`, in the present transaction."""
        word, now, client = secrets.token_urlsafe(32), int(self.now()), client[:200]
        connection.execute("DELETE FROM session WHERE made < ? OR seen < ?", (now - SESSION_S, now - IDLE_S))
        connection.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?)",
            (_digest(word), person, secrets.token_urlsafe(24), how, now, now, client),
        )
        (name,) = connection.execute("SELECT name FROM person WHERE id = ?", (person,)).fetchone()
        self.tell(connection, "sign-in", name, {"how": how, "client": client})
        return word

    def session(self, word: str, *, attended: bool = True) -> Session | None:
        """The session of a word, None where it has ended. Being used keeps it alive; a page that only goes on asking
        by itself (not attended) does not, but for somebody who may do nothing but look."""
        now, digest = int(self.now()), _digest(word)
        with self.reading() as connection:
            row = connection.execute(
                f"SELECT {_PERSON}, s.digest, s.csrf, s.how, s.made, s.seen, s.client FROM session s"  # noqa: S608
                f" JOIN person p ON p.id = s.person WHERE s.digest = :digest AND {_ALIVE}",
                {"digest": digest, "now": now, "whole": SESSION_S, "idle": IDLE_S},
            ).fetchone()
            if row is None:
                return None
            found = _session(row)
            if now - found.seen >= _SEEN_S and (attended or found.person.role == VIEWER):
                connection.execute("UPDATE session SET seen = ? WHERE digest = ?", (now, digest))
        return found

    def sessions(self, person: Person) -> list[Session]:
        """The browsers in which somebody is signed in, newest first."""
        with self.reading() as connection:
            rows = connection.execute(
                f"SELECT {_PERSON}, s.digest, s.csrf, s.how, s.made, s.seen, s.client FROM session s"  # noqa: S608
                f" JOIN person p ON p.id = s.person WHERE p.id = :person AND {_ALIVE} ORDER BY s.made DESC",
                {"person": person.id, "now": int(self.now()), "whole": SESSION_S, "idle": IDLE_S},
            ).fetchall()
        return [_session(row) for row in rows]

    def end(self, session: Session) -> None:
        """Sign a browser out."""
        with self.changing() as connection:
            connection.execute("DELETE FROM session WHERE digest = ?", (session.digest,))
            self.tell(connection, "sign-out", session.person.name, {"how": session.how})

    def end_others(self, session: Session) -> int:
        """Sign somebody out of every browser but this one; how many there were."""
        with self.changing() as connection:
            cursor = connection.execute(
                "DELETE FROM session WHERE person = ? AND digest != ?", (session.person.id, session.digest)
            )
            self.tell(connection, "sessions-ended", session.person.name, {"count": cursor.rowcount})
        return cursor.rowcount

    def tell(self, connection: sqlite3.Connection, kind: str, who: str, body: Any) -> None:
        """Have the audit log told, in the present transaction."""
        connection.execute(
            "INSERT INTO happening (token, at, kind, who, body) VALUES (?, ?, ?, ?, ?)",
            (secrets.token_hex(8), int(self.now() * 1e6), kind, who, msgspec.json.encode(body)),
        )

    def told(self, most: int = 500) -> list[Happening]:
        """What the audit log does not have yet, oldest first."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT token, at, kind, who, body FROM happening ORDER BY n LIMIT ?", (most,)
            ).fetchall()
        return [Happening(*row) for row in rows]

    def settle(self, happenings: list[Happening]) -> None:
        """The audit log has these."""
        with self.changing() as connection:
            connection.executemany("DELETE FROM happening WHERE token = ?", [(each.token,) for each in happenings])

    def fact(self, name: str) -> str | None:
        """Something noted in the file."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def note(self, name: str, value: str) -> None:
        """Note something in the file."""
        with self.changing() as connection:
            connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))


def _session(row: Any) -> Session:
    return Session(row[3], Person(*row[:3]), *row[4:])


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise ValueError(f"roles are {', '.join(ROLES)}")


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()
