"""The fast path: a line of JSON becomes a row of cells without becoming objects first.

It reads what it knows to be right and doubts everything else: an escape, an exponent, a key that comes twice, a word
it does not know. A doubted line goes to `events.decode`, the only authority on what is an event, so this file decides
how fast a line is read and never whether it is accepted.
"""

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.bytewise import Bytes, jit_inline, no_newline
from kuraban.columns.literals import DOUBT, NEWLINE, QUOTE, blank, number, string_end, time
from kuraban.columns.vocabulary import (
    CELL_ABOUT_AT,
    CELL_ABOUT_N,
    CELL_LINE,
    CELL_LINE_AT,
    CELL_LINE_END,
    CELL_POSITIONS_AT,
    CELL_POSITIONS_N,
    CELL_STATUS,
    CELL_TIME,
    EVENT,
    POSITION,
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
# Positions: their instruments as words, and their values. `about`: ids as words. Then how many of each are used.
Lists = tuple[Cells, Numbers, Cells, Cells]

FULL = -2  # the lists have no room for all that a line says

_MOST_NAME, _MOST_TEXT = 128, 1024  # bytes here, characters in `events`: bytes are never fewer
_DEEPEST = 16
_COMMA, _COLON = ord(","), ord(":")
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = ord("{"), ord("}"), ord("["), ord("]")
_N, _T, _F, _U, _L, _E, _R, _A, _S = (ord(c) for c in "ntfuleras")


@jit_inline
def _null(text: Bytes, at: int) -> bool:
    return bool(text[at] == _N and text[at + 1] == _U and text[at + 2] == _L and text[at + 3] == _L)


@jit_inline
def _true(text: Bytes, at: int) -> bool:
    return bool(text[at] == _T and text[at + 1] == _R and text[at + 2] == _U and text[at + 3] == _E)


@jit_inline
def _false(text: Bytes, at: int) -> bool:
    return bool(
        text[at] == _F and text[at + 1] == _A and text[at + 2] == _L and text[at + 3] == _S and text[at + 4] == _E
    )


@jit
def _skip_scalar(text: Bytes, at: int) -> int:
    if text[at] == QUOTE:
        end = string_end(text, at + 1)
        return end + 1 if end >= 0 else DOUBT
    if _null(text, at) or _true(text, at):
        return at + 4
    if _false(text, at):
        return at + 5
    return number(text, at)[1]


@jit
def _skip_key(text: Bytes, at: int) -> int:
    """Behind the colon of a key that nobody asks for."""
    if text[at] != QUOTE:
        return DOUBT
    at = string_end(text, at + 1)
    if at < 0:
        return DOUBT
    at = blank(text, at + 1)
    return blank(text, at + 1) if text[at] == _COLON else DOUBT


@jit
def _skip(text: Bytes, at: int) -> int:
    """Behind a value of any shape that nobody asks for; `objects` remembers, a bit a level, what is an object."""
    depth = 0
    objects = 0
    while True:
        opened = text[at] == _OPEN or text[at] == _OPEN_LIST
        if opened:
            depth += 1
            if depth > _DEEPEST:
                return DOUBT
            is_object = text[at] == _OPEN
            objects = objects << 1 | (1 if is_object else 0)
            at = blank(text, at + 1)
            opened = text[at] != (_CLOSE if is_object else _CLOSE_LIST)
            if opened and is_object:
                at = _skip_key(text, at)
        else:
            at = _skip_scalar(text, at)
        if at < 0:
            return DOUBT
        while not opened and depth > 0:
            at = blank(text, at)
            is_object = objects & 1 == 1
            if text[at] == _COMMA:
                at = blank(text, at + 1)
                if is_object:
                    at = _skip_key(text, at)
                break
            if text[at] != (_CLOSE if is_object else _CLOSE_LIST):
                return DOUBT
            at += 1
            objects >>= 1
            depth -= 1
        if at < 0 or (depth == 0 and not opened):
            return at


@jit_inline
def _text(text: Bytes, at: int, n: int, field: int, cells: Cells) -> bool:
    """Take the string `text[at : at + n]` for a field; whether that was possible."""
    how = field & 0xFF
    cell = field >> 8 & 0xFF
    if how == READ_WORD:
        cells[cell] = at << 32 | n
        return n <= _MOST_TEXT
    if how == READ_NAME:
        cells[cell] = at << 32 | n
        return 0 < n <= _MOST_NAME
    if how in (READ_CODE, READ_TYPE):
        cells[cell] = lookup(field >> 20 & 0xFF, text, at, n)
        return bool(cells[cell] != 0)
    if how == READ_TIME:
        cells[cell] = at << 32 | n
        cells[CELL_TIME] = time(text, at, n)
        return bool(cells[CELL_TIME] != DOUBT)
    if how == READ_OPEN_CODE:
        vocabulary = field >> 20 & 0xFF
        code = lookup(vocabulary, text, at, n)
        if code == 0 and n > 0:
            code = TO_OTHER if vocabulary == SWITCHES else NOTICE_OTHER
        cells[cell] = code
        return n <= _MOST_TEXT
    return how == READ_TEXT and n <= _MOST_TEXT


@jit_inline
def _scalar(text: Bytes, at: int, field: int, cells: Cells, numbers: Numbers) -> int:
    """Read a field's value at `at`, unless it is an object or a list."""
    how = field & 0xFF
    if text[at] == QUOTE:
        end = string_end(text, at + 1)
        if end < 0 or not _text(text, at + 1, end - at - 1, field, cells):
            return DOUBT
        return end + 1
    if how in (READ_AMOUNT, READ_NUMBER):
        value, end = number(text, at)
        if end >= 0:
            if value < 0.0 and how == READ_AMOUNT:
                return DOUBT
            numbers[field >> 8 & 0xFF] = value + 0.0  # no negative zero: hashes and snapshots compare bits
            return end
    elif how == READ_FLAG:
        if _true(text, at):
            cells[field >> 8 & 0xFF] = YES
            return at + 4
        if _false(text, at):
            cells[field >> 8 & 0xFF] = NO
            return at + 5
    if _null(text, at) and how != READ_NAME and how != READ_TIME and how != READ_TYPE:
        return at + 4
    return DOUBT


@jit
def _position(text: Bytes, at: int, words: Cells, values: Numbers) -> int:
    """One position at `at`, behind its opening brace, into the first item of `words` and `values`."""
    words[0] = 0
    values[0] = np.nan
    seen = 0
    at = blank(text, at)
    if text[at] == _CLOSE:
        return at + 1
    while True:
        if text[at] != QUOTE:
            return DOUBT
        end = string_end(text, at + 1)
        if end < 0:
            return DOUBT
        field = lookup(POSITION, text, at + 1, end - at - 1)
        at = blank(text, end + 1)
        if text[at] != _COLON:
            return DOUBT
        at = blank(text, at + 1)
        if field == 0:
            at = _skip(text, at)
        elif seen & 1 << (field >> 16 & 0xF):
            return DOUBT
        elif field & 0xFF == READ_NUMBER:
            if _null(text, at):
                at += 4
            else:
                value, at = number(text, at)
                values[0] = value + 0.0
        elif text[at] == QUOTE:
            end = string_end(text, at + 1)
            if end < 0 or end - at - 1 > _MOST_TEXT:
                return DOUBT
            words[0] = (at + 1) << 32 | (end - at - 1)
            at = end + 1
        else:
            at = at + 4 if _null(text, at) else DOUBT
        if at < 0:
            return DOUBT
        if field != 0:
            seen |= 1 << (field >> 16 & 0xF)
        at = blank(text, at)
        if text[at] == _CLOSE:
            return at + 1
        if text[at] != _COMMA:
            return DOUBT
        at = blank(text, at + 1)


@jit
def _positions(text: Bytes, at: int, cells: Cells, lists: Lists) -> int:
    words, values, _, used = lists
    if _null(text, at):
        return at + 4
    if text[at] != _OPEN_LIST:
        return DOUBT
    cells[CELL_POSITIONS_AT] = used[0]
    cells[CELL_POSITIONS_N] = 0
    at = blank(text, at + 1)
    if text[at] == _CLOSE_LIST:
        return at + 1
    while True:
        if used[0] == len(words):
            return FULL
        if text[at] != _OPEN:
            return DOUBT
        at = _position(text, at + 1, words[used[0] :], values[used[0] :])
        if at < 0:
            return DOUBT
        used[0] += 1
        at = blank(text, at)
        if text[at] == _CLOSE_LIST:
            cells[CELL_POSITIONS_N] = used[0] - cells[CELL_POSITIONS_AT]
            return at + 1
        if text[at] != _COMMA:
            return DOUBT
        at = blank(text, at + 1)


@jit
def _about(text: Bytes, at: int, cells: Cells, lists: Lists) -> int:
    _, _, words, used = lists
    if _null(text, at):
        return at + 4
    if text[at] != _OPEN_LIST:
        return DOUBT
    cells[CELL_ABOUT_AT] = used[1]
    at = blank(text, at + 1)
    if text[at] == _CLOSE_LIST:
        return at + 1
    while True:
        if used[1] == len(words):
            return FULL
        if text[at] != QUOTE:
            return DOUBT
        end = string_end(text, at + 1)
        if end < 0 or not 0 < end - at - 1 <= _MOST_NAME:
            return DOUBT
        words[used[1]] = (at + 1) << 32 | (end - at - 1)
        used[1] += 1
        at = blank(text, end + 1)
        if text[at] == _CLOSE_LIST:
            cells[CELL_ABOUT_N] = used[1] - cells[CELL_ABOUT_AT]
            return at + 1
        if text[at] != _COMMA:
            return DOUBT
        at = blank(text, at + 1)


@jit_inline
def _value(text: Bytes, at: int, field: int, cells: Cells, numbers: Numbers, lists: Lists) -> int:
    if field == 0:
        return _skip(text, at)
    how = field & 0xFF
    if how == READ_POSITIONS:
        return _positions(text, at, cells, lists)
    if how == READ_ABOUT:
        return _about(text, at, cells, lists)
    return _scalar(text, at, field, cells, numbers)


@jit
def _event(text: Bytes, at: int, cells: Cells, numbers: Numbers, lists: Lists) -> int:
    """Read the event at `at`; the position of its newline, `DOUBT` or `FULL`.

    The event's own fields and those of its groups are read by the same loop: `group` is the object it is in.
    """
    group = EVENT
    seen = 0  # a bit for each field met in this object
    seen_outside = 0
    at = blank(text, at)
    if text[at] != _OPEN:
        return DOUBT
    at = blank(text, at + 1)
    while True:
        if text[at] != QUOTE:
            return DOUBT
        end = string_end(text, at + 1)
        if end < 0:
            return DOUBT
        field = lookup(group, text, at + 1, end - at - 1)
        at = blank(text, end + 1)
        if text[at] != _COLON:
            return DOUBT
        at = blank(text, at + 1)
        if field != 0:
            bit = 1 << (field >> 16 & 0xF)
            if seen & bit:
                return DOUBT
            seen |= bit
        if field & 0xFF == READ_GROUP and field != 0 and text[at] == _OPEN:
            at = blank(text, at + 1)
            if text[at] != _CLOSE:
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
        if text[at] == _CLOSE and group != EVENT:
            group = EVENT
            seen = seen_outside
            at = blank(text, at + 1)
        if text[at] == _COMMA:
            at = blank(text, at + 1)
            continue
        if text[at] != _CLOSE or group != EVENT or seen & REQUIRED != REQUIRED:
            return DOUBT
        at = blank(text, at + 1)
        return at if text[at] == NEWLINE else DOUBT


@jit
def line_end(text: Bytes, at: int) -> int:
    """Where the next newline from `at` lies; there has to be one."""
    while True:
        n = no_newline(text, at)
        at += n
        if text[at] == NEWLINE:
            return at


@jit
def scan(
    text: Bytes, at: int, end: int, line: int, cells: Cells, numbers: Numbers, lists: Lists
) -> tuple[int, int, int]:
    """Read lines of `text[at:end]`, which ends with a newline, until they or the rows of `cells` are used up.

    cells: int64[rows, CELLS]. numbers: float64[rows, NUMBERS], NaN where absent. lists: used from `lists[3]` on.
    line: how many lines came before. Returns (where it stopped, lines before that, rows written).
    """
    row = 0
    used = lists[3]
    while at < end and row < len(cells):
        if text[at] == NEWLINE:
            at += 1
            line += 1
            continue
        cells[row] = 0
        numbers[row] = np.nan
        cells[row, CELL_POSITIONS_N] = -1
        positions, about = used[0], used[1]
        stop = _event(text, at, cells[row], numbers[row], lists)
        if stop < 0 or stop - at > MAX_LINE:
            used[0], used[1] = positions, about
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
