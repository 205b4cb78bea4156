"""Which ids came before: a window over the most recent ones, its memory flat in the length of the stream.

Two generations of ids, each known by two independent 64-bit hashes. When the current one is full it becomes the
previous one, and the one before that is forgotten; so an id is remembered for at least `capacity` newer ones.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.bytewise import Buffer, buffer, get_hash, prefetch, put_hash, signed
from kuraban.core.jit import jit

U64 = NDArray[np.uint64]

_AHEAD = 12  # how many ids ahead their slots are asked for: memory is slow, its pipeline is not
_SMALLEST = 1 << 10
_ZERO = np.uint64(0)


@jit
def _add(table: Buffer, mask: int, first: np.uint64, second: np.uint64, store: bool) -> bool:
    """Whether an id is not in a table yet; where `store` says so it is from now on."""
    slot = signed(first & np.uint64(mask))
    while True:
        found = get_hash(table, 2 * slot)
        if found == _ZERO:
            break
        if found == first and get_hash(table, 2 * slot + 1) == second:
            return False
        slot = (slot + 1) & mask
    if store:
        put_hash(table, 2 * slot, first)
        put_hash(table, 2 * slot + 1, second)
    return True


@jit
def _copy(entries: U64, table: U64) -> None:
    for i in range(len(entries)):
        if entries[i, 0] != _ZERO:
            _add(buffer(table), len(table) - 1, entries[i, 0], entries[i, 1], True)


@jit
def _admit(current: U64, previous: U64, ids: U64, at: int, room: int, fresh: NDArray[np.bool_]) -> tuple[int, int]:
    """Mark new ids from `at` on as fresh until `room` of them were added: (where it stopped, how many were added)."""
    added = 0
    new, old = buffer(current), buffer(previous)
    new_mask, old_mask = len(current) - 1, len(previous) - 1
    while at < len(ids) and added < room:
        if at + _AHEAD < len(ids):
            ahead = ids[at + _AHEAD, 0]
            prefetch(new, 2 * signed(ahead & np.uint64(new_mask)))
            prefetch(old, 2 * signed(ahead & np.uint64(old_mask)))
        first, second = ids[at, 0], ids[at, 1]
        if _add(old, old_mask, first, second, False) and _add(new, new_mask, first, second, True):
            fresh[at] = True
            added += 1
        at += 1
    return at, added


class Duplicates:
    """The ids of a stream. capacity: how many one generation holds."""

    def __init__(self, capacity: int = 4_000_000):
        if capacity < 1:
            raise ValueError("a window over ids has to hold at least one")
        self._capacity = capacity
        self._current, self._previous = _table(0), _table(0)
        self._count = 0

    def admit(self, ids: U64) -> NDArray[np.bool_]:
        """Which ids (uint64[n, 2]: two hashes each, never 0) are new; they are remembered from now on."""
        fresh = np.zeros(len(ids), dtype=np.bool_)
        at = 0
        while at < len(ids):
            if self._count == self._capacity:
                self._previous, self._current, self._count = self._current, _table(0), 0
            self._reserve(min(self._capacity, self._count + len(ids) - at))
            at, added = _admit(self._current, self._previous, ids, at, self._capacity - self._count, fresh)
            self._count += int(added)
        return fresh

    def _reserve(self, count: int) -> None:
        if 2 * count > len(self._current):
            larger = _table(count)
            _copy(self._current, larger)
            self._current = larger

    def state(self) -> dict[str, NDArray[Any]]:
        """Both generations, as uint64[n, 2] each."""
        return {"current": _entries(self._current), "previous": _entries(self._previous)}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Become the window that gave `state`; raises ValueError where the arrays cannot be one's."""
        tables = []
        for name in ("current", "previous"):
            entries = arrays[name].astype(np.uint64)
            if entries.ndim != 2 or entries.shape[1] != 2 or len(entries) > self._capacity:
                raise ValueError(f"not the ids of a window of {self._capacity}: {name}")
            table = _table(len(entries))
            _copy(entries, table)
            tables.append(table)
        self._current, self._previous = tables
        self._count = len(arrays["current"])


def _table(count: int) -> U64:
    return np.zeros((max(_SMALLEST, 1 << (2 * count).bit_length()), 2), dtype=np.uint64)


def _entries(table: U64) -> U64:
    entries: U64 = table[table[:, 0] != _ZERO]
    return entries
