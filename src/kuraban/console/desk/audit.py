"""The page *Audit*: who did what and what was decided, newest first, with the seals of what is shown checked.

The log can hold millions of entries; each filter has its index.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from kuraban.console.desk.audit_words import MACHINE, sentence, whose
from kuraban.console.desk.reading import whole
from kuraban.console.desk.seat import Page, Visit
from kuraban.console.frame import HEADERS
from kuraban.journal import audit
from kuraban.journal.audit import Entry
from kuraban.server.clock import written

MOST = 50
PEOPLE, ALL = "people", "all"  # besides a kind: every act of a person, and everything

KINDS: Mapping[str, tuple[str, str]] = {
    "decision": ("判定", "decision"),
    "alert": ("アラートの処理", "verdict"),
    "note": ("メモ", "note"),
    "owner": ("本人の回答", "owner's answer"),
    "policy": ("ポリシー変更", "policy"),
    "policy-proposed": ("ポリシー提案", "policy proposed"),
    "policy-approved": ("提案の一人目の承認", "proposal approved by one of two"),
    "policy-decided": ("提案の決裁", "proposal decided"),
    "shadow-policy": ("試行ポリシー", "policy on trial"),
    "two-person-rule": ("二人承認の切替", "two-person rule"),
    "contact": ("連絡先", "contact"),
    "fallback": ("期限超過の代替応答", "fallback"),
    "message-again": ("通知の再送", "message sent again"),
    "signals-acknowledged": ("セキュリティイベントの受領", "security event tokens acknowledged"),
    "sign-in": ("サインイン", "sign-in"),
    "sign-in-refused": ("拒否したサインイン(1時間ごと)", "sign-ins refused, by the hour"),
    "request-refused": ("拒否したAPI要求(1時間ごと)", "API requests refused, by the hour"),
    "sign-out": ("サインアウト", "sign-out"),
    "sessions-ended": ("他のサインインの終了", "other sign-ins ended"),
    "sign-in-link": ("サインイン用リンクの発行", "link to sign in"),
    "passkey-added": ("パスキーの登録", "passkey added"),
    "passkey-removed": ("パスキーの削除", "passkey removed"),
    "person-added": ("利用者の追加", "person added"),
    "person-removed": ("利用者の削除", "person removed"),
    "role": ("権限の変更", "role changed"),
    "keys-removed": ("失効キーの削除", "old keys removed"),
    "audit-checkpoint": ("監査記録の期限切れ分の削除", "old audit entries removed"),
}


class Asked(NamedTuple):
    """What is looked for. kind: one of `KINDS`, `PEOPLE`, `ALL`, or "" for what suits the rest: people's acts, but
    everything where somebody or an account is named. before: the entry's number to begin below, 0 for the newest."""

    kind: str
    who: str
    account: str
    before: int

    @property
    def filtered(self) -> bool:
        """Whether anything but the newest is asked for."""
        return bool(self.kind or self.who or self.account)

    @property
    def scope(self) -> str:
        """The kind that is meant."""
        return self.kind or (ALL if self.who or self.account else PEOPLE)

    def query(self, before: int) -> str:
        """The same from elsewhere on, as a query."""
        fields = {"kind": self.kind, "who": self.who, "account": self.account, "before": before or ""}
        return urlencode({name: value for name, value in fields.items() if value})


class Shown(NamedTuple):
    """An entry to be read. words, whose: what it says and by whom, in both languages. sound: whether its seal follows
    from the entry before."""

    entry: Entry
    words: tuple[str, str]
    whose: tuple[str, str]
    body: str
    sound: bool


class Found(NamedTuple):
    """A page. more: whether there may be more below. last: the newest entry."""

    entries: list[Entry]
    sound: list[bool]
    more: bool
    last: Entry | None


async def log(visit: Visit) -> Response:
    """A page of the log."""
    asked, zone = _asked(visit), visit.service.options.timezone
    found = await visit.service.read(lambda connection: search(connection, asked))
    shown = [
        Shown(entry, sentence(entry.kind, entry.body, zone), whose(entry.kind, entry.who), _readable(entry.body), sound)
        for entry, sound in zip(found.entries, found.sound, strict=True)
    ]
    below = found.entries[-1].n if found.entries else 0
    return visit.page(
        "audit.html",
        asked=asked,
        shown=shown,
        found=found,
        below=below,
        kinds=KINDS,
        export=asked.query(asked.before),
        switch=Asked(ALL if asked.scope == PEOPLE else PEOPLE, asked.who, asked.account, 0).query(0),
    )


