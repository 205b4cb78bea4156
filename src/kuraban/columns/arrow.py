"""Arrow arrays → cells: a piece's columns as they lie in memory, without a Python loop over rows."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyarrow import types

from kuraban.columns import vocabulary, words
from kuraban.columns.bytewise import PAD, Bytes
from kuraban.columns.scanning import Cells, Lists, Numbers
from kuraban.columns.vocabulary import FIELDS, MOST_NAME, MOST_TEXT, OTHER_CODE
from kuraban.columns.words import TIME_BYTES, Flags
from kuraban.columns.writing import empty_cells
from kuraban.events import EARLIEST, LATEST
from kuraban.reference.zones import Steps

_UNITS = {"s": (1_000_000, 1), "ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}  # microseconds: times, divided by
_NO_BITS = np.zeros(0, dtype=np.uint8)


class Table(NamedTuple):
    """What a piece needs of some rows; `bad` rows have to be decoded one by one."""

    text: Bytes
    cells: Cells
    numbers: Numbers
    lists: Lists
    bad: Flags


class _Texts(NamedTuple):
    """A column of texts: where each begins behind `base` in the piece's text, and which of them there are."""

    starts: Cells
    base: int
    valid: Bytes
    first: int

    def put(self, text: Bytes, least: int, most: int, cells: Cells, cell: int, bad: Flags) -> None:
        words.put_words(text, self.starts, self.base, least, most, self.valid, self.first, cells, cell, bad)


class _Field(NamedTuple):
    texts: _Texts
    how: int
    cell: int
    table: int


class _List:
    """A column of lists: each row's part (`at`, `n`, -1 where absent) of the items, and the items' words and values."""

    def __init__(self, rows: int, column: Any = None):
        self.at, self.n = np.zeros(rows, dtype=np.int64), np.full(rows, -1)
        items = 0
        if column is not None:
            self.at, self.n = _spans(column)
            items = len(column.values)
        self.texts: _Texts | None = None
        self.words = np.zeros((items, 1), dtype=np.int64)
        self.values = np.full((items, 1), np.nan)
        self.bad = np.zeros(items, dtype=np.bool_)

    def bad_rows(self) -> Flags:
        """Which rows have a bad item."""
        before = np.zeros(len(self.bad) + 1, dtype=np.int64)
        np.cumsum(self.bad, out=before[1:])
        found: Flags = before[self.at + np.maximum(self.n, 0)] > before[self.at]
        return found


