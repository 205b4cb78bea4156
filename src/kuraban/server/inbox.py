"""What waits to be decided, in the order in which it came, and never more than the desk can hold."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kuraban.journal.live import Live
from kuraban.journal.writer import Job

GATHERED = 4096  # events decided at once, at most about so many
FEW = 128  # as many events take a few milliseconds
FEW_BYTES = 256 << 10
MOST_WAITING = 65_536  # events
MOST_WAITING_BYTES = 128 << 20


class FullError(Exception):
    """More is waiting than the desk takes in; try again a little later."""


class Reply(Protocol):
    """Where an answer goes; called from other threads."""

    def __call__(self, result: Any, error: Exception | None) -> object:
        """Take the result, or what went wrong."""


@dataclass
class Letter:
    """Events that wait to be decided. wanted: whether the decisions are asked for."""

    lines: Sequence[bytes]
    wanted: bool
    reply: Reply
    size: int


@dataclass
class Call:
    """Something to be done by the engine's thread between two batches: it may read and change the live state, and give
    a job for the writer; the reply comes after that, and after everything before it, is durable."""

    act: Callable[[Live], tuple[Any, Job | None]]
    reply: Reply


class Inbox:
    """Letters and calls, oldest first. Whoever shares it between threads holds a lock."""

    def __init__(self) -> None:
        self._items: deque[Letter | Call] = deque()
        self._bytes = 0
        self.events = 0

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Letter | Call) -> None:
        """Put something at the end. Raises `FullError`; a single letter always finds room in an empty inbox."""
        if isinstance(item, Letter):
            count = len(item.lines)
            if self.events and (self.events + count > MOST_WAITING or self._bytes + item.size > MOST_WAITING_BYTES):
                raise FullError
            self.events += count
            self._bytes += item.size
        self._items.append(item)

    @property
    def begins_with_few(self) -> bool:
        """Whether what comes first is done quickly."""
        first = self._items[0] if self._items else None
        return isinstance(first, Letter) and len(first.lines) <= FEW and first.size <= FEW_BYTES

    def gather(self, most: int = GATHERED, most_bytes: int = MOST_WAITING_BYTES) -> list[Letter] | Call:
        """Take letters of about `most` events together (one at least), or the call that comes first."""
        letters: list[Letter] = []
        count = size = 0
        while self._items:
            first = self._items[0]
            if isinstance(first, Call):
                if letters:
                    break
                self._items.popleft()
                return first
            if letters and (count + len(first.lines) > most or size + first.size > most_bytes):
                break
            self._items.popleft()
            letters.append(first)
            count += len(first.lines)
            size += first.size
        self.events -= count
        self._bytes -= size
        return letters

    def empty(self) -> list[Letter | Call]:
        """Take everything."""
        left, self._items = self._items, deque()
        self.events = self._bytes = 0
        return list(left)
