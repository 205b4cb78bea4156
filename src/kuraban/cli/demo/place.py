"""Where the demo's files lie: a temporary folder that is gone afterwards even if the demo is killed, or a given one."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kuraban.cli.demo import keeping
from kuraban.cli.errors import CommandError

_REMOVED_WITHIN_S = 60.0
_BYTES, _BYTES_AN_OWNER = 50_000_000, 100_000  # world, journal and snapshots of one demo, with room to spare


class Place(NamedTuple):
    """held: what processes that use the folder are to inherit, so that it stays until they end."""

    path: Path
    held: tuple[int, ...] = ()

    def check_room(self, owners: int) -> None:
        """Raises `CommandError` where the demo would fill the disk."""
        wanted, free = _BYTES + owners * _BYTES_AN_OWNER, shutil.disk_usage(self.path).free
        if free < wanted:
            raise CommandError(
                f"{self.path}: the demo needs {wanted / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free; choose another "
                "folder by --keep or TMPDIR (空き容量が足りません。--keep か TMPDIR で別の場所を指定してください)"
            )


def cannot_use(path: Path | str, error: OSError) -> CommandError:
    """What to say where a folder cannot be written to, or no longer."""
    return CommandError(
        f"cannot use {path}: {error.strerror or error}; choose another folder by --keep or TMPDIR "
        "(書き込めません。--keep か TMPDIR で別の場所を指定してください)"
    )


@contextlib.contextmanager
def temporary() -> Iterator[Place]:
    """A folder that goes away with the last process that holds it. Raises `CommandError` where none can be made."""
    try:
        path = Path(tempfile.mkdtemp(prefix="kuraban-demo-"))
    except OSError as error:
        raise cannot_use(tempfile.gettempdir() if tempfile.tempdir else "TMPDIR", error) from error
    reading, writing = os.pipe()
    try:
        keeper = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", keeping.__file__, str(path)],
            stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True,
        )  # fmt: skip
        try:
            yield Place(path, (writing,))
        finally:
            os.close(writing)
            writing = -1
            with contextlib.suppress(subprocess.TimeoutExpired):
                keeper.wait(_REMOVED_WITHIN_S)
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)
        shutil.rmtree(path, ignore_errors=True)  # where the keeper was ended, too


@contextlib.contextmanager
def given(path: Path) -> Iterator[Place]:
    """A folder of somebody's, which must be empty and stays. Raises `CommandError` where it cannot be used."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise CommandError(f"{path} is not empty (空のフォルダーを指定してください)")
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise cannot_use(path, error) from error
    yield Place(path.resolve())