class Tabulator:
    """Makes a `Table` of a record batch, column by column. zone: of a timestamp column, None for times as text."""

    def __init__(self, rows: int, zone: Steps | None):
        self._zone = zone
        self._cells, self._numbers = empty_cells(rows)
        self._numbers[:] = np.nan
        self._bad = np.zeros(rows, dtype=np.bool_)
        self._parts: list[NDArray[np.uint8]] = []
        self._size = 1  # no word lies at 0, which means absent
        self._fields: list[_Field] = []
        self._positions, self._about = _List(rows), _List(rows)

    def table(self, columns: dict[str, Any]) -> Table:
        """columns: Arrow arrays by the names of `FIELDS[EVENT]`; those that are not there are absent."""
        for name, how, cell, table in FIELDS[vocabulary.EVENT]:
            column = columns.get(name)
            if how != vocabulary.READ_GROUP:
                self._add(column, how, cell, table)
            elif column is not None:
                children = _children(column)
                for child, *rest in FIELDS[cell]:
                    self._add(children.get(child), *rest)
        text = np.concatenate((np.zeros(1, dtype=np.uint8), *self._parts, np.zeros(PAD, dtype=np.uint8)))
        for each in self._fields:
            self._put(text, each)
        return Table(text, self._cells, self._numbers, self._put_lists(text), self._bad)

    def _add(self, column: Any, how: int, cell: int, table: int) -> None:
        """Read a column, or take down where its texts are."""
        if column is None or types.is_null(column.type):
            self._bad |= how in (vocabulary.READ_NAME, vocabulary.READ_TYPE, vocabulary.READ_TIME)
        elif how in (vocabulary.READ_AMOUNT, vocabulary.READ_NUMBER):
            _put_numbers(column, how == vocabulary.READ_NUMBER, self._numbers, cell, self._bad)
        elif how == vocabulary.READ_FLAG:
            column = _decoded(column)
            bits = np.frombuffer(column.buffers()[1], dtype=np.uint8)
            words.put_flags(bits, *_validity(column), self._cells, cell)
        elif how == vocabulary.READ_POSITIONS:
            self._add_positions(column)
        elif how == vocabulary.READ_ABOUT:
            self._about = _List(len(column), column)
            self._about.texts = self._texts(column.values)
        elif how == vocabulary.READ_TIME and self._zone is not None:
            self._add_timestamps(column, self._zone)
        else:
            self._fields.append(_Field(self._texts(column), how, cell, table))

    def _add_positions(self, column: Any) -> None:
        self._positions = positions = _List(len(column), column)
        items = column.values
        positions.bad[:] = items.is_null()
        children = {} if types.is_null(items.type) else _children(items)
        instrument, value = children.get("instrument"), children.get("value")
        if instrument is not None and not types.is_null(instrument.type):
            positions.texts = self._texts(instrument)
        if value is not None and not types.is_null(value.type):
            _put_numbers(value, True, positions.values, 0, positions.bad)

    def _add_timestamps(self, column: Any, zone: Steps) -> None:
        column = _decoded(column)
        multiply, divide = _UNITS[column.type.unit]
        raw = np.asarray(column.view("int64").fill_null(0), dtype=np.int64)
        times = np.where((raw > 0) & (raw < LATEST // multiply), raw, 0) * multiply if divide == 1 else raw // divide
        bad = (times < EARLIEST) | (times >= LATEST)
        times[bad] = EARLIEST
        text = np.empty(len(times) * TIME_BYTES, dtype=np.uint8)
        words.write_times(times, *zone, text)
        at = self._keep(text) + np.arange(len(times)) * TIME_BYTES
        self._bad |= bad
        self._cells[:, vocabulary.CELL_TIME] = times
        self._cells[:, vocabulary.CELL_STAMP] = np.where(bad, 0, at << 32 | TIME_BYTES)

    def _texts(self, column: Any) -> _Texts:
        if types.is_null(column.type):
            return _Texts(np.zeros(len(column) + 1, dtype=np.int64), 0, np.zeros(len(column) // 8 + 1, np.uint8), 0)
        column = _decoded(column)
        starts, data = _bytes_of(column)
        base = self._keep(data[starts[0] : starts[-1]]) - int(starts[0])
        return _Texts(starts, base, *_validity(column))

    def _keep(self, data: NDArray[np.uint8]) -> int:
        """Where the data will lie in the text."""
        at = self._size
        self._parts.append(data)
        self._size += len(data)
        return at

    def _put(self, text: Bytes, field: _Field) -> None:
        texts, how, cell, table = field
        if how == vocabulary.READ_NAME:
            texts.put(text, 1, MOST_NAME, self._cells, cell, self._bad)
        elif how == vocabulary.READ_TEXT:
            texts.put(text, 0, MOST_TEXT, np.empty((len(self._cells), 1), dtype=np.int64), 0, self._bad)
        else:
            least = 1 if how in (vocabulary.READ_TYPE, vocabulary.READ_TIME) else 0
            texts.put(text, least, MOST_TEXT, self._cells, cell, self._bad)
        if how in (vocabulary.READ_TYPE, vocabulary.READ_CODE, vocabulary.READ_OPEN_CODE):
            other = OTHER_CODE[table] if how == vocabulary.READ_OPEN_CODE else 0
            words.look_up(text, table, other, self._cells, cell, self._bad)
        elif how == vocabulary.READ_TIME:
            words.read_times(text, self._cells, self._bad)

    def _put_lists(self, text: Bytes) -> Lists:
        positions, about = self._positions, self._about
        for items, least, most in ((positions, 0, MOST_TEXT), (about, 1, MOST_NAME)):
            if items.texts is not None:
                items.texts.put(text, least, most, items.words, 0, items.bad)
            self._bad |= items.bad_rows()
        self._cells[:, vocabulary.CELL_POSITIONS_AT] = positions.at
        self._cells[:, vocabulary.CELL_POSITIONS_N] = positions.n
        self._cells[:, vocabulary.CELL_ABOUT_AT] = about.at
        self._cells[:, vocabulary.CELL_ABOUT_N] = np.maximum(about.n, 0)
        used = np.array((len(positions.words), len(about.words)), dtype=np.int64)
        return positions.words[:, 0], positions.values[:, 0], about.words[:, 0], used


def _decoded(column: Any) -> Any:
    """The column without a dictionary."""
    return column.dictionary_decode() if types.is_dictionary(column.type) else column


def _children(column: Any) -> dict[str, Any]:
    """The children of an array of structs, absent where the struct itself is."""
    if types.is_null(column.type):
        return {}
    names = (column.type.field(i).name for i in range(column.type.num_fields))
    return dict(zip(names, column.flatten(), strict=True))


def _validity(column: Any) -> tuple[Bytes, int]:
    bits = column.buffers()[0]
    if bits is None or not column.null_count:
        return _NO_BITS, column.offset
    return np.frombuffer(bits, dtype=np.uint8), column.offset


def _put_numbers(column: Any, negative: bool, numbers: Numbers, cell: int, bad: Flags) -> None:
    column = _decoded(column)
    if not types.is_float64(column.type):
        column = column.cast("float64", safe=False)
    if len(column):
        values = np.frombuffer(column.buffers()[1], dtype=np.float64)[column.offset : column.offset + len(column)]
        words.put_numbers(values, negative, *_validity(column), numbers, cell, bad)


def _spans(column: Any) -> tuple[Cells, Cells]:
    """Where each row's items begin among `column.values`, and how many they are, -1 for no list."""
    if types.is_fixed_size_list(column.type):
        size = column.type.list_size
        at, n = (np.arange(len(column)) + column.offset) * size, np.full(len(column), size)
    else:
        ends = np.asarray(column.offsets).astype(np.int64)
        at, n = ends[:-1], np.diff(ends)
    n[np.asarray(column.is_null())] = -1
    return at, n


def _bytes_of(column: Any) -> tuple[Cells, NDArray[np.uint8]]:
    """Where the texts of a column begin and end, and the bytes that they are pieces of."""
    if types.is_string_view(column.type) or types.is_binary_view(column.type):
        column = column.cast("large_binary")
    _, starts, data = column.buffers()
    if not len(column) or data is None:
        return np.zeros(len(column) + 1, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    wide = types.is_large_string(column.type) or types.is_large_binary(column.type)
    ends = np.frombuffer(starts, dtype=np.int64 if wide else np.int32)[column.offset : column.offset + len(column) + 1]
    return ends.astype(np.int64), np.frombuffer(data, dtype=np.uint8)
