"""Reading one export: every record becomes an event, part of a snapshot, a known non-event, layout, or is reported."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path

from kuraban.home.model import Fact, Unreadable, Words
from kuraban.home.statements.decoding import Line, SourceError, lines, opened
from kuraban.home.statements.facts import FactMaker
from kuraban.home.statements.formats import FORMATS
from kuraban.home.statements.model import Context, Fate, Format, Held, Passed, Reading, Statement
from kuraban.home.statements.recognition import Recognised, recognise
from kuraban.home.statements.records import Record, delimiter_of, records
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import CellError
from kuraban.home.statements.words import PROBLEMS

MAX_PREAMBLE = 60  # records above the first header
MAX_POSITIONS = 20_000
MAX_FACTS = 500_000  # that `read_statement` keeps in memory
_TOTALS = frozenset({"合計", "小計", "総合計", "計", "total", "totals"})
_NOTES = ("■", "※", "＊", "*", "注)", "注)", "（注", "(注")


def read_statement(
    source: Path | bytes, place: str, context: Context, formats: Sequence[Format] = FORMATS, limit: int = MAX_FACTS
) -> Statement:
    """The whole export at once; never raises for what the file holds. place: its path, as shown to the owner.

    At most `limit` facts are kept; `StatementReader` streams a file of any size in flat memory.
    """
    reader = StatementReader(source, place, context, formats)
    facts: list[Fact] = []
    unreadable: list[Unreadable] = []
    complete = True
    for item in reader:
        if isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            facts.append(item)
        if len(facts) + len(unreadable) >= limit:
            unreadable.append(reader.problem("too_many_rows", reader.line))
            complete = False
            break
    form = reader.format
    return Statement(
        place=place,
        format=form.id if form else None,
        broker=form.broker if form else None,
        facts=tuple(facts),
        unreadable=tuple(unreadable),
        records=reader.records,
        fates=dict(reader.fates),
        passed=dict(reader.passed),
        period=reader.stated or reader.span,
        stated=reader.stated is not None,
        complete=complete and form is not None,
    )


class StatementReader:
    """Iterates over the facts and problems of one export; what it counted is in its attributes afterwards.

    format: None until a header was recognised. records, fates, passed: as in `Statement`. span: first and last day of
    the rows. stated: the period that the file itself states. line: the last line of the last record read.
    """

    def __init__(self, source: Path | bytes, place: str, context: Context, formats: Sequence[Format] = FORMATS):
        self._source = source
        self._place = place
        self._file_name = re.split(r"[/\\]", place)[-1][:120]
        self._context = context
        self._formats = formats
        self._maker = FactMaker(self._file_name, context)
        self._held: list[tuple[Held, int]] = []
        self._header: Recognised | None = None
        self._group: list[tuple[Record, Row]] = []
        self._aside = False
        self.format: Format | None = None
        self.records = 0
        self.line = 0
        self.fates: Counter[Fate] = Counter()
        self.passed: Counter[str] = Counter()
        self.span: tuple[date, date] | None = None
        self.stated: tuple[date, date] | None = None

    def __iter__(self) -> Iterator[Fact | Unreadable]:
        try:
            file = opened(self._source)
        except SourceError as error:
            yield self.problem(error.code)
            return
        with file:
            source = lines(file)
            sample: list[Line] = list(islice(source, MAX_PREAMBLE))
            rows = records(chain(sample, source), delimiter_of(line.text for line in sample))
            yield from self._preamble(rows)
            if self._header is not None:
                for record in rows:
                    yield from self._record(record)
                yield from self._flush()
                if self.format is not None and self.format.holdings:
                    yield self._maker.snapshot(self.format, self._held)

    def problem(self, code: str, line: int | None = None, words: Words | None = None) -> Unreadable:
        """An `Unreadable` of this file, at a line where one is given."""
        said = words or PROBLEMS[code]
        if line is None:
            return Unreadable(self._place, code, said)
        return Unreadable(f"{self._place}:{line}", code, Words(f"{line}行目: {said.ja}", f"line {line}: {said.en}"))

    def _count(self, record: Record, fate: Fate) -> None:
        self.records += 1
        self.fates[fate] += 1
        self.line = max(self.line, record.last)

    def _preamble(self, rows: Iterator[Record]) -> Iterator[Unreadable]:
        """Everything up to and with the first header; says so where none comes."""
        above: list[Record] = []
        for record in islice(rows, MAX_PREAMBLE):
            found = None if record.problem else recognise(record.cells, self._formats)
            if found is None:
                above.append(record)
                continue
            self._header, self.format = found, found.format
            for earlier in above:
                yield from self._above(earlier, found.width)
            self._count(record, Fate.LAYOUT)
            if found.format.covers is not None:
                self.stated = found.format.covers([list(earlier.cells) for earlier in above], self._file_name)
            return
        for record in above:
            self._count(record, Fate.UNREADABLE)
        yield self.problem("unknown_format" if any(any(record.cells) for record in above) else "empty")

    def _above(self, record: Record, width: int) -> Iterator[Unreadable]:
        dated = len(record.cells) >= width - 1 and re.match(r"\s*[0-9]{1,4}[/年-]", record.cells[0] or "")
        if record.problem or dated:
            self._count(record, Fate.UNREADABLE)
            yield self.problem(record.problem or "before_header", record.first)
        else:
            yield from self._loose(record)

    def _loose(self, record: Record) -> Iterator[Unreadable]:
        """A line that belongs to no table."""
        assert self.format is not None
        try:
            held = self.format.loose(record.cells) if self.format.loose is not None else None
        except CellError as error:
            self._count(record, Fate.UNREADABLE)
            yield self.problem(error.code, record.first, error.words)
            return
        if held is not None:
            self._held.append((held, record.first))
        self._count(record, Fate.LAYOUT if held is None else Fate.HOLDING)

    def _record(self, record: Record) -> Iterator[Fact | Unreadable]:
        header = self._header
        assert header is not None
        row = Row(record.cells, header.columns, header.words, header.table.dates, (), self._context.rates)
        carries_on = header.table.continues
        if carries_on and self._group and not record.problem and any(record.cells) and row.blank(carries_on):
            self._group.append((record, row))
            return
        yield from self._flush()
        if self._is_layout(record, header):
            self._count(record, Fate.LAYOUT)
        elif self._aside and not record.problem:
            yield from self._loose(record)
        elif record.problem:
            self._count(record, Fate.UNREADABLE)
            yield self.problem(record.problem, record.first)
        elif len(record.cells) < header.width or any(cell.strip() for cell in record.cells[header.width :]):
            self._count(record, Fate.UNREADABLE)
            single = sum(1 for cell in record.cells if cell.strip()) == 1
            yield self.problem("strange_row" if single else "column_count", record.first)
        else:
            self._group = [(record, row)]

    def _is_layout(self, record: Record, header: Recognised) -> bool:
        """Whether it is a blank line, heading, total, note or further header; that last one holds from here on."""
        if record.problem:
            return False
        texts = [cell.strip() for cell in record.cells if cell.strip()]
        if not texts:
            return True
        if texts[0].startswith((*_NOTES, *header.format.titles)) or texts[0].casefold() in _TOTALS:
            self._aside = self._aside or texts[0].startswith(header.format.asides or ("\0",))
            return True
        if not texts[0][0].isdigit():
            again = recognise(record.cells, (header.format,))
            if again is not None:
                self._header, self._aside = again, False
                return True
        return len(texts) == 1 and header.format.holdings

    def _flush(self) -> Iterator[Fact | Unreadable]:
        """Reads the row that is complete now, with those that carry it on."""
        if not self._group or self._header is None:
            return
        group, self._group = self._group, []
        record, first = group[0]
        if len(self._held) >= MAX_POSITIONS:
            for part, _ in group:
                self._count(part, Fate.UNREADABLE)
            yield self.problem("too_many_holdings", record.first)
            return
        row = replace(first, following=tuple(part for _, part in group[1:])) if len(group) > 1 else first
        try:
            result = self._header.table.read(row)
        except CellError as error:
            for part, _ in group:
                self._count(part, Fate.UNREADABLE)
            yield self.problem(error.code, record.first, error.words)
            return
        readings: tuple[Reading, ...] = result if isinstance(result, tuple) else (result,)
        fate = Fate.PASSED
        for reading in readings:
            if isinstance(reading, Passed):
                self.passed[reading.code] += 1
            elif isinstance(reading, Held):
                fate = Fate.HOLDING
                self._held.append((reading, record.first))
            else:
                fate = Fate.EVENT
                self._covers(reading.when)
                assert self.format is not None
                yield self._maker.fact(self.format, reading, record.first)
        for part, _ in group:
            self._count(part, fate)

    def _covers(self, when: date | datetime) -> None:
        day = when.date() if isinstance(when, datetime) else when
        self.span = (day, day) if self.span is None else (min(self.span[0], day), max(self.span[1], day))
