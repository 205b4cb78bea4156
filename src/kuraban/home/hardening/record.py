"""The record of what was done and when: one line a step, only ever added to, private to the user."""

from collections.abc import Iterable
from pathlib import Path

from kuraban.home import ledger
from kuraban.home.hardening.model import Done
from kuraban.home.model import Unreadable


def append(path: Path, done: Done) -> None:
    """Adds one line, on the disk before this returns. Raises `OSError`."""
    ledger.append(path, done)


def read(path: Path) -> tuple[list[Done], list[Unreadable]]:
    """All lines in order, and those that cannot be read; both empty where there is no record yet."""
    return ledger.read(path, Done)


def latest(done: Iterable[Done]) -> dict[tuple[str, str], Done]:
    """What holds now for each step and thing: the line written last, none where that took it back."""
    now: dict[tuple[str, str], Done] = {}
    for one in done:
        if one.state == "undone":
            now.pop((one.step, one.thing), None)
        else:
            now[one.step, one.thing] = one
    return now
