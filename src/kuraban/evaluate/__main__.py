"""`python -m kuraban.evaluate DECISIONS --events EVENTS… --truth TRUTH [--elsewhere REPORT] [--json]`."""

import argparse
import sys
from pathlib import Path

import msgspec

from kuraban.evaluate import Report, evaluate, render


def main() -> int:
    """Read the three files, print the report."""
    parser = argparse.ArgumentParser(prog="python -m kuraban.evaluate", description=__doc__)
    parser.add_argument("decisions", type=Path)
    parser.add_argument("--events", type=Path, nargs="+", required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--elsewhere", type=Path, help="another world's report (--json), to try its thresholds here")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    given = parser.parse_args()
    try:
        elsewhere = None
        if given.elsewhere is not None:
            elsewhere = msgspec.json.decode(given.elsewhere.read_bytes(), type=Report)
        report = evaluate(given.decisions, given.events, given.truth, elsewhere=elsewhere)
    except (OSError, msgspec.DecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n" if given.json else render(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
