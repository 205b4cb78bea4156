"""`kuraban home digest`: the weekly digest, at once."""

import argparse
from datetime import timedelta

from kuraban.cli.home.common import announce_compiling, language_of, now, opened, say, show
from kuraban.home import plan
from kuraban.home.acts import TOKYO
from kuraban.home.digest import digest
from kuraban.home.hardening import reminder_words
from kuraban.home.looking import known
from kuraban.home.review import review
from kuraban.home.standing import reminders
from kuraban.home.store import Store


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("--days", type=int, default=7, help="何日分か / how many days (7)")


def run(given: argparse.Namespace) -> int:
    """Print it."""
    folder, config = opened()
    language = language_of(given, config)
    announce_compiling(language)
    store = Store.open(folder)
    until = now()
    found = review(known(store, config, plan.load(folder.plan), until, reading=False))
    again = [
        *reminders(store, folder, config, until),
        *reminder_words(folder.path, config, until.astimezone(TOKYO).date()),
    ]
    words = digest(store, found, until - timedelta(days=max(1, min(3650, given.days))), until, again)
    show(say(words, language))
    store.close()
    return 0
