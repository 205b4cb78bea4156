"""What types the columns of a Parquet file may have, and which of them are read."""

import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import pyarrow
from pyarrow import types

from kuraban.columns import vocabulary
from kuraban.columns.sources import SourceError
from kuraban.columns.vocabulary import FIELDS
from kuraban.reference.zones import Steps, offset_steps

_TEXTS: tuple[Callable[[Any], bool], ...] = (
    *(types.is_string, types.is_large_string, types.is_string_view),
    *(types.is_binary, types.is_large_binary, types.is_binary_view),
)
_NUMBERS: tuple[Callable[[Any], bool], ...] = (types.is_integer, types.is_floating, types.is_decimal)
_LISTS: tuple[Callable[[Any], bool], ...] = (types.is_list, types.is_large_list, types.is_fixed_size_list)
_REQUIRED = ("id", "time", "account", "type")


def is_text(kind: Any) -> bool:
    """Text, or bytes that are to be text."""
    return any(test(kind) for test in _TEXTS)


def is_number(kind: Any) -> bool:
    """Integers, floats and decimals of any width."""
    return any(test(kind) for test in _NUMBERS)


def is_list(kind: Any) -> bool:
    """Lists, of the same length or not."""
    return any(test(kind) for test in _LISTS)


def is_time(kind: Any) -> bool:
    """Text, or timestamps that say which instant they are."""
    return is_text(kind) or (types.is_timestamp(kind) and kind.tz is not None)


def _is_list_of_text(kind: Any) -> bool:
    return is_list(kind) and _fits(kind.value_type, is_text)


def _is_list_of_structs(kind: Any) -> bool:
    return is_list(kind) and _fits(kind.value_type, types.is_struct)


_Test = tuple[Callable[[Any], bool], str]
_TEXT: _Test = (is_text, "text")
_NUMBER: _Test = (is_number, "a number")
# What a column has to be, by how its field is read, and that in words.
_TESTS: dict[int, _Test] = {
    vocabulary.READ_NAME: _TEXT,
    vocabulary.READ_WORD: _TEXT,
    vocabulary.READ_TEXT: _TEXT,
    vocabulary.READ_TYPE: _TEXT,
    vocabulary.READ_CODE: _TEXT,
    vocabulary.READ_OPEN_CODE: _TEXT,
    vocabulary.READ_AMOUNT: _NUMBER,
    vocabulary.READ_NUMBER: _NUMBER,
    vocabulary.READ_FLAG: (types.is_boolean, "a boolean"),
    vocabulary.READ_GROUP: (types.is_struct, "a struct"),
    vocabulary.READ_POSITIONS: (_is_list_of_structs, "a list of structs"),
    vocabulary.READ_ABOUT: (_is_list_of_text, "a list of text"),
    vocabulary.READ_TIME: (is_time, "text, or a timestamp with a time zone"),
}


def event_schema() -> Any:
    """The Arrow schema of events: what a Parquet file of them looks like at its plainest."""
    return pyarrow.schema(_columns(vocabulary.EVENT))


def _columns(table: int) -> list[tuple[str, Any]]:
    return [(name, _type(how, cell)) for name, how, cell, _ in FIELDS[table]]


def _type(how: int, cell: int) -> Any:
    if how == vocabulary.READ_GROUP:
        return pyarrow.struct(_columns(cell))
    if how == vocabulary.READ_POSITIONS:
        return pyarrow.list_(pyarrow.struct(_columns(vocabulary.POSITION)))
    if how == vocabulary.READ_ABOUT:
        return pyarrow.list_(pyarrow.string())
    if how == vocabulary.READ_FLAG:
        return pyarrow.bool_()
    return pyarrow.float64() if _TESTS[how] is _NUMBER else pyarrow.string()


def usable_columns(schema: Any) -> list[str]:
    """The columns of an Arrow schema that events have, by their dotted names.

    Raises `SourceError` (`wrong_columns`) where one has a type that it cannot have, comes twice, or is missing though
    every event has it.
    """
    for name in _REQUIRED:
        if name not in schema.names:
            raise SourceError("wrong_columns", f"there is no column `{name}`")
    return _usable(schema, vocabulary.EVENT, "")


def _usable(fields: Any, table: int, prefix: str) -> list[str]:
    """fields: a schema, or the type of a struct."""
    found = []
    for name, how, cell, _ in FIELDS[table]:
        path = prefix + name
        indices = fields.get_all_field_indices(name)
        if len(indices) > 1:
            raise SourceError("wrong_columns", f"there are {len(indices)} columns `{path}`")
        if not indices:
            continue
        kind = fields.field(indices[0]).type
        test, expected = _TESTS[how]
        if not _fits(kind, test):
            raise SourceError("wrong_columns", f"the column `{path}` has the type {kind}; it has to be {expected}")
        if how == vocabulary.READ_GROUP and types.is_struct(kind):
            found += _usable(kind, cell, f"{path}.")
            continue
        found.append(path)
        if how == vocabulary.READ_POSITIONS and is_list(kind) and types.is_struct(kind.value_type):
            _usable(kind.value_type, vocabulary.POSITION, f"{path}.")
    return found


def _fits(kind: Any, test: Callable[[Any], bool]) -> bool:
    return types.is_null(kind) or test(kind.value_type if types.is_dictionary(kind) else kind)


def has_nested_dictionary(schema: Any) -> bool:
    """Whether something within a struct or a list is dictionary-encoded."""
    return any(types.is_nested(kind) and _has_dictionary(kind) for kind in schema.types)


def _has_dictionary(kind: Any) -> bool:
    if types.is_nested(kind):
        return any(_has_dictionary(kind.field(i).type) for i in range(kind.num_fields))
    return bool(types.is_dictionary(kind))


def time_zone(kind: Any) -> Steps | None:
    """The time zone of the type of the column `time`, None where that is text.

    Raises `SourceError` (`wrong_columns`) where there is no such zone.
    """
    if types.is_dictionary(kind):
        kind = kind.value_type
    if not types.is_timestamp(kind):
        return None
    fixed = re.fullmatch(r"([+-])([0-9]{2}):?([0-9]{2})", kind.tz)
    if fixed is not None:
        minutes = (int(fixed[2]) * 60 + int(fixed[3])) * (-1 if fixed[1] == "-" else 1)
        return np.zeros(1, dtype=np.int64), np.full(1, minutes, dtype=np.int64)
    try:
        return offset_steps(kind.tz)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SourceError("wrong_columns", f"the column `time` has an unknown time zone: {kind.tz}") from error
