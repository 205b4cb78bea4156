"""The command line: the only place that wires the parts together.

Each command is one module with `add`, which describes its arguments, and `run`, which returns the exit status:
0 done, 1 the input could not be used at all, 2 wrong usage, 3 done but some lines were rejected.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from kuraban import __version__
from kuraban.cli.errors import CommandError


class Command(NamedTuple):
    """One line of the list of commands; its module is loaded only when it is asked for, so that help is quick."""

    name: str
    module: str
    help: str


COMMANDS = (
    Command("replay", "kuraban.cli.replay", "decide on a stream of events from files (過去のイベントを判定)"),
    Command("explain", "kuraban.cli.explain", "take one decision apart (判定の理由を詳しく表示)"),
    Command("simulate", "kuraban.cli.simulate", "make a broker with owners and thieves (模擬データを作る)"),
    Command("evaluate", "kuraban.cli.evaluate", "hold decisions against the truth (判定の精度を測る)"),
    Command("evaluate-rba", "kuraban.cli.evaluate_rba", "compare on the public RBA login data (公開データで比較)"),
    Command("home", "kuraban.cli.home", "watch over your own accounts (自分の口座を見張る)"),
    Command("serve", "kuraban.cli.serve", "the desk's HTTP API and console (証券会社向けAPIと画面)"),
    Command("people", "kuraban.cli.people", "who may use the console (コンソールの利用者の管理)"),
    Command("keys", "kuraban.cli.keys", "make, list and revoke API keys (APIキーの管理)"),
    Command("verify", "kuraban.cli.verify", "prove a data folder sound (データの検証)"),
    Command("backup", "kuraban.cli.backup", "copy a running server's data (バックアップ)"),
    Command("backtest", "kuraban.cli.backtest", "what another policy would have done (ポリシーの検証)"),
    Command("demo", "kuraban.cli.demo", "the story of spring 2025 in three minutes (3分のデモ)"),
    Command("schema", "kuraban.cli.schema", "print the JSON Schema of events or decisions (データ形式を表示)"),
)


def parser(chosen: str | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line; only the chosen command's module is loaded."""
    whole = argparse.ArgumentParser(
        prog="kuraban",
        description="Kuraban (蔵番): stops account takeover at online brokers. 証券口座の乗っ取りを見張ります。",
    )
    whole.add_argument("--version", action="version", version=f"kuraban {__version__}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name,
            help=command.help,
            description=command.help,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if command.name == chosen:
            module = import_module(command.module)
            module.add(sub)
            sub.set_defaults(run=module.run)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = next((word for word in given if not word.startswith("-")), None)
    try:
        parsed = parser(chosen).parse_args(given)
        status: int = parsed.run(parsed)
        sys.stdout.flush()
        return status
    except CommandError as error:
        sys.stderr.write(f"kuraban {chosen}: {error}\n")
        return error.status
    except BrokenPipeError:
        # Whoever read us (head, less) has seen enough; the rest of the output has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped (中断しました)\n")
        return 130
