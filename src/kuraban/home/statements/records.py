"""Lines as records of cells: quoting as RFC 4180 has it, recovering at the next line from a quote that never closes."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kuraban.home.statements.decoding import Line

MAX_CELLS = 200
MAX_WRAPPED = 8  # lines that one quoted cell may span


class Record(NamedTuple):
    """The cells of one row and the lines it came from, first and last. problem: why it is no row, else None."""

    first: int
    last: int
    cells: tuple[str, ...]
    problem: str | None = None


def delimiter_of(sample: Iterable[str]) -> str:
    """Comma or tab, whichever the lines have more of."""
    text = "\n".join(sample)
    return "\t" if text.count("\t") > text.count(",") else ","


def records(lines: Iterable[Line], delimiter: str = ",") -> Iterator[Record]:
    """Every line as part of exactly one record, in order.

    A cell in quotes may hold line ends. Where the closing quote does not come within MAX_WRAPPED lines, the line is
    read by itself, so that one stray quote costs one row and not the rest of the file.
    """
    source = iter(lines)
    waiting: deque[Line] = deque()
    while (head := waiting.popleft() if waiting else next(source, None)) is not None:
        if head.problem is not None:
            yield Record(head.number, head.number, (head.text,), head.problem)
            continue
        taken = _wrapped(head, waiting, source) if _open(head.text) else [head]
        record = _parsed(taken, delimiter)
        if record.problem == "not_csv" and len(taken) > 1:  # the quotes were no quoting: each line by itself
            waiting.extendleft(reversed(taken[1:]))
            record = _parsed([head], delimiter)
        yield record


def _open(text: str) -> bool:
    return text.count('"') % 2 == 1


def _wrapped(head: Line, waiting: deque[Line], source: Iterator[Line]) -> list[Line]:
    """The lines of a record whose first leaves a quote open; what was read in vain stays in `waiting`."""
    while len(waiting) < MAX_WRAPPED - 1 and (more := next(source, None)) is not None:
        waiting.append(more)
    for count, line in enumerate(waiting, 1):
        if line.problem is not None:
            break
        if _open(line.text):
            return [head, *(waiting.popleft() for _ in range(count))]
    return [head]


def _parsed(taken: list[Line], delimiter: str) -> Record:
    first, last = taken[0].number, taken[-1].number
    text = "\n".join(line.text for line in taken)
    if text.count(delimiter) > 10 * MAX_CELLS:
        return Record(first, last, (text[:200],), "too_many_cells")
    try:
        cells = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return Record(first, last, (text[:200],), "not_csv")
    if len(cells) > MAX_CELLS:
        return Record(first, last, (text[:200],), "too_many_cells")
    return Record(first, last, tuple(cells))
