"""`kuraban home answer ID mine|not-mine`: the owner says whether it was he."""

import argparse

from kuraban.cli.home.common import language_of, now, opened, show_words
from kuraban.home.alertstore import Alert
from kuraban.home.findings import Kind
from kuraban.home.problems import HomeError
from kuraban.home.store import Store


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = "知らせに答えます。Answers a question.\n例 / example: kuraban home answer 7k2m9x mine"
    parser.add_argument("id", metavar="ID", help="知らせの番号 / the id of the alert, or `all`")
    parser.add_argument("said", choices=("mine", "not-mine"), help="自分の操作 / 自分ではない")


def run(given: argparse.Namespace) -> int:
    """Keep the answer."""
    folder, config = opened()
    language = language_of(given, config)
    store = Store.open(folder)
    mine = given.said == "mine"
    for alert in chosen(store, given.id, quiet_too=True):
        store.add_answer(alert.finding, mine, now())
        if mine:
            show_words(
                f"[{alert.finding.id}] 自分の操作として覚えました。",
                f"[{alert.finding.id}] remembered as yours",
                language,
            )
        elif alert.finding.kind in {Kind.SILENCE, Kind.MISSING_NOTICE}:
            show_words(
                "証券会社の画面で通知の設定・登録アドレス・取引履歴を確かめ、違っていれば `kuraban home incident` へ。",
                "look at notices, address and history at the broker; if they differ: `kuraban home incident`",
                language,
            )
        else:
            show_words(
                "今すぐ `kuraban home incident` の順に進めてください(ロック、パスワード変更、注文の取消、連絡)。",
                "now follow `kuraban home incident`: lock, change passwords, cancel orders, call",
                language,
            )
    store.close()
    return 0


def chosen(store: Store, key: str, *, quiet_too: bool = False) -> list[Alert]:
    """The alert of this id, or all open ones. Raises `HomeError` where there is none."""
    if key == "all":
        return [alert for alert in store.alerts(only_open=True) if quiet_too or not alert.quiet]
    alert = store.alert(key.lower())
    if alert is None:
        raise HomeError.of(
            f"「{key}」という知らせはありません。`kuraban home status` で番号を確かめてください。",
            f"there is no alert {key}: see `kuraban home status` for the ids",
        )
    return [alert]
