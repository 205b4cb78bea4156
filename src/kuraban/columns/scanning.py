"""The fast path: a line of JSON becomes a row of cells without becoming objects first.

It reads what it knows to be right and doubts everything else: an escape in a key, an exponent, a key that comes
twice, a word it does not know. A doubted line goes to `events.decode`, the only authority on what is an event, so this
file decides how fast a line is read and never whether it is accepted.
"""

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.bytewise import (
    Buffer,
    Bytes,
    buffer,
    byte,
    from_item,
    get,
    jit_inline,
    no_newline,
    put,
    put_number,
)
from kuraban.columns.listing import FULL, OpenLists, about, positions
from kuraban.columns.literals import DOUBT, NEWLINE, QUOTE, blank, number, string_end, time
from kuraban.columns.skipping import CLOSE, COLON, COMMA, OPEN, false, null, skip, true
from kuraban.columns.unescaping import unescape
from kuraban.columns.vocabulary import (
    CELL_LINE,
    CELL_LINE_AT,
    CELL_LINE_END,
    CELL_POSITIONS_N,
    CELL_STATUS,
    CELL_TIME,
    CELLS,
    EVENT,
    MOST_NAME,
    MOST_TEXT,
    NUMBERS,
    READ_ABOUT,
    READ_AMOUNT,
    READ_CODE,
    READ_FLAG,
    READ_GROUP,
    READ_NAME,
    READ_NUMBER,
    READ_OPEN_CODE,
    READ_POSITIONS,
    READ_TEXT,
    READ_TIME,
    READ_TYPE,
    READ_WORD,
    REQUIRED,
    STATUS_DOUBT,
    STATUS_READ,
    SWITCHES,
    lookup,
)
from kuraban.core.jit import jit
from kuraban.core.layout import NO, NOTICE_OTHER, TO_OTHER, YES
from kuraban.events import MAX_LINE

Cells = NDArray[np.int64]
Numbers = NDArray[np.float64]
# Positions: their instruments as words, and their values. `about`: ids as words. Then how many of each are used, and
# where the spare part of the text begins and ends, which takes strings that had escapes.
Lists = tuple[Cells, Numbers, Cells, Cells]


@jit_inline
def _text(text: Buffer, at: int, n: int, field: int, cells: Buffer) -> bool:
    """Take the string `text[at : at + n]` for a field; whether that was possible."""
    how = field & 0xFF
    cell = field >> 8 & 0xFF
    if how == READ_WORD:
        put(cells, cell, at << 32 | n)
        return n <= MOST_TEXT
    if how == READ_NAME:
        put(cells, cell, at << 32 | n)
        return 0 < n <= MOST_NAME
    if how in (READ_CODE, READ_TYPE):
        code = lookup(field >> 20 & 0xFF, text, at, n)
        put(cells, cell, code)
        return code != 0
    if how == READ_TIME:
        put(cells, cell, at << 32 | n)
        instant = time(text, at, n)
        put(cells, CELL_TIME, instant)
        return instant != DOUBT
    if how == READ_OPEN_CODE:
        vocabulary = field >> 20 & 0xFF
        code = lookup(vocabulary, text, at, n)
        if code == 0 and n > 0:
            code = TO_OTHER if vocabulary == SWITCHES else NOTICE_OTHER
        put(cells, cell, code)
        return n <= MOST_TEXT
    return how == READ_TEXT and n <= MOST_TEXT


@jit
def _escaped(text: Buffer, at: int, field: int, cells: Buffer, lists: OpenLists) -> int:
    """Take a string that has escapes, or is none."""
    used = lists[3]
    start = get(used, 2)
    end, stop = unescape(text, at, start, get(used, 3))
    if end < 0 or not _text(text, start, stop - start, field, cells):
        return DOUBT
    put(used, 2, stop)
    return end + 1


@jit_inline
def _scalar(text: Buffer, at: int, field: int, cells: Buffer, numbers: Buffer, lists: OpenLists) -> int:
    """Read a field's value at `at`, unless it is an object or a list."""
    how = field & 0xFF
    if byte(text, at) == QUOTE:
        end = string_end(text, at + 1)
        if end < 0:
            return _escaped(text, at + 1, field, cells, lists)
        return end + 1 if _text(text, at + 1, end - at - 1, field, cells) else DOUBT
    if how in (READ_AMOUNT, READ_NUMBER):
        value, end = number(text, at)
        if end >= 0:
            if value < 0.0 and how == READ_AMOUNT:
                return DOUBT
            put_number(numbers, field >> 8 & 0xFF, value + 0.0)  # no negative zero: hashes and snapshots compare bits
            return end
    elif how == READ_FLAG:
        if true(text, at):
            put(cells, field >> 8 & 0xFF, YES)
            return at + 4
        if false(text, at):
            put(cells, field >> 8 & 0xFF, NO)
            return at + 5
    if null(text, at) and how != READ_NAME and how != READ_TIME and how != READ_TYPE:
        return at + 4
    return DOUBT


