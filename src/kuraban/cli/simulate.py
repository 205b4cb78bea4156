"""`kuraban simulate`: a broker's events, instruments and truth, from a seed."""

import argparse
import sys
from datetime import date
from pathlib import Path

from kuraban.cli.errors import CommandError
from kuraban.cli.progress import progress
from kuraban.sim.parameters import WORLDS
from kuraban.sim.simulate import simulate


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "Writes events.jsonl, instruments.csv and truth.jsonl of one simulated broker into OUT_DIR.\n"
        "The same arguments give the same bytes. 同じ引数なら同じデータになります。"
    )
    parser.add_argument("out_dir", metavar="OUT_DIR", type=Path)
    parser.add_argument("--accounts", type=int, required=True, help="how many accounts (口座数)")
    parser.add_argument("--days", type=int, required=True, help="how many days (日数)")
    parser.add_argument("--seed", type=int, required=True, help="any number from 0; same seed, same world")
    parser.add_argument("--attacks", type=int, help="how many takeovers; default: drawn at the real base rate")
    parser.add_argument("--world", choices=WORLDS, default=WORLDS[0], help="ranges the world is drawn from")
    parser.add_argument("--start", type=date.fromisoformat, help="first day, e.g. 2025-04-07")


def run(given: argparse.Namespace) -> int:
    """Simulate, with a progress bar on a terminal and a summary at the end."""
    try:
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
        raise CommandError(f"cannot write to {given.out_dir}: {error.strerror or error}") from error
    kind = "as asked" if made.enriched else "at the real base rate"
    sys.stderr.write(
        f"{made.events:,} events of {made.accounts:,} accounts over {made.days} days, "
        f"{made.takeovers} takeovers ({kind}, {made.rate:.1e} per account and day) in {given.out_dir}\n"
    )
    return 0
