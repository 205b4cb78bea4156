"""One row of a table, its cells by the reader's own names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from kuraban.home.model import Words
from kuraban.home.statements import values
from kuraban.home.statements.values import CellError


@dataclass(frozen=True, slots=True)
class Row:
    """cells: as exported; columns: name → position; words: name → the header's own word.

    dates: order of the parts of a date. following: rows that carry this one on.
    rates: JPY for one unit of a currency, as far as the owner stated them.
    """

    cells: tuple[str, ...]
    columns: Mapping[str, int]
    words: Mapping[str, str]
    dates: str = "ymd"
    following: tuple["Row", ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """The cell's text; "" where it is empty, holds a dash, or the export has no such column."""
        at = self.columns.get(name)
        return values.clean(self.cells[at]) if at is not None and at < len(self.cells) else ""

    def blank(self, name: str) -> bool:
        """Whether the cell is empty or holds a dash."""
        return not self[name]

    def number(self, name: str) -> float | None:
        """The cell's number, None where it is empty. Raises `CellError`."""
        with _Named(self, name):
            return values.number(self[name])

    def amount(self, name: str) -> float:
        """The cell's number, which must be there and not be negative. Raises `CellError`."""
        found = self.number(name)
        if found is None:
            raise self.error("missing", name, "値がありません", "is empty")
        if found < 0:
            raise self.error("negative", name, "マイナスの値です", "is negative")
        return found

    def day(self, name: str) -> date:
        """The cell's date. Raises `CellError`."""
        with _Named(self, name):
            return values.day(self[name], self.dates)

    def error(self, code: str, name: str, ja: str, en: str) -> CellError:
        """An error that names the column."""
        column = self.words.get(name, name)
        return CellError(code, Words(f"「{column}」: {ja}", f"“{column}” {en}"))


class _Named:
    """Puts the column's name in front of what is wrong with a cell."""

    def __init__(self, row: Row, name: str):
        self._column = row.words.get(name, name)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, CellError):
            words = Words(f"「{self._column}」: {error.words.ja}", f"“{self._column}”: {error.words.en}")
            raise CellError(error.code, words) from None
