"""The slow path: a decoded event becomes the same cells that the fast path would have made of its line."""

from typing import Any

import numpy as np

from kuraban import events
from kuraban.columns import vocabulary
from kuraban.columns.scanning import Cells, Lists, Numbers
from kuraban.columns.vocabulary import CELLS, FIELDS, NUMBERS, OTHER_CODE, VOCABULARIES
from kuraban.core.layout import NO, YES

_CODES = {table: {word: i + 1 for i, word in enumerate(words)} for table, words in VOCABULARIES.items()}
_GROUPS = [(name, FIELDS[table]) for name, how, table, _ in FIELDS[vocabulary.EVENT] if how == vocabulary.READ_GROUP]
_OWN = [field for field in FIELDS[vocabulary.EVENT] if field[1] != vocabulary.READ_GROUP]


class Words:
    """Text that has no place in the source, collected behind it. base: where the first word will lie."""

    def __init__(self, base: int):
        self.base = base
        self.raw = bytearray()

    def put(self, word: str) -> int:
        """Keep a word; the cell that says where it lies."""
        raw = word.encode("utf-8", "surrogatepass")
        at = self.base + len(self.raw)
        self.raw += raw
        return at << 32 | len(raw)


class Writer:
    """Writes events into rows of cells and numbers; lists grow as they have to."""

    def __init__(self, words: Words, lists: Lists):
        self.words = words
        self.lists = lists

    def write(self, event: events.Event, cells: Cells, numbers: Numbers) -> None:
        """Fill one row; cells that describe the line (number, place, status) are left as they are."""
        row = [0] * vocabulary.CELL_LINE
        row[vocabulary.CELL_POSITIONS_N] = -1
        values = [np.nan] * NUMBERS
        for name, how, cell, table in _OWN:
            self._field(getattr(event, name), how, cell, table, row, values)
        for group_name, fields in _GROUPS:
            group = getattr(event, group_name)
            if group is not None:
                for name, how, cell, table in fields:
                    self._field(getattr(group, name), how, cell, table, row, values)
        cells[: len(row)] = row
        numbers[:] = values

    def _field(self, value: Any, how: int, cell: int, table: int, row: list[int], values: list[float]) -> None:
        if value is None or how == vocabulary.READ_TEXT:
            return
        if how in (vocabulary.READ_AMOUNT, vocabulary.READ_NUMBER):
            values[cell] = value + 0.0
        elif how == vocabulary.READ_FLAG:
            row[cell] = YES if value else NO
        elif how in (vocabulary.READ_CODE, vocabulary.READ_TYPE):
            row[cell] = _CODES[table][value]
        elif how == vocabulary.READ_OPEN_CODE:
            row[cell] = _CODES[table].get(value, OTHER_CODE[table]) if value else 0
        elif how == vocabulary.READ_POSITIONS:
            self._positions(value, row)
        elif how == vocabulary.READ_ABOUT:
            self._about(value, row)
        else:
            row[cell] = self.words.put(value)
            if how == vocabulary.READ_TIME:
                row[vocabulary.CELL_TIME] = events.microseconds(value)

    def _positions(self, positions: list[events.Position], row: list[int]) -> None:
        words, values, about, used = self.lists
        at = int(used[0])
        words, values = _room(words, at, len(positions)), _room(values, at, len(positions))
        self.lists = words, values, about, used
        for i, position in enumerate(positions):
            words[at + i] = self.words.put(position.instrument) if position.instrument else 0
            values[at + i] = np.nan if position.value is None else position.value + 0.0
        row[vocabulary.CELL_POSITIONS_AT], row[vocabulary.CELL_POSITIONS_N] = at, len(positions)
        used[0] = at + len(positions)

    def _about(self, ids: list[str], row: list[int]) -> None:
        words, values, about, used = self.lists
        at = int(used[1])
        about = _room(about, at, len(ids))
        self.lists = words, values, about, used
        for i, name in enumerate(ids):
            about[at + i] = self.words.put(name)
        row[vocabulary.CELL_ABOUT_AT], row[vocabulary.CELL_ABOUT_N] = at, len(ids)
        used[1] = at + len(ids)


def empty_lists(size: int) -> Lists:
    """Lists for so many positions and so many ids; none used."""
    return (
        np.empty(size, dtype=np.int64),
        np.empty(size, dtype=np.float64),
        np.empty(size, dtype=np.int64),
        np.zeros(4, dtype=np.int64),
    )


def empty_cells(rows: int) -> tuple[Cells, Numbers]:
    """Cells and numbers for so many lines."""
    return np.zeros((rows, CELLS), dtype=np.int64), np.empty((rows, NUMBERS), dtype=np.float64)


def _room(array: Any, at: int, more: int) -> Any:
    if at + more <= len(array):
        return array
    larger = np.empty(max(at + more, 2 * len(array)), dtype=array.dtype)
    larger[:at] = array[:at]
    return larger
