"""`kuraban verify`: is a data folder sound?"""

import argparse
import sys
from pathlib import Path

from kuraban.cli.errors import CommandError
from kuraban.cli.progress import progress
from kuraban.journal.checking import check


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "Checks every checksum, every gap and the seal of every audit entry; works beside a running server.\n"
        "Write down the last hash of the audit log elsewhere: it proves later that nothing was cut off."
    )
    parser.add_argument("data", metavar="DATA", type=Path, nargs="?", default=Path("kuraban-data"))
    parser.add_argument("--audit-hash", metavar="HEX", help="a last hash printed earlier: has it to be in the log")


def run(given: argparse.Namespace) -> int:
    """Print what was found; 1 where something is not sound."""
    if not (given.data / "journal.db").is_file():
        raise CommandError(f"{given.data} is no data folder: there is no journal.db in it")
    sound = True
    with progress("checking (検証中)") as bar:
        for found in check(given.data, bar.update, given.audit_hash):
            sound = sound and found.sound
            sys.stdout.write(f"{'ok ' if found.sound else 'BAD'}  {found.what}: {found.words}\n")
    return 0 if sound else 1
