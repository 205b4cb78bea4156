"""What is shown while the demo runs: a clock, a few figures and what was found last; plain lines without a terminal."""

import contextlib
import sys
from collections import deque
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from kuraban.cli.demo.world import JST

Say = Callable[[str, str], str]
LAST = 8
PLAIN_EVERY = 0.1  # of the time, where there is no terminal


class Screen:
    """On standard error, so that the summary can be kept by itself."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self._console = Console(file=sys.stderr)
        self._found: deque[Text] = deque(maxlen=LAST)
        self._figures = ""
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(40), TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(), console=self._console,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=1.0)
        self._live = Live(console=self._console, get_renderable=self._drawn, transient=True, refresh_per_second=4)
        self._tty = self._console.is_terminal
        self._shown = -1.0

    def __enter__(self) -> "Screen":
        if self._tty:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Show nothing more."""
        if self._tty:
            with contextlib.suppress(OSError):  # the terminal may be closed
                self._live.stop()

    def _drawn(self) -> Group:
        return Group(self._bar, Text(self._figures), *self._found)

    def stage(self, ja: str, en: str, *, known: bool = True) -> None:
        """Something long begins. known: how much of it there is, so that `share` can tell how much is done."""
        words = self.say(ja, en)
        self._bar.reset(self._task, total=1.0 if known else None, description=words)
        self._shown = -1.0
        if not self._tty:
            self._console.print(words, highlight=False, markup=False, soft_wrap=True)

    def share(self, done: float) -> None:
        """So much of it is done, 0..1."""
        self._bar.update(self._task, completed=done)

    def clock(self, now: datetime, done: float, figures: str) -> None:
        """The simulated time, how much is played, and figures beside it."""
        shown = f"{now.astimezone(JST):%Y-%m-%d %H:%M}"
        self._bar.update(self._task, completed=done, description=shown)
        self._figures = figures
        if not self._tty and done - self._shown >= PLAIN_EVERY:
            self._shown = done
            self._console.print(f"{shown}  {done:4.0%}  {figures}", highlight=False, markup=False, soft_wrap=True)

    def found(self, words: str, style: str, *, plain: bool = True) -> None:
        """Something worth a line. plain: also where there is no terminal."""
        self._found.append(Text(words, style, no_wrap=True, overflow="ellipsis"))
        if plain and not self._tty:
            self._console.print(words, highlight=False, markup=False, soft_wrap=True)

    def note(self, words: str) -> None:
        """A line that stays: on standard output, or above what moves on a terminal."""
        if self._tty:
            self._console.print(words, highlight=False, markup=False, soft_wrap=True)
        else:
            sys.stdout.write(words + "\n")
            sys.stdout.flush()
