"""The files of a world: written under names that nobody takes for finished ones, and renamed when all is there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVENTS, INSTRUMENTS, TRUTH, WORLD = "events.jsonl", "instruments.csv", "truth.jsonl", "world.json"
FILES = (EVENTS, INSTRUMENTS, TRUTH, WORLD)


class Unfinished:
    """A folder in which a world is being written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where to write the file that will have this name in the end."""
        return self._folder / f".{name}.partial"


@contextmanager
def unfinished(folder: Path) -> Iterator[Unfinished]:
    """Let a world be written; its files appear together when all is done, and not at all if something stops it.

    `world.json` goes first and comes last: where it lies, the files beside it belong together.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = Unfinished(folder)
    try:
        yield place
        (folder / WORLD).unlink(missing_ok=True)
        for name in FILES:
            os.replace(place.path(name), folder / name)
    finally:
        for name in FILES:
            place.path(name).unlink(missing_ok=True)


def strangers(folder: Path) -> list[str]:
    """Files that a world would replace although no simulation has put them there."""
    if (folder / WORLD).exists():
        return []
    return [name for name in FILES if (folder / name).exists()]
