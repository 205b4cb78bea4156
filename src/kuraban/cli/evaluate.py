"""`kuraban evaluate`: decisions held against the truth."""

import argparse
import sys
from pathlib import Path

import msgspec

from kuraban.cli.errors import CommandError
from kuraban.evaluate import Report, evaluate, render


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "Reads DECISIONS (all of them, for recall and calibration; alerts alone still give friction and value),\n"
        "the EVENTS they are about and the TRUTH, and prints the metrics per attacker family.\n"
        "判定・イベント・正解を突き合わせ、攻撃者の種類ごとに精度を表示します。"
    )
    parser.add_argument("decisions", metavar="DECISIONS", type=Path, help="written by `kuraban replay --all`")
    parser.add_argument("--events", metavar="EVENTS", type=Path, nargs="+", required=True)
    parser.add_argument("--truth", type=Path, required=True, help="one takeover a line")
    parser.add_argument("--elsewhere", type=Path, help="another world's report (--json), to try its thresholds here")
    parser.add_argument("--calendar", type=Path, help="crash days and crowded names, against which rings are held")
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def run(given: argparse.Namespace) -> int:
    """Print the report."""
    try:
        elsewhere = None
        if given.elsewhere is not None:
            elsewhere = msgspec.json.decode(given.elsewhere.read_bytes(), type=Report)
        report = evaluate(given.decisions, given.events, given.truth, elsewhere=elsewhere, calendar=given.calendar)
    except OSError as error:
        raise CommandError(f"cannot read {error.filename or 'the input'}: {error.strerror or error}") from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n" if given.json else render(report))
    return 0
