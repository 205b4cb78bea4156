"""`kuraban home answer ID mine|not-mine|undo`: the owner says whether it was he, or takes back what he said."""

import argparse

from kuraban.cli.home.common import language_of, now, opened, say, show, show_words
from kuraban.home import answering
from kuraban.home.answering import OUTCOMES, Outcome
from kuraban.home.problems import HomeError
from kuraban.home.store import Store


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = "知らせに答えます。Answers a question.\n例 / example: kuraban home answer 7k2m9x mine"
    parser.add_argument("id", metavar="ID", help="知らせの番号 / the id of the alert, or `all`")
    parser.add_argument(
        "said", choices=("mine", "not-mine", "undo"), help="自分の操作 / 自分ではない / 答えを取り消す (take it back)"
    )


def run(given: argparse.Namespace) -> int:
    """Keep the answer, in place of an earlier one."""
    folder, config = opened()
    language = language_of(given, config)
    if given.id == "all" and given.said == "undo":
        raise HomeError.of("取り消すのは一つずつです。番号を書いてください。", "take back one at a time: name the id")
    store = Store.open(folder)
    for alert in answering.chosen(store, given.id):
        key = alert.finding.id
        if given.said == "undo":
            store.reopen(key, now())
            show_words(f"[{key}] 答えを取り消しました。", f"[{key}] taken back: it waits again", language)
            continue
        outcome = answering.answer(store, alert.finding, given.said == "mine", now())
        said = say(OUTCOMES[outcome], language)
        show(f"[{key}] {said}" if outcome is Outcome.REMEMBERED else said)
    store.close()
    return 0
