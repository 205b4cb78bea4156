"""`kuraban home …`: the owner's seat, one module per subcommand."""

import argparse
from importlib import import_module
from typing import NamedTuple

from kuraban.cli.errors import CommandError
from kuraban.cli.home.common import Language, language_of, opened
from kuraban.cli.home.usage import Spoken
from kuraban.home.problems import HomeError


class Sub(NamedTuple):
    """One line of the list of subcommands."""

    name: str
    help: str


SUBCOMMANDS = (
    Sub("setup", "say what to read and whom to tell (最初の設定)"),
    Sub("check", "look once through mails and exports (メールやCSVを一度調べる)"),
    Sub("watch", "keep watching (見張りを続ける)"),
    Sub("console", "the pages in your browser (画面を開く)"),
    Sub("status", "what is known and what waits for you (今の状態)"),
    Sub("answer", "say whether it was you (自分の操作かどうか答える)"),
    Sub("ack", "take note of an alert (知らせを確認済みにする)"),
    Sub("plan", "what only you know: purchases, quiet accounts, trips (予定)"),
    Sub("digest", "the weekly digest, now (一週間のまとめ)"),
    Sub("check-link", "is this link the broker's own? (リンクを調べる)"),
    Sub("reach", "what a thief could reach (どこまで被害が広がるか)"),
    Sub("harden", "what to secure, in which order (守りを固める手順)"),
    Sub("incident", "the first hour after a takeover (被害の最初の1時間)"),
    Sub("formats", "check the formats that are read (形式の検査)"),
)
CHOSEN = "chosen_home"


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments. Every subcommand's module is loaded: they are light until they run."""
    parser.description = (
        "自分の証券口座を自分で見張ります。証券会社のパスワードは尋ねず、保存しません。\n"
        "Watch over your own brokerage accounts. No broker password is ever asked for or stored.\n"
        "はじめに / begin with: kuraban home check メールのフォルダ  (docs/home.md)"
    )
    subs = parser.add_subparsers(dest=CHOSEN, metavar="SUBCOMMAND", required=True, parser_class=Spoken)
    for sub in SUBCOMMANDS:
        module = import_module(f"kuraban.cli.home.{sub.name.replace('-', '_')}")
        below = subs.add_parser(
            sub.name, help=sub.help, description=sub.help, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.add(below)
        below.add_argument("--lang", choices=("ja", "en"), default=None, help="言語 / language (from LANG)")
        below.set_defaults(run_home=module.run)


def run(given: argparse.Namespace) -> int:
    """Run one subcommand; what went wrong is said in the owner's language."""
    try:
        status: int = given.run_home(given)
    except HomeError as error:
        words = error.words
        raise CommandError(words.ja if _language(given) == "ja" else words.en) from error
    return status


def _language(given: argparse.Namespace) -> Language:
    """Also that of the configuration, where it can be read."""
    try:
        return language_of(given, opened()[1])
    except HomeError:
        return language_of(given)
