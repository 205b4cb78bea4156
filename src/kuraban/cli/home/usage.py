"""Wrong usage of the owner's commands, said in his language: argparse knows English only."""

import argparse
import re
import sys
from typing import NoReturn

from kuraban.cli.home.common import language_of, opened
from kuraban.home.problems import HomeError

# What argparse says, and how it is said in Japanese; what is not here stays as it is.
SAID = (
    (r"the following arguments are required: (.*)", r"足りないものがあります: \1"),
    (r"argument (.*?): invalid choice: (.*?) \(choose from (.*)\)", r"\1 に \2 は使えません。次のどれかです: \3"),
    (r"argument (.*?): expected one argument", r"\1 の後に値を書いてください"),
    (r"argument (.*?): expected at least one argument", r"\1 の後に値を一つ以上書いてください"),
    (r"argument (.*?): invalid (?:\w+) value: (.*)", r"\1 に \2 は使えません"),
    (r"argument (.*?): not allowed with argument (.*)", r"\1 と \2 は一緒に使えません"),
    (r"unrecognized arguments: (.*)", r"知らない言葉があります: \1"),
)


def japanese(message: str) -> str:
    """The same in Japanese, where it is known."""
    for pattern, said in SAID:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found is not None:
            return found.expand(said)
    return message


class Spoken(argparse.ArgumentParser):
    """A parser of one subcommand that says in the owner's language what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Say it and end with status 2."""
        self.exit(2, f"{self.format_usage()}{self.prog}: {japanese(message) if _spoken() == 'ja' else message}\n")

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """Words that are left over are wrong here, where the language is known, and not in the parser above."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return found, left


def _spoken() -> str:
    words = sys.argv
    chosen = next((words[n + 1] for n, word in enumerate(words[:-1]) if word == "--lang"), None)
    given = argparse.Namespace(lang=chosen if chosen in {"ja", "en"} else None)
    try:
        return language_of(given, opened()[1])
    except HomeError:
        return language_of(given)
