"""Notices to owners, each with a link to say "it was me" or "it was not me".

A thief often holds the mailbox, and changes an address before he acts. So an owner is told by every channel there is,
each on its own; an address that was replaced is still told for `KEPT_DAYS` (of many, those that were in use longest).
"It was not me" counts from any channel, at once, and last; "it was me" out of an e-mail is noted, but proves nothing.
"""

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from kuraban.journal import alerts, store
from kuraban.server.outputs.settings import Outputs
from kuraban.server.outputs.signing import Link, mark_of, sign_link

KEPT_DAYS = 14
LATELY_DAYS = 3
MOST_KEPT = 16  # replaced addresses that are still told: twice as many as can be set at once
_DAY = 86_400_000_000


class _Named(msgspec.Struct):
    id: str


_named = msgspec.json.Decoder(_Named)

ACTION_WORDS = {
    "notify": ("ご確認ください", "please check"),
    "challenge": ("追加の本人確認を求めました", "a further proof of identity was asked for"),
    "hold": ("手続きを保留しました", "the act was put on hold"),
    "lock": ("口座をロックしました", "the account was locked"),
}


def mark_of_address(url: str) -> str:
    """What stands for an address in messages: they are kept longer than it is, and it may hold a password."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def set_contacts(connection: sqlite3.Connection, account: str, urls: Sequence[str], at: int) -> None:
    """How an owner is reached from now on; what is not among it any more is kept for a while."""
    marks = ",".join("?" * len(urls))
    connection.execute(
        f"UPDATE contact SET until = ? WHERE account = ? AND until IS NULL AND url NOT IN ({marks})",  # noqa: S608
        (at + KEPT_DAYS * _DAY, account, *urls),
    )
    connection.executemany(
        "INSERT INTO contact (account, url, since, until) VALUES (?, ?, ?, NULL)"
        " ON CONFLICT (account, url) DO UPDATE SET until = NULL",
        [(account, url, at) for url in urls],
    )
    connection.execute("DELETE FROM contact WHERE account = ? AND until < ?", (account, at))
    # However often a thief replaces addresses by others: those that were in use for long are still told.
    connection.execute(
        "DELETE FROM contact WHERE account = :account AND url IN (SELECT url FROM contact WHERE account = :account"
        " AND until IS NOT NULL ORDER BY until - since DESC, url LIMIT -1 OFFSET :most)",
        {"account": account, "most": MOST_KEPT},
    )


def reached_by(connection: sqlite3.Connection, account: str, at: int) -> list[str]:
    """Every address an owner is told at."""
    return [url for url, _ in told_at(connection, account, at)]


def told_at(connection: sqlite3.Connection, account: str, at: int) -> list[tuple[str, bool]]:
    """Every address an owner is told at, and whether it was entered lately."""
    rows = connection.execute(
        "SELECT url, since > ? FROM contact WHERE account = ? AND (until IS NULL OR until > ?) ORDER BY since, url",
        (at - LATELY_DAYS * _DAY, account, at),
    )
    return [(url, bool(lately)) for url, lately in rows]


def address(connection: sqlite3.Connection, account: str, mark: str, at: int) -> str | None:
    """The address a mark stands for, None where the owner is not told there any more."""
    return next((url for url in reached_by(connection, account, at) if mark_of_address(url) == mark), None)


def counts(connection: sqlite3.Connection, account: str, at: int) -> tuple[int, int]:
    """How many addresses are used now, and how many replaced ones are still told."""
    rows = connection.execute("SELECT until FROM contact WHERE account = ?", (account,)).fetchall()
    return sum(until is None for (until,) in rows), sum(until is not None and until > at for (until,) in rows)


def by_mail_only(connection: sqlite3.Connection, account: str | None = None) -> int:
    """How many owners are reached by e-mail alone: of all, or whether one is (0 or 1)."""
    clause, values = ("", ()) if account is None else (" AND account = ?", (account,))
    (found,) = connection.execute(
        "SELECT count(*) FROM (SELECT account FROM contact WHERE until IS NULL" + clause + " GROUP BY account"  # noqa: S608
        # What an earlier version took for another channel, because it began like one, is none.
        " HAVING sum(url NOT LIKE 'mailto://%' AND url NOT LIKE 'mailtos://%' AND url NOT GLOB '*[, ;]*') = 0)",
        values,
    ).fetchone()
    return int(found)


def event_ids(connection: sqlite3.Connection, alert: int, most: int = 64) -> list[str]:
    """The ids of the newest events an alert is about, oldest first."""
    events = store.Events(connection, keep=8)
    found = []
    for seq in alerts.events_of(connection, alert)[-most:]:
        place = events.find(seq)
        if place is not None:
            found.append(_named.decode(place[0].lines[place[1]]).id)
    return found


def notice(outputs: Outputs, secret: bytes, told: dict[str, Any], kind: str) -> tuple[str, str]:
    """Title and text of the notice by one kind of channel, with a link of its own."""
    hours = outputs.owners.link_hours if outputs.owners else 72.0
    until = int(time.time() + hours * 3600)
    link = Link(told["alert"], mark_of(secret, told["account"]), kind, until, secrets.token_hex(8))
    return words(told["decision"], f"{outputs.public_url}/owner/{sign_link(secret, link)}")


def words(decision: dict[str, Any], address: str) -> tuple[str, str]:
    """Title and text of a notice. They name neither the account nor an amount: the channel may be read by others."""
    ja, en = ACTION_WORDS[decision["action"]]
    reasons = [(reason["ja"], reason["en"]) for reason in decision["reasons"][:3] if reason["weight"] > 0]
    lines = [
        f"証券口座で普段と異なる操作がありました。{ja}。",
        *(f"・{reason}" for reason, _ in reasons),
        "ご本人の操作かどうか、次のリンクでお答えください。ログインやパスワードの入力を求めることはありません。",
        address,
        "",
        f"Something unusual happened on your securities account: {en}.",
        *(f"- {reason}" for _, reason in reasons),
        "Tell us with the link above whether it was you. We never ask you to log in or for a password there.",
    ]
    return "口座の操作の確認 / Was this you?", "\n".join(lines)
