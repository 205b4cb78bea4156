"""The part of the store that keeps alerts, what became of them, and what the owner answered."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime

import msgspec

from kuraban.home.findings import NOT_AN_ACT, Finding, Level
from kuraban.home.model import Words
from kuraban.home.scoring import Answer

_encode = msgspec.json.Encoder().encode
_finding = msgspec.json.Decoder(Finding)
_names = msgspec.json.Decoder(tuple[str, ...])


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that was raised, and what became of it. quiet: from before the watch began, never sent out."""

    finding: Finding
    raised: datetime
    quiet: bool = False
    acknowledged: datetime | None = None
    settled: datetime | None = None
    sends: int = 0
    last_sent: datetime | None = None
    channels: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it is still repeated to the owner."""
        return self.acknowledged is None and self.settled is None

    @property
    def waits(self) -> bool:
        """Whether it still waits for his word. Noting an alarm silences it; whether it was he is not said by that."""
        noted = self.finding.level is Level.ALARM and self.finding.kind not in NOT_AN_ACT
        return self.settled is None and (self.acknowledged is None or noted)


class Alerts(ABC):
    """Mixed into `Store`, whose connection and transactions it uses."""

    _db: sqlite3.Connection

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """As of `Store`."""

    # Answers

    def add_answer(self, finding: Finding, mine: bool, now: datetime) -> None:
        """What the owner said of a finding, in place of what he said of it before; its alert is settled."""
        about = _encode(finding.about).decode()
        with self.transaction():
            self._withdraw(finding.id, now)
            sql = "INSERT INTO answers (finding, asked, mine, time, about) VALUES (?,?,?,?,?)"
            self._db.execute(sql, (finding.id, finding.kind.value, int(mine), now.isoformat(), about))
            sql = "UPDATE alerts SET settled = ?, acknowledged = coalesce(acknowledged, ?) WHERE id = ?"
            self._db.execute(sql, (now.isoformat(), now.isoformat(), finding.id))

    def _withdraw(self, key: str, now: datetime) -> None:
        sql = "UPDATE answers SET withdrawn = ? WHERE finding = ? AND withdrawn IS NULL"
        self._db.execute(sql, (now.isoformat(), key))

    def reopen(self, key: str, now: datetime) -> bool:
        """Take back what the owner answered or noted: the alert waits again. False when there is no such alert."""
        with self.transaction():
            self._withdraw(key, now)
            sql = "UPDATE alerts SET settled = NULL, acknowledged = NULL WHERE id = ?"
            return bool(self._db.execute(sql, (key,)).rowcount)

    def answer_to(self, key: str) -> tuple[bool, datetime] | None:
        """Whether the owner said that this finding was himself, and when; None where he has not answered."""
        sql = "SELECT mine, time FROM answers WHERE finding = ? AND withdrawn IS NULL ORDER BY id DESC"
        row = self._db.execute(sql, (key,)).fetchone()
        return (bool(row[0]), datetime.fromisoformat(row[1])) if row else None

    def answers(self) -> list[Answer]:
        """All answers that hold, oldest first."""
        sql = "SELECT time, about, mine, asked FROM answers WHERE withdrawn IS NULL ORDER BY id"
        return [
            Answer(datetime.fromisoformat(time), _names.decode(about), bool(mine), asked)
            for time, about, mine, asked in self._db.execute(sql)
        ]

    def denials(self) -> list[tuple[Alert, datetime]]:
        """What the owner said was not he, or that he does not know, and when he said so; oldest first."""
        sql = f"SELECT a.time, {_COLUMNS} FROM answers a JOIN alerts ON alerts.id = a.finding" + (  # noqa: S608
            " WHERE a.mine = 0 AND a.withdrawn IS NULL ORDER BY a.id"
        )
        return [(_alert_of(row[1:]), datetime.fromisoformat(row[0])) for row in self._db.execute(sql)]

    # Alerts

    def raise_alert(self, finding: Finding, now: datetime, quiet: bool) -> bool:
        """Keep a finding as an alert, or bring the one about the same things up to date; True when it is news.

        News is a new alert, and one that has become more urgent: that is open again.
        """
        with self.transaction():
            known = self._alert_about(finding)
            if known is None:
                sql = "INSERT INTO alerts (id, finding, raised, quiet) VALUES (?,?,?,?)"
                self._db.execute(sql, (finding.id, _encode(finding), now.isoformat(), int(quiet)))
                self._note_about(finding, finding.id)
                return True
            merged = _merged(known.finding, finding)
            louder = finding.level != known.finding.level and merged.level == finding.level
            sql = "UPDATE alerts SET finding = ? WHERE id = ?"
            self._db.execute(sql, (_encode(merged), known.finding.id))
            self._note_about(finding, known.finding.id)
            if louder:
                sql = "UPDATE alerts SET acknowledged = NULL, settled = NULL, sends = 0, channels = '[]' WHERE id = ?"
                self._db.execute(sql, (known.finding.id,))
            return louder

    def _alert_about(self, finding: Finding) -> Alert | None:
        own = self.alert(finding.id)
        if own is not None:
            return own
        for about in finding.about:
            sql = "SELECT alert FROM alert_about WHERE about = ? AND kind = ?"
            row = self._db.execute(sql, (about, finding.kind.value)).fetchone()
            if row is not None:
                return self.alert(row[0])
        return None

    def _note_about(self, finding: Finding, alert: str) -> None:
        rows = ((about, finding.kind.value, alert) for about in finding.about)
        self._db.executemany("INSERT OR IGNORE INTO alert_about VALUES (?,?,?)", rows)

    def alert(self, key: str) -> Alert | None:
        """One alert by its id."""
        row = self._db.execute(f"{_ALERT} WHERE id = ?", (key,)).fetchone()
        return _alert_of(row) if row else None

    def alerts(self, since: datetime | None = None, *, only_open: bool = False) -> list[Alert]:
        """Alerts raised since then, or all, oldest first."""
        sql = f"{_ALERT} WHERE raised >= ? ORDER BY raised, id"
        found = [_alert_of(row) for row in self._db.execute(sql, (since.isoformat() if since else "",))]
        return [alert for alert in found if alert.open or not only_open]

    def sent(self, alert: str, channels: Iterable[str], now: datetime, *, again: bool = True) -> None:
        """Note that an alert went out to these channels so far; again: whether that counts as one more time."""
        names = _encode(sorted(channels)).decode()
        sql = "UPDATE alerts SET sends = sends + ?, last_sent = ?, channels = ? WHERE id = ?"
        self._db.execute(sql, (int(again), now.isoformat(), names, alert))

    def acknowledge(self, key: str, now: datetime) -> bool:
        """The owner has taken note: it is not repeated. False when there is no such alert."""
        sql = "UPDATE alerts SET acknowledged = coalesce(acknowledged, ?) WHERE id = ?"
        return bool(self._db.execute(sql, (now.isoformat(), key)).rowcount)

    def settle(self, key: str, now: datetime) -> None:
        """What it was about is over by itself (a late notice came, the mailbox can be read again)."""
        self._db.execute("UPDATE alerts SET settled = coalesce(settled, ?) WHERE id = ?", (now.isoformat(), key))

    def note_send(self, channel: str, what: str, now: datetime) -> None:
        """Count a message for the limit, and forget those of last month."""
        self._db.execute("INSERT INTO sends VALUES (?,?,?)", (now.isoformat(), channel, what))

    def sends_since(self, channel: str, since: datetime) -> int:
        """How many messages a channel got since then."""
        sql = "SELECT count(*) FROM sends WHERE channel = ? AND time >= ?"
        return int(self._db.execute(sql, (channel, since.isoformat())).fetchone()[0])

    def last_send(self, channel: str) -> datetime | None:
        """When a channel last got a message, as far back as that is remembered."""
        return _time(self._db.execute("SELECT max(time) FROM sends WHERE channel = ?", (channel,)).fetchone()[0])


_COLUMNS = "alerts.finding, raised, quiet, acknowledged, settled, sends, last_sent, channels"
_ALERT = f"SELECT {_COLUMNS} FROM alerts"  # noqa: S608


def _merged(old: Finding, new: Finding) -> Finding:
    """The newer words under the older id; it never becomes less urgent."""
    level = max(old.level, new.level, key=("info", "ask", "alarm").index)
    about = tuple(dict.fromkeys((*old.about, *new.about)))
    todo = tuple(Words(w.ja.replace(new.id, old.id), w.en.replace(new.id, old.id)) for w in new.todo)
    return msgspec.structs.replace(new, id=old.id, level=level, about=about, todo=todo, first=min(old.first, new.first))


def _alert_of(row: tuple[object, ...]) -> Alert:
    finding, raised, quiet, acknowledged, settled, sends, last_sent, channels = row
    return Alert(
        finding=_finding.decode(finding),  # type: ignore[arg-type]
        raised=datetime.fromisoformat(str(raised)),
        quiet=bool(quiet),
        acknowledged=_time(acknowledged),
        settled=_time(settled),
        sends=int(str(sends)),
        last_sent=_time(last_sent),
        channels=_names.decode(str(channels)),
    )


def _time(value: object) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None
