"""A progress bar on standard error, where that is a terminal; silence elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """What a long job reports to."""

    def __init__(self, shown: Progress | None, words: str):
        self._shown = shown
        self._task = shown.add_task(words, total=None) if shown is not None else None

    def update(self, done: int, total: int | None = None) -> None:
        """So much of so much is done; None: nobody knows how much there is."""
        if self._shown is not None and self._task is not None:
            self._shown.update(self._task, completed=done, total=total)


@contextmanager
def progress(words: str) -> Iterator[Bar]:
    """A bar that goes away at the end."""
    if not sys.stderr.isatty():
        yield Bar(None, words)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Bar(shown, words)
