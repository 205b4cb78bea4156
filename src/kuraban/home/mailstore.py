"""The part of the store that looks mails of brokers up: by broker, verdict and words, newest first, in pages."""

import sqlite3
import unicodedata
from datetime import datetime
from typing import NamedTuple

import msgspec

from kuraban.home.model import Fact, Letter, Verdict

_letter = msgspec.json.Decoder(Letter)
_WHEN = "coalesce(received, sent)"
FEW = 3


class Wanted(NamedTuple):
    """Which mails. broker: its key, None for all; verdicts: empty for all; text: in subject or sender."""

    broker: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    text: str = ""


class Seen(NamedTuple):
    """One mail in a list. origin: `mail:<sha256>`. facts: the first few things it states."""

    origin: str
    time: datetime | None
    sender: str
    sender_name: str
    subject: str
    verdict: Verdict
    broker: str
    kind: str | None
    facts: tuple[Fact, ...] = ()


class Found(NamedTuple):
    """A page of a list. at, last: its number and that of the last page, from 0."""

    total: int
    at: int
    last: int
    rows: list[Seen]


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

    def find_letters(self, wanted: Wanted, page: int, size: int) -> Found:
        """One page of the mails of brokers, newest first."""
        where, values = _where(wanted)
        if wanted.text:  # every row has to be read, so once only, as they lie
            sql = f"SELECT origin, {_WHEN} FROM letters NOT INDEXED WHERE {where}"  # noqa: S608
            hits = sorted(self._db.execute(sql, values), key=lambda hit: (hit[1] or "", hit[0]), reverse=True)
            total = len(hits)
        else:
            total = int(self._db.execute(f"SELECT count(*) FROM letters WHERE {where}", values).fetchone()[0])  # noqa: S608
        last = max(0, (total - 1) // size)
        at = min(page, last)
        if wanted.text:
            origins = [origin for origin, _ in hits[at * size : (at + 1) * size]]
            sql = f"{_SEEN} WHERE origin IN ({','.join('?' * len(origins))}) ORDER BY {_WHEN} DESC, origin DESC"
            return Found(total, at, last, [_seen(row) for row in self._db.execute(sql, origins)])
        sql = f"{_SEEN} WHERE {where} ORDER BY {_WHEN} DESC, origin LIMIT ? OFFSET ?"
        return Found(total, at, last, [_seen(row) for row in self._db.execute(sql, (*values, size, at * size))])

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


_SEEN = f"SELECT origin, {_WHEN}, sender, sender_name, subject, verdict, broker, kind, letter FROM letters"  # noqa: S608


def _seen(row: tuple[str, str | None, str, str, str, str, str, str | None, bytes]) -> Seen:
    origin, when, sender, name, subject, verdict, broker, kind, letter = row
    facts = _letter.decode(letter).facts[:FEW]
    return Seen(origin, _time(when), sender, name, subject, Verdict(verdict), broker, kind, facts)


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
