"""A consistent copy of a data folder, of one that is being served too.

The snapshots are copied first and the journal after them: the journal may know more than the snapshots, never less.
"""

import os
import shutil
import sqlite3
from pathlib import Path

from kuraban.journal import schema
from kuraban.journal.live import companion
from kuraban.journal.snapshots import Snapshots


def copy(folder: Path, target: Path) -> None:
    """Copy into a new folder, which is there whole or not at all.

    Raises FileExistsError for a target that exists, OSError and sqlite3.Error as they come.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already; a backup is never written over another")
    beside = target.with_name(f".{target.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True, mode=0o700)
    try:
        (beside / "state").mkdir()
        for path in Snapshots(folder / "state").found()[:2]:
            try:
                for part in (companion(path), path):
                    shutil.copyfile(part, beside / "state" / part.name)
            except FileNotFoundError:  # it has just been replaced by a newer one
                continue
        for name in ("journal.db", "keys.db", "people.db"):
            # A folder that was never served has no people yet.
            if name != "people.db" or (folder / name).exists():
                _database(folder / name, beside / name)
        shutil.copyfile(folder / "secret", beside / "secret")
        for path in beside.rglob("*"):
            if path.is_file():
                path.chmod(0o600)
                _sync(path)
        _sync(beside)
        beside.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _database(source: Path, target: Path) -> None:
    reading = schema.connect(source, read_only=True)
    writing = sqlite3.connect(target)
    try:
        reading.backup(writing)
    finally:
        writing.close()
        reading.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
