"""`kuraban simulate`: a broker's events, instruments and truth, from a seed."""

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from kuraban.cli.errors import CommandError
from kuraban.cli.progress import progress
from kuraban.plurals import counted
from kuraban.sim.output import strangers
from kuraban.sim.parameters import BASE_RATE, WORLDS
from kuraban.sim.simulate import Summary, simulate

_DESCRIPTION = f"""\
Makes a broker that does not exist: owners, a market and thieves, written as events into OUT_DIR.
実在しない証券会社（顧客・相場・不正アクセス犯）を作り、イベントとして OUT_DIR に書き出します。

  events.jsonl      what happened, in the order of time          起きたこと（時刻順）
  instruments.csv   the securities and how much they trade       銘柄と売買代金
  truth.jsonl       which events were a thief's                  正解（どれが犯人の操作か）
  world.json        what was asked for and every number drawn    条件と、引かれた全パラメーター

The same arguments give the same bytes. 同じ引数なら、1バイトも違わない同じデータになります。
Without --attacks takeovers come at the real base rate, {BASE_RATE[0]:g} to {BASE_RATE[1]:g} per account and day: in a
small world most likely none. --attacks N asks for N of them, many more than any real broker sees, so that
detection can be measured; the summary says which of the two it was.
--attacks を省くと実際の発生率なので、小さな世界ではたいてい 0 件です。検知を試すときは件数を指定してください。
"""

_EXAMPLES = """\
examples (例):
  kuraban simulate world --accounts 2000 --days 30 --seed 1 --attacks 40
  kuraban replay world/events.jsonl --instruments world/instruments.csv --all --out decisions.jsonl
  kuraban evaluate decisions.jsonl --events world/events.jsonl --truth world/truth.jsonl
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.add_argument("out_dir", metavar="OUT_DIR", type=Path, help="made if it does not exist (出力先フォルダー)")
    parser.add_argument("--accounts", type=_at_least(1), required=True, metavar="N", help="how many accounts (口座数)")
    parser.add_argument("--days", type=_at_least(1), required=True, metavar="D", help="how many days (日数)")
    parser.add_argument(
        "--seed",
        type=_at_least(0),
        required=True,
        metavar="S",
        help="any number from 0: same seed, same world (乱数の種)",
    )
    parser.add_argument("--attacks", type=_at_least(0), metavar="N", help="how many takeovers at most (乗っ取りの件数)")
    parser.add_argument(
        "--world",
        choices=WORLDS,
        default=WORLDS[0],
        help="ranges that its numbers are drawn from; never tune anything on `locked`, it is the last test "
        f"(default {WORLDS[0]}; パラメーターの範囲)",
    )
    parser.add_argument("--start", type=_day, metavar="DATE", help="first day, such as 2025-04-07 (開始日)")
    parser.add_argument(
        "--force", action="store_true", help="replace files of these names that no simulation wrote (上書きする)"
    )


def _at_least(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number (整数を指定してください)") from None
        if number < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more ({least} 以上にしてください)")
        return number

    return read


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2025-04-07 (日付の形が違います)") from None


def run(given: argparse.Namespace) -> int:
    """Simulate, with a progress bar on a terminal and a summary at the end."""
    try:
        foreign = [] if given.force else strangers(given.out_dir)
        if foreign:
            raise CommandError(
                f"{given.out_dir} holds {', '.join(foreign)}, not written by a simulation; another folder, or --force "
                "(シミュレーション以外のファイルがあります。別のフォルダーか --force を指定してください)"
            )
        with progress("simulating (模擬データ作成)") as bar:
            made = simulate(
                given.out_dir,
                accounts=given.accounts,
                days=given.days,
                seed=given.seed,
                attacks=given.attacks,
                world=given.world,
                start=given.start,
                progress=bar.update,
            )
    except ValueError as error:
        raise CommandError(str(error), 2) from error
    except OSError as error:
        raise CommandError(f"cannot write to {given.out_dir}: {error.strerror or error} (書き込めません)") from error
    sys.stderr.write(_summary(made, given))
    return 0


def _summary(made: Summary, given: argparse.Namespace) -> str:
    kind = "enriched, as asked" if made.enriched else "at the real base rate"
    missing = (given.attacks or 0) - made.takeovers
    text = (
        f"{counted(made.events, 'event')} of {counted(made.accounts, 'account')} over {counted(made.days, 'day')}, "
        f"{counted(made.takeovers, 'takeover')} ({kind}: {made.rate:.1e} per account and day) in {given.out_dir}\n"
        f"イベント {made.events:,} 件・口座 {made.accounts:,}・{made.days} 日・乗っ取り {made.takeovers} 件\n"
    )
    if missing > 0:
        why = "no suitable victim, no way in, or no time left"
        text += f"{counted(missing, 'takeover')} fewer than asked for: {why} ({missing} 件不足)\n"
    return text
