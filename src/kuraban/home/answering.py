"""The owner's answers to findings: given, put right, taken back; and what follows from each, in words."""

from datetime import datetime
from enum import StrEnum

from kuraban.home.alertstore import Alert, Alerts
from kuraban.home.findings import Finding, Kind
from kuraban.home.model import Words
from kuraban.home.problems import HomeError


class Outcome(StrEnum):
    """What the owner has to do after his answer."""

    REMEMBERED = "remembered"
    LOOK = "look"
    INCIDENT = "incident"


OUTCOMES = {
    Outcome.REMEMBERED: Words("自分の操作として覚えました。", "remembered as yours"),
    Outcome.LOOK: Words(
        "証券会社の画面で通知の設定・登録アドレス・取引履歴を確かめ、違っていれば `kuraban home incident` へ。",
        "look at notices, address and history at the broker; if they differ: `kuraban home incident`",
    ),
    Outcome.INCIDENT: Words(
        "今すぐ `kuraban home incident` の順に進めてください(ロック、パスワード変更、注文の取消、連絡)。",
        "now follow `kuraban home incident`: lock, change passwords, cancel orders, call",
    ),
}


def found(store: Alerts, key: str) -> Alert:
    """The alert of an id. Raises `HomeError` where there is none."""
    alert = store.alert(key.lower())
    if alert is None:
        raise HomeError.of(
            f"「{key}」という知らせはありません。`kuraban home status` で番号を確かめてください。",
            f"there is no alert {key}: see `kuraban home status` for the ids",
        )
    return alert


def chosen(store: Alerts, key: str) -> list[Alert]:
    """The alert of an id, or with `all` every open one. Raises `HomeError` where there is none."""
    return store.alerts(only_open=True) if key == "all" else [found(store, key)]


def answer(store: Alerts, finding: Finding, mine: bool, now: datetime) -> Outcome:
    """Keep what the owner says of a finding, in place of an earlier answer."""
    store.add_answer(finding, mine, now)
    if mine:
        return Outcome.REMEMBERED
    return Outcome.LOOK if finding.kind is Kind.SILENCE else Outcome.INCIDENT
