"""Which table of which format a header belongs to: by the columns it has, never by the name of the file."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kuraban.home.statements.model import Format, Table
from kuraban.home.statements.values import column_name

FEWEST_COLUMNS = 4


class Recognised(NamedTuple):
    """A header that was recognised. columns: the reader's name → position; words: → the header's own word."""

    format: Format
    table: Table
    columns: dict[str, int]
    words: dict[str, str]
    width: int


def recognise(cells: Sequence[str], formats: Iterable[Format]) -> Recognised | None:
    """The table whose required columns are all there; of several, the one that accounts for most columns."""
    names = [column_name(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) < FEWEST_COLUMNS:
        return None
    best: Recognised | None = None
    for form in formats:
        for table in form.tables:
            columns = _placed(table, names)
            if columns is not None and (best is None or len(columns) > len(best.columns)):
                words = {name: " ".join(cells[at].split())[:40] for name, at in columns.items()}
                best = Recognised(form, table, columns, words, len(names))
    return best


def _placed(table: Table, names: list[str]) -> dict[str, int] | None:
    columns: dict[str, int] = {}
    for name, pattern in table.columns.items():
        at = _position(pattern, names)
        if at is not None:
            columns[name] = at
        elif name not in table.optional:
            return None
    return columns


def _position(pattern: str, names: list[str]) -> int | None:
    for wording in pattern.split("|"):
        wanted = column_name(wording)
        for at, name in enumerate(names):
            if name == wanted or (wanted.endswith("*") and name.startswith(wanted[:-1])):
                return at
    return None
