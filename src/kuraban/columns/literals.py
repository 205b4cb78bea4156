"""Strings, numbers and times in a line of JSON, read where they lie.

Every function gives up, with `DOUBT`, on whatever it does not read exactly as `events.decode` would; none of them
decides that something is wrong.
"""

import numpy as np

from kuraban.columns.bytewise import Buffer, byte, jit_inline, plain
from kuraban.core.jit import jit
from kuraban.events import EARLIEST, LATEST

DOUBT = -1

QUOTE, NEWLINE = ord('"'), ord("\n")
_SPACE, _TAB, _RETURN = ord(" "), ord("\t"), ord("\r")
_ZERO, _NINE, _MINUS, _PLUS, _POINT = ord("0"), ord("9"), ord("-"), ord("+"), ord(".")
_UPPER_E, _LOWER_E = ord("E"), ord("e")
_COLON, _UPPER_T, _UPPER_Z = ord(":"), ord("T"), ord("Z")

# Powers of ten that a double holds exactly. With an integer below 2**53, one division is then rounded once: correctly.
_TENS = np.array([10.0**n for n in range(23)])
_EXACT = 1 << 53
_MOST_DIGITS = 18  # fewer than overflow int64
_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
_FRACTION = np.array([1_000_000, 100_000, 10_000, 1_000, 100, 10, 1], dtype=np.int64)


@jit_inline
def blank(text: Buffer, at: int) -> int:
    """The first position from `at` that is not white space within a line."""
    while byte(text, at) == _SPACE or byte(text, at) == _TAB or byte(text, at) == _RETURN:
        at += 1
    return at


@jit
def character(text: Buffer, at: int) -> int:
    """How many bytes the non-ASCII character at `at` has, `DOUBT` where it is not UTF-8 (Unicode 15, table 3-7)."""
    a, b, c, d = byte(text, at), byte(text, at + 1), byte(text, at + 2), byte(text, at + 3)
    if 0xC2 <= a <= 0xDF and 0x80 <= b <= 0xBF:
        return 2
    if 0xE0 <= a <= 0xEF and 0x80 <= c <= 0xBF:
        low = 0xA0 if a == 0xE0 else 0x80
        high = 0x9F if a == 0xED else 0xBF
        if low <= b <= high:
            return 3
    if 0xF0 <= a <= 0xF4 and 0x80 <= c <= 0xBF and 0x80 <= d <= 0xBF:
        low = 0x90 if a == 0xF0 else 0x80
        high = 0x8F if a == 0xF4 else 0xBF
        if low <= b <= high:
            return 4
    return DOUBT


@jit
def _beyond_plain(text: Buffer, at: int) -> int:
    """The closing quote of a string that is longer than one window, or has a non-ASCII character at `at`."""
    while True:
        c = byte(text, at)
        if c == QUOTE:
            return at
        if c >= 0x80:
            n = character(text, at)
            if n == DOUBT:
                return DOUBT
            at += n
        elif c < _SPACE or c == 0x5C:
            return DOUBT
        else:
            at += plain(text, at)


@jit_inline
def string_end(text: Buffer, at: int) -> int:
    """The closing quote of a string whose first character is at `at`; escapes and control characters are doubted."""
    at += plain(text, at)
    if byte(text, at) == QUOTE:
        return at
    return _beyond_plain(text, at)


@jit_inline
def number(text: Buffer, at: int) -> tuple[float, int]:
    """A JSON number at `at` and the position behind it, `DOUBT` for the latter where it has an exponent or is long."""
    negative = byte(text, at) == _MINUS
    if negative:
        at += 1
    begin = at
    value = 0
    while _ZERO <= byte(text, at) <= _NINE:
        if at - begin == _MOST_DIGITS:
            return 0.0, DOUBT
        value = value * 10 + (byte(text, at) - _ZERO)
        at += 1
    digits = at - begin
    if digits == 0 or (digits > 1 and byte(text, begin) == _ZERO):
        return 0.0, DOUBT
    scale = 0
    if byte(text, at) == _POINT:
        at += 1
        first = at
        while _ZERO <= byte(text, at) <= _NINE:
            if at - first + digits == _MOST_DIGITS:
                return 0.0, DOUBT
            value = value * 10 + (byte(text, at) - _ZERO)
            at += 1
        scale = at - first
        if scale == 0:
            return 0.0, DOUBT
    if value >= _EXACT or byte(text, at) == _LOWER_E or byte(text, at) == _UPPER_E:
        return 0.0, DOUBT
    result = np.float64(value)
    if scale:
        result /= _TENS[scale]
    return -result if negative else result, at


@jit_inline
def _two(text: Buffer, at: int) -> int:
    """Two digits at `at` as a number, far below zero where one of them is none."""
    tens, ones = byte(text, at) - _ZERO, byte(text, at + 1) - _ZERO
    if tens < 0 or tens > 9 or ones < 0 or ones > 9:
        return -1_000_000
    return tens * 10 + ones


@jit_inline
def _days(year: int, month: int, day: int) -> int:
    """`events.days_from_civil`."""
    if month <= 2:
        year -= 1
        month += 12
    era = year // 400
    of_era = year - era * 400
    day_of_year = (153 * (month - 3) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + day_of_year - 719_468


@jit
def _offset(text: Buffer, at: int, end: int) -> int:
    """The offset from UTC written at `at`, seconds; a number no offset has where it is in doubt."""
    if at + 1 == end and byte(text, at) == _UPPER_Z:
        return 0
    if at + 6 == end and byte(text, at + 3) == _COLON and (byte(text, at) == _PLUS or byte(text, at) == _MINUS):
        hours, minutes = _two(text, at + 1), _two(text, at + 4)
        if 0 <= hours < 24 and 0 <= minutes < 60:
            seconds = hours * 3600 + minutes * 60
            return seconds if byte(text, at) == _PLUS else -seconds
    return _NO_OFFSET


_NO_OFFSET = 1 << 40


@jit
def time(text: Buffer, at: int, n: int) -> int:
    """`events.microseconds` of a time of `n` bytes, `DOUBT` for rarer forms (no year in range is negative)."""
    end = at + n
    if n < 20 or byte(text, at + 4) != _MINUS or byte(text, at + 7) != _MINUS or byte(text, at + 10) != _UPPER_T:
        return DOUBT
    if byte(text, at + 13) != _COLON or byte(text, at + 16) != _COLON:
        return DOUBT
    year = _two(text, at) * 100 + _two(text, at + 2)
    month, day = _two(text, at + 5), _two(text, at + 8)
    hour, minute, second = _two(text, at + 11), _two(text, at + 14), _two(text, at + 17)
    if not (year >= 1989 and 1 <= month <= 12 and 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return DOUBT
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day < 1 or day > _MONTH_DAYS[month - 1] + (1 if leap else 0):
        return DOUBT
    at += 19
    fraction = 0
    if byte(text, at) == _POINT:
        at += 1
        first = at
        while _ZERO <= byte(text, at) <= _NINE and at - first < 6:
            fraction = fraction * 10 + (byte(text, at) - _ZERO)
            at += 1
        if at == first:
            return DOUBT
        fraction *= _FRACTION[at - first]
        while _ZERO <= byte(text, at) <= _NINE:
            at += 1
    offset = _offset(text, at, end)
    if offset == _NO_OFFSET:
        return DOUBT
    result = ((_days(year, month, day) * 1440 + hour * 60 + minute) * 60 + second - offset) * 1_000_000 + fraction
    return result if EARLIEST <= result < LATEST else DOUBT
