"""`kuraban backtest`: what another policy would have done with the events of the journal."""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from kuraban.cli.errors import CommandError
from kuraban.cli.progress import progress
from kuraban.core.policy import ACTIONS, PolicyError, load
from kuraban.journal import schema
from kuraban.journal.backtest import Comparison, backtest
from kuraban.journal.live import Live
from kuraban.journal.schema import JournalError
from kuraban.journal.snapshots import Snapshots
from kuraban.plurals import counted
from kuraban.replay import Replay


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("--policy", metavar="TOML", type=Path, required=True, help="the policy to try (試すポリシー)")
    parser.add_argument("--since", metavar="DATE", type=datetime.fromisoformat, required=True, help="e.g. 2026-04-01")
    parser.add_argument("--data", type=Path, default=Path("kuraban-data"), help="data folder (データの保存先)")
    parser.add_argument("--instruments", metavar="CSV", type=Path, help="as the server was given it")
    parser.add_argument("--ipdb", type=Path, help="as the server was given it")
    parser.add_argument("--timezone", default="Asia/Tokyo", help="the broker's (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="the comparison as JSON")


def run(given: argparse.Namespace) -> int:
    """Print both sides."""
    if not (given.data / "journal.db").is_file():
        raise CommandError(f"{given.data} is no data folder: there is no journal.db in it")
    try:
        policy = load(given.policy)
        since = given.since if given.since.tzinfo else given.since.replace(tzinfo=ZoneInfo(given.timezone))
    except (PolicyError, ZoneInfoNotFoundError) as error:
        raise CommandError(str(error)) from error

    def make() -> Live:
        return Live(Replay(instruments=given.instruments, ipdb=given.ipdb, timezone=given.timezone, lateness_s=0))

    connection = schema.connect(given.data / "journal.db", read_only=True)
    try:
        with progress("deciding anew (再判定中)") as bar:
            snapshots = Snapshots(given.data / "state")
            found = backtest(connection, snapshots, make, policy, int(since.timestamp() * 1e6), bar.update)
    except JournalError as error:
        raise CommandError(str(error)) from error
    finally:
        connection.close()
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n" if given.json else _table(found))
    return 0


def _table(found: Comparison) -> str:
    lines = [f"{counted(found.events, 'event')}{'then':>22}{'now':>16}"]
    lines += [f"{name:20}{found.then.actions[name]:16,}{found.now.actions[name]:16,}" for name in ACTIONS]
    for words, then, now in (
        ("accounts acted on", found.then.accounts, found.now.accounts),
        ("acts stopped", found.then.stopped, found.now.stopped),
        ("exposure of those", found.then.exposure_stopped, found.now.exposure_stopped),
        ("expected cost", found.then.cost, found.now.cost),
    ):
        lines.append(f"{words:20}{then:16,.0f}{now:16,.0f}")
    lines += [f"changed {pair:20}{count:8,}" for pair, count in found.changed.items()]
    return "\n".join(lines) + "\n"
