"""`kuraban home ack ID`: the owner has taken note; it is not repeated."""

import argparse

from kuraban.cli.home.common import language_of, now, opened, show_words
from kuraban.home.answering import chosen
from kuraban.home.store import Store


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "知らせを確認済みにします(繰り返しを止めます)。質問への答えは answer で。\n"
        "Takes note of an alert, which stops its repetition. Answer a question with `answer`."
    )
    parser.add_argument("id", metavar="ID", help="番号か all / the id, or `all`")


def run(given: argparse.Namespace) -> int:
    """Note it."""
    folder, config = opened()
    language = language_of(given, config)
    store = Store.open(folder)
    for alert in chosen(store, given.id):
        store.acknowledge(alert.finding.id, now())
        show_words(f"[{alert.finding.id}] 確認済みにしました。", f"[{alert.finding.id}] noted", language)
    store.close()
    return 0
