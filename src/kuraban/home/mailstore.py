"""The part of the store that looks mails of brokers up: by broker, verdict and words, newest first, in pages."""

import sqlite3
import unicodedata
from datetime import datetime
from typing import NamedTuple

import msgspec

from kuraban.home.model import Letter, Verdict

_letter = msgspec.json.Decoder(Letter)
_WHEN = "coalesce(received, sent)"


class Wanted(NamedTuple):
    """Which mails. broker: its key, None for all; verdicts: empty for all; text: in subject or sender."""

    broker: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    text: str = ""


class Seen(NamedTuple):
    """One mail in a list. origin: `mail:<sha256>`."""

    origin: str
    time: datetime | None
    sender: str
    sender_name: str
    subject: str
    verdict: Verdict
    broker: str
    kind: str | None


class Heard(NamedTuple):
    """What came of one broker: how many mails of each verdict, and when the newest believed one came."""

    broker: str
    counts: dict[Verdict, int]
    newest: datetime | None

    @property
    def total(self) -> int:
        """All mails that are, or pretend to be, this broker's."""
        return sum(self.counts.values())


class Mails:
    """Mixed into `Store`, whose connection it uses."""

    _db: sqlite3.Connection

    def letter(self, origin: str) -> Letter | None:
        """One mail."""
        row = self._db.execute("SELECT letter FROM letters WHERE origin = ?", (origin,)).fetchone()
        return _letter.decode(row[0]) if row else None

    def find_letters(self, wanted: Wanted, most: int, skip: int = 0) -> list[Seen]:
        """Mails of brokers, newest first."""
        where, values = _where(wanted)
        sql = (
            f"SELECT origin, {_WHEN}, sender, sender_name, subject, verdict, broker, kind FROM letters WHERE {where}"  # noqa: S608
            f" ORDER BY {_WHEN} DESC, origin LIMIT ? OFFSET ?"
        )
        return [
            Seen(origin, _time(when), sender, name, subject, Verdict(verdict), broker, kind)
            for origin, when, sender, name, subject, verdict, broker, kind in self._db.execute(
                sql, (*values, most, skip)
            )
        ]

    def count_letters(self, wanted: Wanted) -> int:
        """How many there are."""
        where, values = _where(wanted)
        return int(self._db.execute(f"SELECT count(*) FROM letters WHERE {where}", values).fetchone()[0])  # noqa: S608

    def heard(self) -> list[Heard]:
        """What came of each broker, most mails first."""
        sql = (
            f"SELECT broker, verdict, count(*), max({_WHEN}) FROM letters WHERE broker IS NOT NULL"  # noqa: S608
            " GROUP BY broker, verdict"
        )
        found: dict[str, Heard] = {}
        for broker, verdict, count, newest in self._db.execute(sql):
            one = found.get(broker, Heard(broker, {}, None))
            when = _time(newest) if verdict in {Verdict.VERIFIED, Verdict.UNVERIFIED} else None
            latest = max((t for t in (one.newest, when) if t is not None), default=None)
            found[broker] = Heard(broker, {**one.counts, Verdict(verdict): int(count)}, latest)
        return sorted(found.values(), key=lambda one: (-one.total, one.broker))


def _where(wanted: Wanted) -> tuple[str, list[str]]:
    parts, values = ["broker IS NOT NULL"], []
    if wanted.broker is not None:
        parts.append("broker = ?")
        values.append(wanted.broker)
    if wanted.verdicts:
        parts.append(f"verdict IN ({','.join('?' * len(wanted.verdicts))})")
        values += [verdict.value for verdict in wanted.verdicts]
    if wanted.text:
        # Subjects mix full and half width; both of what is typed and its normal form are looked for.
        forms = dict.fromkeys((wanted.text, unicodedata.normalize("NFKC", wanted.text)))
        fields = ("subject", "sender", "sender_name")
        parts.append("(" + " OR ".join(f"{field} LIKE ? ESCAPE '\\'" for _ in forms for field in fields) + ")")
        values += [_pattern(form) for form in forms for _ in fields]
    return " AND ".join(parts), values


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
