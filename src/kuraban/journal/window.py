"""Which ids came lately and where, and the chain that leads from an account's newest event to the ones before.

Ids are kept in two generations of an open-addressing table, each id known by two independent 64-bit hashes, with its
sequence number. When the current generation is full it becomes the previous one, and the one before that is forgotten;
so an id is remembered for at least `capacity` newer ones, and memory is flat in the length of the stream. A table is as
large from the beginning as it will ever be: making it larger on the way would keep everybody waiting while a million
ids are moved, and memory that was never touched takes no room.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core.jit import jit

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

_SMALLEST = 1 << 10
_ZERO = np.uint64(0)


@jit
def _slot(table: U64, first: np.uint64, second: np.uint64) -> int:
    mask = np.uint64(table.shape[0] - 1)
    slot = np.int64(first & mask)
    while table[slot, 0] != _ZERO and (table[slot, 0] != first or table[slot, 1] != second):
        slot = (slot + 1) & np.int64(mask)
    return int(slot)


@jit
def _look_up(current: U64, previous: U64, ids: U64, found: I64) -> None:
    for i in range(ids.shape[0]):
        first, second = ids[i, 0], ids[i, 1]
        slot = _slot(current, first, second)
        if current[slot, 0] != _ZERO:
            found[i] = np.int64(current[slot, 2])
            continue
        slot = _slot(previous, first, second)
        found[i] = np.int64(previous[slot, 2]) if previous[slot, 0] != _ZERO else -1


@jit
def _put(table: U64, entries: U64) -> None:
    for i in range(entries.shape[0]):
        if entries[i, 0] != _ZERO:
            table[_slot(table, entries[i, 0], entries[i, 1])] = entries[i]


@jit
def _first_of_each(ids: U64, table: U64, before: I64) -> None:
    """Within one batch: the index of the first event with the same id, -1 for that one itself."""
    for i in range(ids.shape[0]):
        slot = _slot(table, ids[i, 0], ids[i, 1])
        if table[slot, 0] == _ZERO:
            table[slot, 0], table[slot, 1], table[slot, 2] = ids[i, 0], ids[i, 1], np.uint64(i)
            before[i] = -1
        else:
            before[i] = np.int64(table[slot, 2])


@jit
def link(accounts: NDArray[np.int32], first: int, newest: I64, previous: I64) -> None:
    """Put events `first`, `first` + 1, … at the end of their accounts' chains.

    newest: each account's newest event by account code, -1 for none; brought up to date. previous: filled with the
    event before, -1 for none.
    """
    for i in range(accounts.size):
        account = accounts[i]
        previous[i] = newest[account]
        newest[account] = first + i


class Window:
    """The recent ids with their sequence numbers. capacity: how many one generation holds."""

    def __init__(self, capacity: int = 2_000_000):
        self._capacity = capacity
        self._current, self._previous = _table(capacity), _table(0)
        self._count = 0

    def find(self, ids: U64) -> I64:
        """The sequence number of each id (uint64[n, 2]), -1 where it is not remembered."""
        found = np.empty(len(ids), dtype=np.int64)
        _look_up(self._current, self._previous, ids, found)
        return found

    def add(self, ids: U64, first: int) -> None:
        """Remember new ids, which have the sequence numbers `first`, `first` + 1, …"""
        entries = np.empty((len(ids), 3), dtype=np.uint64)
        entries[:, :2] = ids
        entries[:, 2] = np.arange(first, first + len(ids))
        at = 0
        while at < len(entries):
            if self._count == self._capacity:
                self._previous, self._current, self._count = self._current, _table(self._capacity), 0
            part = entries[at : at + self._capacity - self._count]
            _put(self._current, part)
            self._count += len(part)
            at += len(part)

    def state(self) -> dict[str, NDArray[Any]]:
        """Both generations, as uint64[n, 3] each."""
        tables = {"current": self._current, "previous": self._previous}
        return {name: table[table[:, 0] != _ZERO] for name, table in tables.items()}

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]], capacity: int = 2_000_000) -> "Window":
        """The window that gave `state`."""
        window = cls(capacity)
        window._previous = _table(len(arrays["previous"]))
        _put(window._previous, np.ascontiguousarray(arrays["previous"]))
        _put(window._current, np.ascontiguousarray(arrays["current"]))
        window._count = len(arrays["current"])
        return window


def repeated(ids: U64) -> I64:
    """Within one batch: the index of the first event with the same id, -1 where an event is the first itself."""
    before = np.empty(len(ids), dtype=np.int64)
    _first_of_each(ids, _table(len(ids)), before)
    return before


def _table(count: int) -> U64:
    """An empty table with room for so many. Of zeros from the system: nothing is touched before it is used."""
    return np.zeros((max(16 if count else _SMALLEST, 1 << (2 * count).bit_length()), 3), dtype=np.uint64)
