"""Entries of the audit log as sentences, in both languages: one for each kind.

Whoever tampers with the log may leave anything in it, so nothing is taken for granted of a body: what is missing or of
another type is left out, and what no sentence fits is shown as the facts it holds.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from kuraban.console import words
from kuraban.console.words import ACTIONS, STATES
from kuraban.plurals import counted

Words = tuple[str, str]  # Japanese, English

MOST_TEXT = 400
_SHOWN = {language: words.filters(language, "UTC") for language in ("ja", "en")}
_ROLES = {"viewer": ("閲覧", "viewer"), "analyst": ("担当者", "analyst"), "manager": ("責任者", "manager")}
_WAYS = {"link": ("リンク", "a link"), "passkey": ("パスキー", "a passkey")}
_ANSWERS = {"me": ("自分の操作です", "it was me"), "not_me": ("自分ではありません", "it was not me")}
_SETTLED = {
    "approved": ("承認", "approved"),
    "rejected": ("却下", "turned down"),
    "withdrawn": ("取り下げ", "withdrawn"),
}
_SYSTEM = {
    "engine": ("判定エンジン", "the engine"),
    "server": ("サーバー", "the server"),
    "owner": ("口座の本人", "the account's owner"),
}

# Kinds that the machine writes by itself; everything else is somebody's act, or says who may act.
MACHINE = frozenset(
    (
        "decision",
        "fallback",
        "signals-acknowledged",
        "sign-in-refused",
        "request-refused",
        "keys-removed",
        "audit-checkpoint",
    )
)


class Body(NamedTuple):
    """What an entry holds, read without trusting it. zone: of the times shown."""

    said: Mapping[str, Any]
    zone: ZoneInfo

    def text(self, name: str) -> str:
        """A text or whole number; "" for anything else."""
        value = self.said.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            return ""
        text = str(value)
        return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.said.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def whole(self, name: str) -> int:
        """A count, 0 for none."""
        return int(self.number(name) or 0)

    def word(self, name: str, table: Mapping[str, Words]) -> Words:
        """A fixed word in both languages."""
        return table.get(self.text(name), (self.text(name),) * 2)

    def list(self, name: str) -> list[Any]:
        """A list; empty for anything else."""
        value = self.said.get(name)
        return value if isinstance(value, list) else []

    def time(self, name: str) -> str:
        """A time of RFC 3339 in the zone of the page."""
        try:
            return datetime.fromisoformat(self.text(name)).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")
        except ValueError:
            return self.text(name)


def _because(body: Body) -> Words:
    why = body.text("why")
    return (f": {why}", f": {why}") if why else ("", "")


def _decision(body: Body) -> Words:
    (ja, en), account = body.word("action", ACTIONS), body.text("account")
    chance, loss = body.number("probability"), body.number("expected_loss")
    reasons = [each for each in body.list("reasons") if isinstance(each, dict)]
    first = [str(reasons[0].get(language, ""))[:MOST_TEXT] if reasons else "" for language in ("ja", "en")]
    shown = [(form["percent"](chance), form["about"](loss)) for form in (_SHOWN["ja"], _SHOWN["en"])]
    return (
        f"口座 {account}: {ja}(乗っ取りの確率 {shown[0][0]}、予想損失 {shown[0][1]}){first[0] and f'。{first[0]}'}",
        f"Account {account}: {en} (takeover {shown[1][0]}, expected loss {shown[1][1]}){first[1] and f': {first[1]}'}",
    )


def _alert(body: Body) -> Words:
    ja, en = body.word("state", STATES)
    account, number = body.text("account"), body.text("alert")
    why, group = _because(body), body.text("group")
    both = (f"({group} をまとめて)", f", with the others of {group}") if group else ("", "")
    return (
        f"口座 {account} のアラート {number} を「{ja}」にした{both[0]}{why[0]}",
        f"Made alert {number} of account {account} «{en}»{both[1]}{why[1]}",
    )


def _note(body: Body) -> Words:
    account, number, why = body.text("account"), body.text("alert"), body.text("why")
    return f"口座 {account} のアラート {number} にメモ: {why}", f"A note on alert {number} of account {account}: {why}"


def _owner(body: Body) -> Words:
    ja, en = body.word("answer", _ANSWERS)
    account, number, channel = body.text("account"), body.text("alert"), body.text("channel")
    settled = ("を判定", ", settled by it") if body.said.get("settles") is True else ("", "")
    return (
        f"口座 {account} の本人が「{ja}」と回答({channel}、アラート {number}{settled[0]})",
        f"The owner of account {account} answered «{en}» ({channel}, alert {number}{settled[1]})",
    )


def _policy(body: Body) -> Words:
    version, why, agreed = body.text("version"), _because(body), body.text("approved_by")
    both = (f"(承認 {agreed})", f" (approved by {agreed})") if agreed else ("", "")
    return f"ポリシー第{version}版を適用{both[0]}{why[0]}", f"Policy version {version} decides{both[1]}{why[1]}"


def _proposed(body: Body) -> Words:
    number, why = body.text("proposal"), _because(body)
    return f"ポリシーの変更を提案(提案 {number}){why[0]}", f"Proposed a change of policy (proposal {number}){why[1]}"


def _approved(body: Body) -> Words:
    number, why = body.text("proposal"), _because(body)
    return f"提案 {number} を承認(もう一人の承認が必要){why[0]}", f"Approved proposal {number}; another has to{why[1]}"


def _decided(body: Body) -> Words:
    (ja, en), number, why = body.word("state", _SETTLED), body.text("proposal"), _because(body)
    return f"提案 {number}: {ja}{why[0]}", f"Proposal {number}: {en}{why[1]}"


def _shadow(body: Body) -> Words:
    why = _because(body)
    return f"別のポリシーを並行して試行(何も決めない){why[0]}", f"Let another policy decide along{why[1]}"


def _two_persons(body: Body) -> Words:
    if body.said.get("on") is True:
        return "ポリシーの変更に二人の承認が必要になった", "A change of policy takes two people from now on"
    return "ポリシーの変更に二人の承認が要らなくなった", "A change of policy does not take two people any more"


def _contact(body: Body) -> Words:
    account = body.text("account")
    ways = [str(each)[:40] for each in body.list("channels")]
    return (
        f"口座 {account} の連絡先を登録({'、'.join(ways) or 'なし'})",
        f"Set how the owner of account {account} is reached ({', '.join(ways) or 'not at all'})",
    )


def _fallback(body: Body) -> Words:
    (ja, en), account, late = body.word("action", ACTIONS), body.text("account"), body.text("deadline_ms")
    return (
        f"口座 {account}: 期限({late}ミリ秒)に間に合わず、規定の「{ja}」を返した",
        f"Account {account}: the deadline of {late} ms had passed, answered «{en}» as the policy says",
    )


def _again(body: Body) -> Words:
    number, target, many = body.text("message"), body.text("target"), body.whole("messages")
    if many:
        return f"{target} への不達 {many:,}件を再送", f"Sent {counted(many, 'dead letter')} to {target} again"
    return f"外部への通知 {number} を再送", f"Message {number} sent again"


def _signals(body: Body) -> Words:
    stream, taken, refused = body.text("stream"), body.whole("acknowledged"), body.whole("refused")
    return (
        f"セキュリティイベント({stream}): 受領 {taken:,}件、拒否 {refused:,}件",
        f"Of the stream {stream}, {counted(taken, 'security event token')} acknowledged and {refused:,} refused",
    )


def _sign_in(body: Body) -> Words:
    (ja, en), client = body.word("how", _WAYS), body.text("client")
    return f"{ja}でサインイン {client}", f"Signed in by {en} {client}"


def _refused(body: Body) -> Words:
    times, addresses, since, until = body.whole("times"), body.whole("addresses"), body.time("from"), body.time("until")
    return (
        f"{since} から {until[-5:]} まで: {times:,}回、{addresses:,}アドレスから",
        f"{since} to {until[-5:]}: {counted(times, 'time')}, from {counted(addresses, 'address')}",
    )


def _sign_out(body: Body) -> Words:
    return "サインアウト", "Signed out"


def _ended(body: Body) -> Words:
    count = body.whole("count")
    return f"ほかのブラウザー {count:,}件をサインアウト", f"Signed out of {counted(count, 'other browser')}"


def _link(body: Body) -> Words:
    return f"{body.text('name')} さんのサインイン用リンクを発行", f"Made a link for {body.text('name')} to sign in"


def _passkey(body: Body) -> Words:
    name, host = body.text("name"), body.text("host")
    return f"パスキー「{name}」を登録({host})", f"Added the passkey «{name}» ({host})"


def _no_passkey(body: Body) -> Words:
    return f"パスキー「{body.text('name')}」を削除", f"Removed the passkey «{body.text('name')}»"


def _person(body: Body) -> Words:
    name, (ja, en) = body.text("name"), body.word("role", _ROLES)
    return f"{name} さんを追加({ja})", f"Added {name} ({en})"


def _no_person(body: Body) -> Words:
    return f"{body.text('name')} さんを削除", f"Removed {body.text('name')}"


def _role(body: Body) -> Words:
    name, was, now = body.text("name"), body.word("from", _ROLES), body.word("to", _ROLES)
    return f"{name} さんの権限を {was[0]} から {now[0]} に変更", f"Changed the role of {name} from {was[1]} to {now[1]}"


def _keys(body: Body) -> Words:
    names = [str(each.get("name", ""))[:60] for each in body.list("keys") if isinstance(each, dict)]
    return f"期限の切れたAPIキーを削除: {'、'.join(names)}", f"Removed API keys that had ended: {', '.join(names)}"


def _checkpoint(body: Body) -> Words:
    n, removed = body.whole("n"), body.whole("removed")
    return (
        f"保存期間を過ぎた監査記録 {removed:,}件(番号 {n:,} まで)を削除",
        f"Removed {counted(removed, 'old entry')} of the audit log, up to number {n:,}",
    )


SENTENCES: Mapping[str, Callable[[Body], Words]] = {
    "decision": _decision,
    "alert": _alert,
    "note": _note,
    "owner": _owner,
    "policy": _policy,
    "policy-proposed": _proposed,
    "policy-approved": _approved,
    "policy-decided": _decided,
    "shadow-policy": _shadow,
    "two-person-rule": _two_persons,
    "contact": _contact,
    "fallback": _fallback,
    "message-again": _again,
    "signals-acknowledged": _signals,
    "sign-in": _sign_in,
    "sign-in-refused": _refused,
    "request-refused": _refused,
    "sign-out": _sign_out,
    "sessions-ended": _ended,
    "sign-in-link": _link,
    "passkey-added": _passkey,
    "passkey-removed": _no_passkey,
    "person-added": _person,
    "person-removed": _no_person,
    "role": _role,
    "keys-removed": _keys,
    "audit-checkpoint": _checkpoint,
}


def sentence(kind: str, body: bytes, zone: str) -> Words:
    """What an entry says; ("", "") where nothing can be made of it."""
    try:
        said = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return "", ""
    if not isinstance(said, dict):
        return "", ""
    make = SENTENCES.get(kind)
    if make is None or not said:
        facts = ", ".join(f"{name} {value}" for name, value in said.items() if isinstance(value, str | int | float))
        return (facts[:MOST_TEXT],) * 2
    ja, en = make(Body(said, ZoneInfo(zone)))
    return ja.strip(), en.strip()


def whose(kind: str, who: str) -> Words:
    """Who an entry is by: a person's name, or what part of the system."""
    return _SYSTEM.get(who, (who, who)) if kind in MACHINE or kind in ("owner", "two-person-rule") else (who, who)
