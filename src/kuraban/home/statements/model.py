"""What reading a CSV export yields: facts, rows that are no events, what could not be read, and a count of it all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kuraban.events import Cash, Order, Position, Type
from kuraban.home.model import Certainty, Fact, Unreadable, Words
from kuraban.home.statements.rows import Row


@dataclass(frozen=True, slots=True)
class Context:
    """What only the owner's side knows of a file.

    seen: when the file is read (aware). accounts: the owner's label of an account by broker key, where he gave one.
    rates: JPY for one unit of a currency (`USD`), used for amounts that the export gives in that currency only;
    without a rate the amount in yen stays unknown.
    """

    seen: datetime
    accounts: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event that a row states, before it has an account and an id.

    when: a date where the export gives no time of day, else an aware time. same: the values that make two readings of
    this row, in this export or another, the same event; two equal rows of one file are told apart by their count.
    """

    type: Type
    when: date | datetime
    same: tuple[object, ...]
    summary: Words
    order: Order | None = None
    cash: Cash | None = None
    certainty: Certainty = Certainty.CERTAIN


@dataclass(frozen=True, slots=True)
class Passed:
    """A row that is understood and is no event of the vocabulary; code: a key of `words.PASSED`."""

    code: str


@dataclass(frozen=True, slots=True)
class Held:
    """A line of holdings. value: JPY, None where unknown; instrument None: `value` is cash."""

    instrument: str | None
    value: float | None
    as_of: date | None = None

    def position(self) -> Position:
        """The line as a position of a snapshot."""
        return Position(instrument=self.instrument, value=self.value)


Reading = Happened | Passed | Held
Reader = Callable[[Row], Reading | tuple[Reading, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a format.

    columns: the reader's own names → the header's words; `A|B` are two known wordings, `A*` is a beginning. All but
    `optional` must be in the header, which is how the format is recognised. continues: the column that is blank on a
    row that carries on the one before it. dates: the order of parts in dates, `ymd` or `mdy`.
    """

    columns: Mapping[str, str]
    read: Reader
    optional: frozenset[str] = frozenset()
    continues: str | None = None
    dates: str = "ymd"


@dataclass(frozen=True, slots=True)
class Format:
    """One CSV export of one broker.

    holdings: the file is a picture of the account, its rows become one `account.snapshot`. zone: the clock its dates
    are on. titles: beginnings of lines that are headings, totals or notes. asides: headings of parts without a table,
    which run to the next header. loose: what a line above the first header or in such a part says of holdings (cells
    as exported), None where nothing; may raise `CellError`. covers: the period that the lines above the header state,
    given their cells and the file's name. source: where the format is known from.
    """

    id: str
    broker: str
    name: Words
    tables: tuple[Table, ...]
    source: str
    holdings: bool = False
    zone: str = "Asia/Tokyo"
    asides: tuple[str, ...] = ()
    loose: Callable[[Sequence[str]], Held | None] | None = None
    titles: tuple[str, ...] = ()
    covers: Callable[[list[list[str]], str], tuple[date, date] | None] | None = None


class Fate(StrEnum):
    """What became of one record (one line, or several where a quoted cell spans lines)."""

    EVENT = "event"  # became one event or more
    HOLDING = "holding"  # became part of the snapshot
    PASSED = "passed"  # understood, no event
    LAYOUT = "layout"  # blank, heading, header, total, note
    UNREADABLE = "unreadable"  # reported


@dataclass(frozen=True, slots=True)
class Statement:
    """One export after reading.

    fates: how many records ended as what; they add up to `records`. passed: rows that are no events, by code.
    period: first and last day covered, None where no row has a date; stated: the file itself says so, otherwise it is
    only the span of its rows. complete: False where a limit stopped the reading.
    """

    place: str
    format: str | None
    broker: str | None
    facts: tuple[Fact, ...]
    unreadable: tuple[Unreadable, ...]
    records: int
    fates: Mapping[Fate, int]
    passed: Mapping[str, int]
    period: tuple[date, date] | None = None
    stated: bool = False
    complete: bool = True
