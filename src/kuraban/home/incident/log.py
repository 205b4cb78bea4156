"""The owner's own log of the incident: calls, names, reference numbers, changes; only ever added to."""

from pathlib import Path

from kuraban.home import ledger
from kuraban.home.incident.model import Action
from kuraban.home.model import Unreadable


def note(path: Path, action: Action) -> None:
    """Adds one line, on the disk before this returns. Raises `OSError`."""
    ledger.append(path, action)


def notes(path: Path) -> tuple[list[Action], list[Unreadable]]:
    """All lines in order, and those that cannot be read."""
    return ledger.read(path, Action)
