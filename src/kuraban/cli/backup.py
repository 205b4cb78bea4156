"""`kuraban backup`: a consistent copy of a data folder, of one that is being served too."""

import argparse
import sqlite3
import sys
from pathlib import Path

from kuraban.cli.errors import CommandError
from kuraban.journal.copying import copy


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("target", metavar="TARGET", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--data", type=Path, default=Path("kuraban-data"), help="data folder (データの保存先)")


def run(given: argparse.Namespace) -> int:
    """Copy."""
    if not (given.data / "journal.db").is_file():
        raise CommandError(f"{given.data} is no data folder: there is no journal.db in it")
    try:
        copy(given.data, given.target)
    except FileExistsError as error:
        raise CommandError(str(error), 2) from error
    except (OSError, sqlite3.Error) as error:
        raise CommandError(f"the backup was not made: {error}") from error
    sys.stderr.write(f"copied to {given.target} (バックアップ完了); it holds keys and personal data: keep it as safe\n")
    return 0
