"""What Arrow keeps in its buffers, written into cells row by row.

valid, first: Arrow's validity bits, and which of them is row 0's; no bits at all where nothing is absent. Cells of
what is absent stay as they are. `bad` is bool[n]: true from then on for each row that `events` has to look at.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.bytewise import Buffer, Bytes, buffer, byte, jit_inline, load64, put_byte
from kuraban.columns.literals import DOUBT, character, time
from kuraban.columns.scanning import Cells, Numbers
from kuraban.columns.vocabulary import CELL_STAMP, CELL_TIME, lookup
from kuraban.columns.zones import step_at
from kuraban.core.jit import jit
from kuraban.core.layout import NO, YES
from kuraban.events import MOST_NUMBER

Flags = NDArray[np.bool_]

TIME_BYTES = 32  # 2025-01-06T00:33:02.279000+09:00

_LOW_32 = 0xFFFF_FFFF
_NOT_ASCII = np.uint64(0x8080_8080_8080_8080)
_ZERO = np.uint64(0)


@jit_inline
def _is_utf8(text: Buffer, at: int, n: int) -> bool:
    end = at + n
    while at < end:
        if load64(text, at) & _NOT_ASCII == _ZERO:
            at += 8
        elif byte(text, at) < 0x80:
            at += 1
        else:
            width = character(text, at)
            if width == DOUBT or at + width > end:
                return False
            at += width
    return True


@jit_inline
def _bit(bits: Bytes, at: int) -> bool:
    return bool(bits[at >> 3] >> (at & 7) & 1)


@jit
def put_words(
    block: Bytes,
    starts: Cells,
    base: int,
    least: int,
    most: int,
    valid: Bytes,
    first: int,
    cells: Cells,
    cell: int,
    bad: Flags,
) -> None:
    """Words of `least` to `most` bytes of UTF-8. starts: where each begins, behind `base`, and the last one ends."""
    text = buffer(block)
    for i in range(len(starts) - 1):
        if len(valid) and not _bit(valid, first + i):
            if least > 0:
                bad[i] = True
            continue
        at = base + starts[i]
        n = starts[i + 1] - starts[i]
        if n < least or n > most or not _is_utf8(text, at, n):
            bad[i] = True
        cells[i, cell] = at << 32 | n


@jit
def look_up(block: Bytes, table: int, other: int, cells: Cells, cell: int, bad: Flags) -> None:
    """Words in cells become codes of a vocabulary. other: the code of any other word, 0 where there may be none."""
    text = buffer(block)
    for i in range(len(cells)):
        word = cells[i, cell]
        if word != 0:
            n = word & _LOW_32
            code = lookup(table, text, word >> 32, n)
            if code == 0 and other == 0:
                bad[i] = True
            cells[i, cell] = other if code == 0 and n > 0 else code


@jit
def read_times(block: Bytes, cells: Cells, bad: Flags) -> None:
    """Microseconds of the times that lie in cells as words."""
    text = buffer(block)
    for i in range(len(cells)):
        word = cells[i, CELL_STAMP]
        instant = time(text, word >> 32, word & _LOW_32)
        cells[i, CELL_TIME] = instant
        if instant == DOUBT:
            bad[i] = True


@jit
def put_numbers(
    values: Numbers, negative: bool, valid: Bytes, first: int, numbers: Numbers, cell: int, bad: Flags
) -> None:
    """Numbers of a size that somebody may own. negative: whether they may be below zero."""
    for i in range(len(values)):
        if not len(valid) or _bit(valid, first + i):
            value = values[i]
            if not np.abs(value) <= MOST_NUMBER or (value < 0.0 and not negative):  # NaN is not either
                bad[i] = True
            numbers[i, cell] = value + 0.0  # no negative zero: hashes and snapshots compare bits


@jit
def put_flags(bits: Bytes, valid: Bytes, first: int, cells: Cells, cell: int) -> None:
    """Booleans, a bit each, of as many rows as there are cells."""
    for i in range(len(cells)):
        if not len(valid) or _bit(valid, first + i):
            cells[i, cell] = YES if _bit(bits, first + i) else NO


@jit
def _digits(text: Buffer, at: int, value: int, n: int) -> int:
    for i in range(n - 1, -1, -1):
        put_byte(text, at + i, 48 + value % 10)
        value //= 10
    return at + n


@jit
def _date(text: Buffer, at: int, days: int) -> int:
    """A date from its days since 1970-01-01 (Howard Hinnant, civil_from_days)."""
    days += 719_468
    era = days // 146_097
    of_era = days - era * 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    at = _digits(text, at, year + era * 400 + (1 if month <= 2 else 0), 4)
    put_byte(text, at, ord("-"))
    at = _digits(text, at + 1, month, 2)
    put_byte(text, at, ord("-"))
    return _digits(text, at + 1, day, 2)


@jit
def write_times(times: Cells, steps: Any, offsets: Any, block: Bytes) -> None:
    """Times as RFC 3339 says, `TIME_BYTES` each. steps, offsets: the zone's, see `reference.zones.offset_steps`."""
    text = buffer(block)
    step = 0
    for i in range(len(times)):
        step = step_at(steps, times[i], step)
        offset = offsets[step]
        local = times[i] + offset * 60_000_000
        seconds = local // 1_000_000
        at = _date(text, i * TIME_BYTES, seconds // 86_400)
        put_byte(text, at, ord("T"))
        at = _digits(text, at + 1, seconds // 3600 % 24, 2)
        put_byte(text, at, ord(":"))
        at = _digits(text, at + 1, seconds // 60 % 60, 2)
        put_byte(text, at, ord(":"))
        at = _digits(text, at + 1, seconds % 60, 2)
        put_byte(text, at, ord("."))
        at = _digits(text, at + 1, local % 1_000_000, 6)
        put_byte(text, at, ord("-") if offset < 0 else ord("+"))
        at = _digits(text, at + 1, abs(offset) // 60, 2)
        put_byte(text, at, ord(":"))
        _digits(text, at + 1, abs(offset) % 60, 2)
