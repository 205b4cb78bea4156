"""What `replay` and `explain` share: the options of a stream of events, and the engine made from them."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from kuraban.cli.errors import CommandError
from kuraban.columns import Reject, SourceError
from kuraban.core.jit import compiled_before
from kuraban.core.policy import PolicyError
from kuraban.reference.errors import ReferenceDataError
from kuraban.replay import Replay
from kuraban.snapshot import SnapshotError

UNUSABLE = (PolicyError, ReferenceDataError, SnapshotError, SourceError)


def add_stream(parser: argparse.ArgumentParser) -> None:
    """The options that say what to read and how."""
    parser.add_argument(
        "events", metavar="EVENTS", nargs="+", help=".jsonl, .jsonl.gz, .jsonl.zst or .parquet; - is standard input"
    )
    parser.add_argument("--instruments", metavar="CSV", type=Path, help="liquidity and prices (銘柄の流動性)")
    parser.add_argument("--policy", metavar="TOML", type=Path, help="costs and actions; default: the shipped policy")
    parser.add_argument("--ipdb", metavar="MMDB", type=Path, help="a MaxMind-format file, laid over the shipped table")
    parser.add_argument("--timezone", default="Asia/Tokyo", help="the broker's, for the time of day (%(default)s)")
    parser.add_argument(
        "--lateness", type=float, default=600.0, metavar="SECONDS", help="how late an event may come (%(default)g)"
    )


def engine(given: argparse.Namespace, rejects: Callable[[Reject], object] | None = None) -> Replay:
    """The engine that the options ask for."""
    if not compiled_before():
        sys.stderr.write(
            "Compiling the engine for this machine: about a minute, once. "
            "初回のみ、この計算機向けに約1分かけて準備します。\n"
        )
    try:
        return Replay(
            instruments=given.instruments,
            ipdb=given.ipdb,
            policy_file=given.policy,
            timezone=given.timezone,
            lateness_s=given.lateness,
            rejects=rejects,
        )
    except UNUSABLE as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"cannot read {error.filename}: {error.strerror}") from error
    except (KeyError, ValueError) as error:
        raise CommandError(f"--timezone {given.timezone} or --lateness {given.lateness}: {error}", 2) from error
