"""`python -m kuraban.baselines EVENTS… --truth TRUTH --out FOLDER`: the comparison tables.

Runs every baseline over the stream, keeps their decisions in FOLDER and prints the tables in Markdown. `--ours` adds
decisions made elsewhere, `--trained` a model of `kuraban.baselines.boosting`.
"""

import argparse
import sys
from pathlib import Path

from kuraban.baselines import run
from kuraban.baselines.table import markdown, operating_points
from kuraban.evaluate import judge, read_world
from kuraban.evaluate.detection import BUDGETS


def main() -> int:
    """Run, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m kuraban.baselines", description=__doc__)
    parser.add_argument("events", type=Path, nargs="+")
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ours", nargs="*", default=[], metavar="NAME=DECISIONS", help="further decisions to compare")
    parser.add_argument("--trained", type=Path, metavar="MODEL")
    parser.add_argument("--instruments", type=Path, metavar="CSV", help="liquidity and prices, for the trained model")
    given = parser.parse_args()
    try:
        files = {name: Path(path) for name, _, path in (text.partition("=") for text in given.ours)}
        files |= run(given.events, given.out)
        if given.trained is not None:
            from kuraban.baselines.boosting import decide  # LightGBM is a development dependency

            path = given.out / "trained.jsonl"
            files["gradient boosting, labels"] = decide(given.trained, given.events, given.instruments, path)
        world = read_world(given.events, given.truth)
        reports = {name: judge(world, path) for name, path in files.items()}
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for budget in BUDGETS:
        sys.stdout.write(f"\nRecall / in time (%) at 1/{1 / budget:,.0f} account-days\n\n{markdown(reports, budget)}")
    sys.stdout.write(f"\nBy the methods' own limits\n\n{operating_points(reports)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