async def export(visit: Visit) -> Response:
    """The same page as JSON Lines."""
    asked = _asked(visit)
    found = await visit.service.read(lambda connection: search(connection, asked))
    lines = [
        msgspec.json.encode(
            {
                "n": entry.n,
                "at": written(entry.at),
                "kind": entry.kind,
                "who": entry.who,
                "body": msgspec.Raw(entry.body),
                "hash": entry.hash.hex(),
            }
        )
        for entry in found.entries
    ]
    name = f"audit-{found.entries[0].n}-{found.entries[-1].n}.jsonl" if found.entries else "audit.jsonl"
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return Response(b"".join(line + b"\n" for line in lines), media_type="application/x-ndjson", headers=headers)


def search(connection: sqlite3.Connection, asked: Asked) -> Found:
    """The newest entries that fit."""
    newest = audit.entries(connection, None, 1)
    top = min(asked.before or 2**62, (newest[0].n if newest else 0) + 1)
    kinds = _kinds(asked)
    rows = _about(connection, asked, kinds, top) if asked.account else _rows(connection, asked.who, kinds, top)
    # Whoever tampers with the file may leave anything in it, even values of other types.
    entries = [Entry(n, at, kind, who, _bytes(body), _bytes(seal)) for n, at, kind, who, body, seal in rows]
    sound = [follows(connection, entry) for entry in entries]
    more = len(entries) == MOST and entries[-1].n > 1
    return Found(entries, sound, more, newest[0] if newest else None)


def _kinds(asked: Asked) -> list[str] | None:
    """The kinds to look through; None for all, known or not."""
    if asked.scope == PEOPLE:
        return [kind for kind in KINDS if kind not in MACHINE]
    return None if asked.scope == ALL else [asked.scope]


def _about(connection: sqlite3.Connection, asked: Asked, kinds: list[str] | None, top: int) -> list[tuple[Any, ...]]:
    """The newest entries about an account, below a number."""
    clauses, values = ["x.account = ?", "x.n < ?"], list[Any]([asked.account, top])
    if asked.who:
        clauses.append("a.who = ?")
        values.append(asked.who)
    if kinds is not None:
        clauses.append(f"a.kind IN ({', '.join('?' * len(kinds))})")
        values.extend(kinds)
    # In this order whatever SQLite thinks of it: an account has few entries.
    return connection.execute(
        "SELECT a.n, a.at, a.kind, a.who, a.body, a.hash"  # noqa: S608
        " FROM audit_account AS x CROSS JOIN audit AS a ON a.n = x.n"
        f" WHERE {' AND '.join(clauses)} ORDER BY x.n DESC LIMIT {MOST}",
        values,
    ).fetchall()


def _rows(connection: sqlite3.Connection, who: str, kinds: list[str] | None, top: int) -> list[tuple[Any, ...]]:
    """The newest entries of some kinds below a number: of each kind its own newest, found by index, and then merged.
    Among a million decisions a handful of people's acts would else be looked for one by one."""
    where, values = ("n < ? AND who = ?", [top, who]) if who else ("n < ?", [top])
    if kinds is None:
        part = f"SELECT n FROM audit WHERE {where} ORDER BY n DESC LIMIT {MOST}"  # noqa: S608
        given = values
    else:
        one = f"SELECT * FROM (SELECT n FROM audit WHERE kind = ? AND {where} ORDER BY n DESC LIMIT {MOST})"  # noqa: S608
        part = " UNION ALL ".join([one] * len(kinds))
        given = [value for kind in kinds for value in (kind, *values)]
    return connection.execute(
        f"SELECT n, at, kind, who, body, hash FROM audit WHERE n IN ({part}) ORDER BY n DESC LIMIT {MOST}",  # noqa: S608
        given,
    ).fetchall()


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def follows(connection: sqlite3.Connection, entry: Entry) -> bool:
    """Whether an entry's seal is that of its content over the entry before."""
    before = audit.hash_of(connection, entry.n - 1) or b""
    return entry.hash == audit.sealed(before, *entry[:5])


def _readable(body: bytes) -> str:
    try:
        return msgspec.json.format(body, indent=2).decode("utf-8", "replace")
    except msgspec.DecodeError:
        return body.decode("utf-8", "replace")


def _asked(visit: Visit) -> Asked:
    query = visit.request.query_params
    kind, who, account = (query.get(name, "").strip()[:128] for name in ("kind", "who", "account"))
    return Asked(kind, who, account, whole(query.get("before"), 2**62))


PAGES = (
    Page("GET", "/audit", "viewer", log),
    Page("GET", "/audit/export", "viewer", export),
)
