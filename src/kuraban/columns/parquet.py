"""Parquet as pieces: the same nested columns as an event has in JSON; columns that it does not have are not read.

What Arrow decodes is read column by column (`arrow`). A row that is not an event by that, or may not be one, is
decoded by `events`, like a doubted line of JSON. Loading PyArrow takes a while: import this file when it is needed.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from kuraban import events
from kuraban.columns.arrow import Table, Tabulator
from kuraban.columns.arrow_types import has_nested_dictionary, time_zone, usable_columns
from kuraban.columns.lines import EXCERPT
from kuraban.columns.pieces import Piece
from kuraban.columns.prefetching import prefetch
from kuraban.columns.sources import SourceError
from kuraban.columns.vocabulary import CELL_LINE, CELL_STAMP, CELL_STATUS, STATUS_DOUBT, STATUS_READ
from kuraban.reference.zones import Steps

ROWS = 16384

_ERRORS = (OSError, pyarrow.lib.ArrowException)


def read_rows(source: str | Path) -> Iterator[Piece]:
    """The rows of a Parquet file, their numbers counted from 1. Raises `SourceError`."""
    try:
        # Opened here, because PyArrow would take some names for addresses of other machines.
        file: Any = pyarrow.parquet.ParquetFile(pyarrow.OSFile(str(source)))
    except _ERRORS as error:
        raise SourceError("unreadable", f"not a Parquet file that can be read: {error}") from error
    with file:
        columns = usable_columns(file.schema_arrow)
        zone = time_zone(file.schema_arrow.field("time").type)
        first = 1
        try:
            with closing(prefetch(_batches(file, columns))) as batches:
                for batch in batches:
                    if len(batch):
                        yield _piece(batch, first, zone)
                        first += len(batch)
        except _ERRORS as error:
            raise SourceError("corrupt_source", f"the Parquet file cannot be read on: {error}") from error


def _batches(file: Any, columns: list[str]) -> Iterator[Any]:
    groups = [list(range(file.num_row_groups))]
    if has_nested_dictionary(file.schema_arrow):  # PyArrow cannot join those of two row groups
        groups = [[group] for group in groups[0]]
    for chosen in groups:
        yield from file.iter_batches(ROWS, row_groups=chosen, columns=columns, use_threads=False)


def _piece(batch: Any, first: int, zone: Steps | None) -> Piece:
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    table = Tabulator(len(batch), zone).table(columns)
    cells = table.cells
    cells[:, CELL_LINE] = np.arange(first, first + len(batch))
    cells[:, CELL_STATUS] = np.where(table.bad, STATUS_DOUBT, STATUS_READ)
    time = _stamps(table, columns["time"]) if zone is not None else None

    def decode(i: int) -> events.Event:
        return events.from_mapping(_mapping(batch, i, time))

    def excerpt(i: int) -> str:
        try:
            return json.dumps(_mapping(batch, i, time), ensure_ascii=False)[:EXCERPT]
        except events.EventError:
            return ""

    return Piece(table.text, cells, table.numbers, table.lists, decode, excerpt, first + len(batch) - 1)


def _stamps(table: Table, column: Any) -> Callable[[int], str | None]:
    """A row's timestamp as text: what became of it, or what it was where it is no time an event can have."""

    def stamp(i: int) -> str | None:
        if not column[i].is_valid:
            return None
        at, n = divmod(int(table.cells[i, CELL_STAMP]), 1 << 32)
        return table.text[at : at + n].tobytes().decode() if n else str(column.view("int64")[i])

    return stamp


def _mapping(batch: Any, i: int, time: Callable[[int], str | None] | None) -> dict[str, Any]:
    """One row as JSON would have said it. Raises `EventError` where it holds text that is none."""
    row = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            value = time(i) if name == "time" and time else _value(column[i].as_py())
        except UnicodeDecodeError as error:
            raise events.EventError("not_utf8", f"invalid UTF-8 in the column `{name}`") from error
        if value is not None:
            row[name] = value
    return row


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _value(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, bytes):
        return value.decode()
    return float(value) if isinstance(value, Decimal) else value