@jit_inline
def _value(text: Buffer, at: int, field: int, cells: Buffer, numbers: Buffer, lists: OpenLists) -> int:
    if field == 0:
        return skip(text, at)
    how = field & 0xFF
    if how == READ_POSITIONS:
        return positions(text, at, cells, lists)
    if how == READ_ABOUT:
        return about(text, at, cells, lists)
    return _scalar(text, at, field, cells, numbers, lists)


@jit
def _event(text: Buffer, at: int, cells: Buffer, numbers: Buffer, lists: OpenLists) -> int:
    """Read the event at `at`; the position of its newline, `DOUBT` or `FULL`.

    The event's own fields and those of its groups are read by the same loop: `group` is the object it is in.
    """
    group = EVENT
    seen = 0  # a bit for each field met in this object
    seen_outside = 0
    at = blank(text, at)
    if byte(text, at) != OPEN:
        return DOUBT
    at = blank(text, at + 1)
    while True:
        if byte(text, at) != QUOTE:
            return DOUBT
        end = string_end(text, at + 1)
        if end < 0:
            return DOUBT
        field = lookup(group, text, at + 1, end - at - 1)
        at = blank(text, end + 1)
        if byte(text, at) != COLON:
            return DOUBT
        at = blank(text, at + 1)
        if field != 0:
            bit = 1 << (field >> 16 & 0xF)
            if seen & bit:
                return DOUBT
            seen |= bit
        if field & 0xFF == READ_GROUP and field != 0 and byte(text, at) == OPEN:
            at = blank(text, at + 1)
            if byte(text, at) != CLOSE:
                group = field >> 8 & 0xFF
                seen_outside = seen
                seen = 0
                continue
            at += 1
        else:
            at = _value(text, at, field, cells, numbers, lists)
            if at < 0:
                return at
        at = blank(text, at)
        if byte(text, at) == CLOSE and group != EVENT:
            group = EVENT
            seen = seen_outside
            at = blank(text, at + 1)
        if byte(text, at) == COMMA:
            at = blank(text, at + 1)
            continue
        if byte(text, at) != CLOSE or group != EVENT or seen & REQUIRED != REQUIRED:
            return DOUBT
        at = blank(text, at + 1)
        return at if byte(text, at) == NEWLINE else DOUBT


@jit
def line_end(text: Buffer, at: int) -> int:
    """Where the next newline from `at` lies; there has to be one."""
    while True:
        n = no_newline(text, at)
        at += n
        if byte(text, at) == NEWLINE:
            return at


@jit
def scan(
    block: Bytes, at: int, end: int, line: int, cells: Cells, numbers: Numbers, lists: Lists
) -> tuple[int, int, int]:
    """Read lines of `block[at:end]`, which ends with a newline, until they or the rows of `cells` are used up.

    cells: int64[rows, CELLS]. numbers: float64[rows, NUMBERS], NaN where absent. lists: used from `lists[3]` on.
    line: how many lines came before. Returns (where it stopped, lines before that, rows written).
    """
    text = buffer(block)
    words, values, about_words, used = lists
    row_cells, row_numbers = buffer(cells), buffer(numbers)
    opened = buffer(words), buffer(values), buffer(about_words), buffer(used), min(len(words), len(about_words))
    row = 0
    while at < end and row < len(cells):
        if byte(text, at) == NEWLINE:
            at += 1
            line += 1
            continue
        for i in range(CELLS):
            cells[row, i] = 0
        for i in range(NUMBERS):
            numbers[row, i] = np.nan
        cells[row, CELL_POSITIONS_N] = -1
        used_before = used[0], used[1], used[2]
        stop = _event(text, at, from_item(row_cells, row * CELLS), from_item(row_numbers, row * NUMBERS), opened)
        if stop < 0 or stop - at > MAX_LINE:
            used[0], used[1], used[2] = used_before
            if stop == FULL and row > 0:
                break
            cells[row, CELL_STATUS] = STATUS_DOUBT
            stop = line_end(text, at)
        else:
            cells[row, CELL_STATUS] = STATUS_READ
        line += 1
        cells[row, CELL_LINE] = line
        cells[row, CELL_LINE_AT] = at
        cells[row, CELL_LINE_END] = stop
        row += 1
        at = stop + 1
    return at, line, row
