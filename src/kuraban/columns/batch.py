"""Rows that have become a batch, and the growing arrays they are gathered in."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.bytewise import PAD, Bytes, buffer, copy
from kuraban.core.jit import jit
from kuraban.core.layout import EVENT, POSITION, SPAN

Order = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """Events as columns.

    rows: EVENT[n]. spans: SPAN[n], where each event's id and time lie in `text`. text: uint8, or bytes.
    positions: POSITION[m] and about: uint64[k], sliced by `positions_at`, `positions_n`, `about_at`, `about_n`.
    """

    rows: NDArray[Any]
    spans: NDArray[Any]
    text: Bytes | bytes
    positions: NDArray[Any]
    about: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.rows)

    def id(self, i: int) -> str:
        """The id of event i, as it was written."""
        return self._word(int(self.spans[i]["id_at"]), int(self.spans[i]["id_n"]))

    def time(self, i: int) -> str:
        """The time of event i, as it was written."""
        return self._word(int(self.spans[i]["time_at"]), int(self.spans[i]["time_n"]))

    def _word(self, at: int, n: int) -> str:
        return bytes(self.text[at : at + n]).decode("utf-8", "surrogatepass")


class Pool:
    """Growing arrays of events. What is used of each: `n` rows and spans, `n_text`, `n_positions`, `n_about`."""

    def __init__(self) -> None:
        self.rows = np.empty(0, dtype=EVENT)
        self.spans = np.empty(0, dtype=SPAN)
        self.text = np.empty(PAD, dtype=np.uint8)
        self.positions = np.empty(0, dtype=POSITION)
        self.about = np.empty(0, dtype=np.uint64)
        self.n = self.n_text = self.n_positions = self.n_about = 0

    def reserve(self, rows: int, text: int, positions: int, about: int) -> None:
        """Make room for so many more of each."""
        self.rows = _with_room(self.rows, self.n, rows)
        self.spans = _with_room(self.spans, self.n, rows)
        self.text = _with_room(self.text, self.n_text, text + PAD)
        self.positions = _with_room(self.positions, self.n_positions, positions)
        self.about = _with_room(self.about, self.n_about, about)

    def batch(self) -> Batch:
        """All that is used, without copying: the pool is not to be added to afterwards."""
        return Batch(
            self.rows[: self.n],
            self.spans[: self.n],
            self.text[: self.n_text],
            self.positions[: self.n_positions],
            self.about[: self.n_about],
        )

    def batch_of(self, order: Order) -> Batch:
        """The given rows in the given order; without copying where they are the first ones as they lie."""
        n = len(order)
        if n == 0 or not np.array_equal(order, np.arange(n)):
            return self.take(order).batch()
        row, span = self.rows[n - 1], self.spans[n - 1]  # texts and lists lie in the order of their rows
        return Batch(
            self.rows[:n],
            self.spans[:n],
            self.text[: span["time_at"] + span["time_n"]],
            self.positions[: row["positions_at"] + max(row["positions_n"], 0)],
            self.about[: row["about_at"] + row["about_n"]],
        )

    def take(self, order: Order, *, room: "Pool | None" = None) -> "Pool":
        """A new pool with the given rows in the given order, and room for as much again as `room` holds."""
        taken = Pool()
        used = np.zeros(3, dtype=np.int64)
        _measure(order, self.rows, self.spans, used)
        sizes = len(order), *(int(n) for n in used)
        more = (room.n, room.n_text, room.n_positions, room.n_about) if room else (0, 0, 0, 0)
        taken.reserve(*(a + b for a, b in zip(sizes, more, strict=True)))
        _gather(
            order,
            (self.rows, self.spans, self.text, self.positions, self.about),
            (taken.rows, taken.spans, taken.text, taken.positions, taken.about),
        )
        taken.n, taken.n_text, taken.n_positions, taken.n_about = sizes
        return taken

    def state(self) -> dict[str, NDArray[Any]]:
        """The used part of every array."""
        batch = self.batch()
        names = ("rows", "spans", "text", "positions", "about")
        return {name: np.array(getattr(batch, name)) for name in names}

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> "Pool":
        """The pool that gave `state`; raises ValueError where a dtype differs or a slice leaves its array."""
        pool = cls()
        for name in ("rows", "spans", "text", "positions", "about"):
            if arrays[name].dtype != getattr(pool, name).dtype or arrays[name].ndim != 1:
                raise ValueError(f"not the arrays of held events: {name} is {arrays[name].dtype}")
        rows, spans = arrays["rows"], arrays["spans"]
        ends = (
            (spans["id_at"], spans["id_n"], arrays["text"]),
            (spans["time_at"], spans["time_n"], arrays["text"]),
            (rows["positions_at"], np.maximum(rows["positions_n"], 0), arrays["positions"]),
            (rows["about_at"], rows["about_n"], arrays["about"]),
        )
        if len(rows) != len(spans) or not all(_inside(*slices) for slices in ends):
            raise ValueError("not the arrays of held events: a slice leaves its array")
        pool.reserve(len(rows), len(arrays["text"]), len(arrays["positions"]), len(arrays["about"]))
        pool.n, pool.n_text = len(rows), len(arrays["text"])
        pool.n_positions, pool.n_about = len(arrays["positions"]), len(arrays["about"])
        for name, array in pool.state().items():
            array[:] = arrays[name]
            getattr(pool, name)[: len(array)] = array
        return pool


def _inside(at: NDArray[Any], n: NDArray[Any], array: NDArray[Any]) -> bool:
    ends = at.astype(np.int64) + n
    return bool((at >= 0).all() and (n >= 0).all() and (ends <= len(array)).all())


def joined(batches: Iterable[Batch]) -> Batch:
    """Several batches as one, in their order."""
    pool = Pool()
    for batch in batches:
        pool.reserve(len(batch), len(batch.text), len(batch.positions), len(batch.about))
        at, text, positions, about = pool.n, pool.n_text, pool.n_positions, pool.n_about
        pool.n, pool.n_text = at + len(batch), text + len(batch.text)
        pool.n_positions, pool.n_about = positions + len(batch.positions), about + len(batch.about)
        pool.rows[at : pool.n] = batch.rows
        pool.rows["positions_at"][at : pool.n] += positions
        pool.rows["about_at"][at : pool.n] += about
        pool.spans[at : pool.n] = batch.spans
        pool.spans["id_at"][at : pool.n] += text
        pool.spans["time_at"][at : pool.n] += text
        pool.text[text : pool.n_text] = np.frombuffer(batch.text, dtype=np.uint8)
        pool.positions[positions : pool.n_positions] = batch.positions
        pool.about[about : pool.n_about] = batch.about
    return pool.batch()


def _with_room(array: NDArray[Any], used: int, more: int) -> NDArray[Any]:
    if used + more <= len(array):
        return array
    larger = np.empty(max(used + more, 2 * len(array)), dtype=array.dtype)
    larger[:used] = array[:used]
    return larger


@jit
def _measure(order: Order, rows: Any, spans: Any, sizes: Order) -> None:
    """How much text and how many positions and ids some rows have, added to `sizes`."""
    for i in range(len(order)):
        row, span = rows[order[i]], spans[order[i]]
        sizes[0] += span["id_n"] + span["time_n"]
        sizes[1] += max(row["positions_n"], 0)
        sizes[2] += row["about_n"]


@jit
def _gather(order: Order, source: Any, target: Any) -> None:
    rows, spans, old_text, positions, about = source
    new_rows, new_spans, taken_text, new_positions, new_about = target
    text, new_text = buffer(old_text), buffer(taken_text)
    n_text = n_positions = n_about = 0
    for i in range(len(order)):
        new_rows[i] = rows[order[i]]
        new_spans[i] = spans[order[i]]
        row, span = new_rows[i], new_spans[i]
        at, n = span["id_at"], span["id_n"]
        span["id_at"] = n_text
        n_text = copy(text, at, n, new_text, n_text)
        at, n = span["time_at"], span["time_n"]
        span["time_at"] = n_text
        n_text = copy(text, at, n, new_text, n_text)
        first, count = row["positions_at"], row["positions_n"]
        row["positions_at"] = n_positions
        for j in range(first, first + count):
            new_positions[n_positions] = positions[j]
            n_positions += 1
        first, count = row["about_at"], row["about_n"]
        row["about_at"] = n_about
        for j in range(first, first + count):
            new_about[n_about] = about[j]
            n_about += 1
