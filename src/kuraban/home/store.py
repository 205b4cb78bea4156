"""What is kept between runs: one SQLite file (WAL, every change in one transaction, safe against kill -9).

Kept are headers, verdicts and facts of mails, never their text, codes or links (but of mails whose signature could not
be checked because no name server answered, until one does); facts and periods of exports; the owner's answers; alerts
and what became of them; how far each mailbox was read; heartbeats. The same mail or export twice changes nothing.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from kuraban.home.alertstore import Alerts
from kuraban.home.findings import Finding
from kuraban.home.folder import Folder
from kuraban.home.mail.sources.model import RawMail
from kuraban.home.mailstore import Mails
from kuraban.home.model import Fact, Letter, Unreadable, Verdict, Words
from kuraban.home.problems import HomeError
from kuraban.home.reconcile import Period

# Each entry brings a store from the version before to this one; version 1 is the first.
MIGRATIONS = (
    """
    CREATE TABLE letters (
        origin TEXT PRIMARY KEY, place TEXT NOT NULL, received TEXT, sent TEXT, sender TEXT NOT NULL,
        sender_name TEXT NOT NULL, subject TEXT NOT NULL, verdict TEXT NOT NULL, broker TEXT, kind TEXT, format TEXT,
        letter BLOB NOT NULL, seen TEXT NOT NULL) STRICT;
    CREATE INDEX letters_by_time ON letters (received);
    CREATE TABLE facts (
        event TEXT PRIMARY KEY, origin TEXT NOT NULL, account TEXT NOT NULL, time TEXT NOT NULL, seen TEXT NOT NULL,
        fact BLOB NOT NULL) STRICT;
    CREATE TABLE statements (
        digest TEXT PRIMARY KEY, place TEXT NOT NULL, format TEXT, account TEXT, first TEXT, last TEXT,
        stated INTEGER NOT NULL, made TEXT NOT NULL) STRICT;
    CREATE TABLE answers (
        id INTEGER PRIMARY KEY, finding TEXT NOT NULL, asked TEXT NOT NULL, mine INTEGER NOT NULL, time TEXT NOT NULL,
        about TEXT NOT NULL) STRICT;
    CREATE TABLE alerts (
        id TEXT PRIMARY KEY, finding BLOB NOT NULL, raised TEXT NOT NULL, quiet INTEGER NOT NULL, acknowledged TEXT,
        settled TEXT, sends INTEGER NOT NULL DEFAULT 0, last_sent TEXT, channels TEXT NOT NULL DEFAULT '[]') STRICT;
    CREATE TABLE alert_about (about TEXT NOT NULL, kind TEXT NOT NULL, alert TEXT NOT NULL, PRIMARY KEY (about, kind))
        STRICT, WITHOUT ROWID;
    CREATE TABLE sends (time TEXT NOT NULL, channel TEXT NOT NULL, what TEXT NOT NULL) STRICT;
    CREATE TABLE resume (mailbox TEXT, folder TEXT, validity INTEGER NOT NULL, uid INTEGER NOT NULL,
        PRIMARY KEY (mailbox, folder)) STRICT, WITHOUT ROWID;
    CREATE TABLE unreadable (place TEXT, code TEXT, words BLOB NOT NULL, seen TEXT NOT NULL,
        PRIMARY KEY (place, code)) STRICT, WITHOUT ROWID;
    CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """,
    # Mails whose signature could not be checked because no name server answered; whole, until one does.
    """
    CREATE TABLE waiting (
        origin TEXT PRIMARY KEY, mailbox TEXT NOT NULL, place TEXT NOT NULL, whole INTEGER NOT NULL, arrived TEXT,
        raw BLOB NOT NULL, seen TEXT NOT NULL) STRICT;
    """,
    "ALTER TABLE answers ADD COLUMN withdrawn TEXT",
    """
    CREATE INDEX letters_by_broker ON letters (broker, verdict, received, sent, seen);
    CREATE INDEX letters_by_when ON letters (coalesce(received, sent) DESC, origin) WHERE broker IS NOT NULL;
    """,
)

_CAME = "coalesce(received, sent, seen)"
MOST_WAITING = 64 << 20  # bytes of mails kept whole

_CODE_IN_SUBJECT = re.compile(r"[0-9０-９A-Z]{4,}")
_encode = msgspec.json.Encoder().encode
_fact = msgspec.json.Decoder(Fact)
_letter = msgspec.json.Decoder(Letter)
_finding = msgspec.json.Decoder(Finding)
_words = msgspec.json.Decoder(Words)
_names = msgspec.json.Decoder(tuple[str, ...])


class Store(Alerts, Mails):
    """The file, open. One writer at a time; a second one waits up to ten seconds."""

    def __init__(self, path: Path | str):
        self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None)
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("PRAGMA synchronous = FULL")
        self._depth = 0

    @classmethod
    def open(cls, folder: Folder) -> "Store":
        """The folder's store, made or brought up to date. Raises `HomeError` where it cannot be used."""
        folder.prepare()
        try:
            store = cls(folder.store)
            store._db.execute("PRAGMA journal_mode = WAL")
            store.migrate()
        except sqlite3.Error as error:
            raise HomeError.of(
                f"記録 {folder.store} を開けません({error})。別の場所に移してからやり直してください。",
                f"the store {folder.store} cannot be opened ({error}); move it away and start again",
            ) from error
        folder.secure()
        return store

    @classmethod
    def in_memory(cls) -> "Store":
        """A store that lives as long as the object."""
        store = cls(":memory:")
        store.migrate()
        return store

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def migrate(self) -> None:
        """Bring the tables to this version. Raises `HomeError` when a newer Kuraban wrote them."""
        if int(self._db.execute("PRAGMA user_version").fetchone()[0]) == len(MIGRATIONS):
            return  # without a lock: pages are shown while the watch writes
        # The version is read with the file locked: watch and pages may begin at the same moment.
        with self.transaction():
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if version > len(MIGRATIONS):
                raise HomeError.of(
                    "記録は新しい版の蔵番で作られています。蔵番を更新してください。",
                    "the store was written by a newer Kuraban: update Kuraban",
                )
            for script in MIGRATIONS[version:]:
                for statement in script.split(";"):
                    if statement.strip():
                        self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens within is kept together, or not at all; nests."""
        if self._depth == 0:
            self._db.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._db.execute("COMMIT")

    # Mails, exports and what they state

    def add_letter(self, letter: Letter, seen: datetime) -> bool:
        """Keep a mail's headers, verdict and facts; False when it is known."""
        kept = scrubbed(letter)
        row = (
            kept.origin, kept.place, _utc(kept.received), _utc(kept.sent), kept.sender, kept.sender_name, kept.subject,
            kept.authenticity.verdict.value, kept.authenticity.broker, kept.kind, kept.format, _encode(kept),
            _iso(seen),
        )  # fmt: skip
        with self.transaction():
            sql = "INSERT OR IGNORE INTO letters VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
            if not self._db.execute(sql, row).rowcount:
                return False
            self.add_facts(kept.facts)
        return True

    def add_facts(self, facts: Iterable[Fact]) -> int:
        """Keep facts; how many were new."""
        rows = ((f.event.id, f.origin, f.event.account, f.event.time, f.seen.isoformat(), _encode(f)) for f in facts)
        with self.transaction():
            return self._db.executemany("INSERT OR IGNORE INTO facts VALUES (?,?,?,?,?,?)", rows).rowcount

    def add_statement(self, digest: str, place: str, form: str | None, period: Period | None, made: datetime) -> bool:
        """Note that an export was read; False when the same bytes were before. made: when the file was written."""
        row = (
            digest, place, form, period.account if period else None, period.first.isoformat() if period else None,
            period.last.isoformat() if period else None, int(period.stated) if period else 0, made.isoformat(),
        )  # fmt: skip
        return bool(self._db.execute("INSERT OR IGNORE INTO statements VALUES (?,?,?,?,?,?,?,?)", row).rowcount)

    def knows_letter(self, origin: str) -> bool:
        """Whether a mail was read before."""
        return self._db.execute("SELECT 1 FROM letters WHERE origin = ?", (origin,)).fetchone() is not None

    def knows_statement(self, digest: str) -> bool:
        """Whether the same bytes were read before."""
        return self._db.execute("SELECT 1 FROM statements WHERE digest = ?", (digest,)).fetchone() is not None

    def facts(self) -> list[Fact]:
        """All facts, by time."""
        return [_fact.decode(row[0]) for row in self._db.execute("SELECT fact FROM facts ORDER BY time, event")]

    def letters(self, since: datetime | None = None, *, brokers_only: bool = False) -> Iterator[Letter]:
        """Mails seen since then, or all, by arrival; those that are, or pretend to be, a broker's, or all."""
        some = "AND broker IS NOT NULL" if brokers_only else ""
        sql = f"SELECT letter FROM letters WHERE seen >= ? {some} ORDER BY received, origin"  # noqa: S608 - no input
        with closing(self._db.execute(sql, (since.isoformat() if since else "",))) as rows:
            for row in rows:
                yield _letter.decode(row[0])

    def newest_mail(self) -> datetime | None:
        """When the newest mail came, of whatever sender."""
        row = self._db.execute("SELECT max(received) FROM letters").fetchone()
        return datetime.fromisoformat(row[0]) if row[0] else None

    def periods(self) -> list[Period]:
        """What the exports read cover."""
        sql = "SELECT account, first, last, stated FROM statements WHERE account IS NOT NULL AND first IS NOT NULL"
        return [
            Period(a, date.fromisoformat(f), date.fromisoformat(t), bool(s)) for a, f, t, s in self._db.execute(sql)
        ]

    def exported_on(self) -> list[tuple[str, datetime]]:
        """Account of every export read, and when the export was made: the owner was logged in then."""
        sql = "SELECT account, made FROM statements WHERE account IS NOT NULL ORDER BY made"
        return [(account, datetime.fromisoformat(made)) for account, made in self._db.execute(sql)]

    def export_files(self) -> list[tuple[str, str]]:
        """SHA-256 and path of every export read."""
        return [(str(d), str(p)) for d, p in self._db.execute("SELECT digest, place FROM statements ORDER BY place")]

    def add_unreadable(self, problem: Unreadable, seen: datetime) -> None:
        """Note what could not be read."""
        row = (problem.place, problem.code, _encode(problem.words), seen.isoformat())
        self._db.execute("INSERT OR IGNORE INTO unreadable VALUES (?,?,?,?)", row)

    def unreadable(self, since: datetime) -> list[Unreadable]:
        """What could not be read since then."""
        sql = "SELECT place, code, words FROM unreadable WHERE seen >= ? ORDER BY seen, place"
        return [Unreadable(p, c, _words.decode(w)) for p, c, w in self._db.execute(sql, (since.isoformat(),))]

    def counts(self, since: datetime) -> dict[tuple[str | None, Verdict], int]:
        """Mails that came since then, whenever they were read, by broker and verdict."""
        sql = f"SELECT broker, verdict, count(*) FROM letters WHERE {_CAME} >= ? GROUP BY broker, verdict"  # noqa: S608
        return {(broker, Verdict(v)): n for broker, v, n in self._db.execute(sql, (_utc(since),))}

    def late(self, since: datetime) -> int:
        """How many mails of brokers were read since then that had come before: an archive, or a new mailbox."""
        sql = f"SELECT count(*) FROM letters WHERE broker IS NOT NULL AND seen >= ? AND {_CAME} < ?"  # noqa: S608
        return int(self._db.execute(sql, (since.isoformat(), _utc(since))).fetchone()[0])

    def verdicts(self) -> dict[str, int]:
        """All mails by verdict."""
        sql = "SELECT verdict, count(*) FROM letters GROUP BY verdict ORDER BY verdict"
        return {str(verdict): int(n) for verdict, n in self._db.execute(sql)}

    def keep_waiting(self, origin: str, mailbox: str, mail: RawMail, seen: datetime) -> None:
        """Keep a mail whole, to be checked again, as far as there is room for it."""
        (taken,) = self._db.execute("SELECT coalesce(sum(length(raw)), 0) FROM waiting").fetchone()
        if taken + len(mail.raw) <= MOST_WAITING:
            row = (origin, mailbox, mail.place, int(mail.whole), _iso(mail.arrived), mail.raw, _iso(seen))
            self._db.execute("INSERT OR REPLACE INTO waiting VALUES (?,?,?,?,?,?,?)", row)

    def waiting(self) -> list[str]:
        """The origins of the mails that wait to be checked, oldest first."""
        return [str(row[0]) for row in self._db.execute("SELECT origin FROM waiting ORDER BY seen, origin")]

    def waiting_mail(self, origin: str) -> tuple[str, RawMail]:
        """One of them, with the name of its mailbox."""
        sql = "SELECT mailbox, raw, place, whole, arrived FROM waiting WHERE origin = ?"
        mailbox, raw, place, whole, arrived = self._db.execute(sql, (origin,)).fetchone()
        at = datetime.fromisoformat(arrived) if arrived else None
        return mailbox, RawMail(raw, place, len(raw), bool(whole), at)

    def checked(self, letter: Letter, seen: datetime) -> None:
        """Put what is known of a mail now in the place of what was known before, and let its text go."""
        with self.transaction():
            for table in ("letters", "facts", "waiting"):
                self._db.execute(f"DELETE FROM {table} WHERE origin = ?", (letter.origin,))  # noqa: S608 - no input
            self.add_letter(letter, seen)

    def forget_waiting(self, before: datetime) -> None:
        """Let the text of mails go that have waited since before then."""
        self._db.execute("DELETE FROM waiting WHERE seen < ?", (before.isoformat(),))

    # How far things are

    def resume_point(self, mailbox: str, folder: str) -> tuple[int, int] | None:
        """UIDVALIDITY and the last UID read of an IMAP folder."""
        sql = "SELECT validity, uid FROM resume WHERE mailbox = ? AND folder = ?"
        row = self._db.execute(sql, (mailbox, folder)).fetchone()
        return (int(row[0]), int(row[1])) if row else None

    def set_resume_point(self, mailbox: str, folder: str, validity: int, uid: int) -> None:
        """Everything up to this UID is kept."""
        self._db.execute("INSERT OR REPLACE INTO resume VALUES (?,?,?,?)", (mailbox, folder, validity, uid))

    def note(self, key: str) -> str | None:
        """A small value kept under a name."""
        row = self._db.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def set_note(self, key: str, value: str | None) -> None:
        """Keep a small value, or forget it."""
        if value is None:
            self._db.execute("DELETE FROM notes WHERE key = ?", (key,))
        else:
            self._db.execute("INSERT OR REPLACE INTO notes VALUES (?,?)", (key, value))

    def time_note(self, key: str) -> datetime | None:
        """A time kept under a name."""
        value = self.note(key)
        return datetime.fromisoformat(value) if value else None


def scrubbed(letter: Letter) -> Letter:
    """Without what may be a one-time code in the subject; of mails that are no broker's only that they came."""
    if letter.authenticity.broker is None:
        return msgspec.structs.replace(letter, place="", sender="", sender_name="", subject="", problems=())
    if letter.kind != "code":
        return letter
    return msgspec.structs.replace(letter, subject=_CODE_IN_SUBJECT.sub("****", letter.subject))


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _utc(value: datetime | None) -> str | None:
    """So that the order of the text is the order of the times."""
    return value.astimezone(UTC).isoformat() if value else None
