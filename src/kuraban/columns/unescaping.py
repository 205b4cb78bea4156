"""Strings with escapes, written out behind the lines: many writers of JSON escape `/`, or all that is not ASCII."""

from kuraban.columns.bytewise import Buffer, byte, copy, plain, put_byte
from kuraban.columns.literals import DOUBT, QUOTE, character
from kuraban.core.jit import jit

_BACKSLASH, _U = ord("\\"), ord("u")
_B, _F, _N, _R, _T = (ord(c) for c in "bfnrt")
_SLASH = ord("/")
_LONGEST_STEP = 40  # bytes that one step may write: a window, and what `copy` writes too much


@jit
def _hex(text: Buffer, at: int) -> int:
    """Four hexadecimal digits, below zero where they are none."""
    value = 0
    for i in range(4):
        c = byte(text, at + i)
        if 48 <= c <= 57:
            value = value << 4 | (c - 48)
        elif 97 <= c <= 102 or 65 <= c <= 70:
            value = value << 4 | ((c | 32) - 87)
        else:
            return DOUBT
    return value


@jit
def _short(c: int) -> int:
    """The character that a backslash and one other stand for, below zero for none."""
    if c in (QUOTE, _BACKSLASH, _SLASH):
        return c
    if c == _N:
        return 10
    if c == _T:
        return 9
    if c == _R:
        return 13
    if c == _B:
        return 8
    return 12 if c == _F else DOUBT


@jit
def _put_character(text: Buffer, to: int, code: int) -> int:
    """Write a character as UTF-8; behind it."""
    if code < 0x80:
        put_byte(text, to, code)
        return to + 1
    n = 1 if code < 0x800 else 2 if code < 0x10000 else 3
    lead = 0xC0 if n == 1 else 0xE0 if n == 2 else 0xF0
    put_byte(text, to, lead | code >> 6 * n)
    for i in range(n):
        put_byte(text, to + 1 + i, 0x80 | (code >> 6 * (n - 1 - i) & 0x3F))
    return to + n + 1


@jit
def unescape(text: Buffer, at: int, to: int, limit: int) -> tuple[int, int]:
    """Write the string whose first character is at `at` out to `to`, which has room up to `limit`.

    Returns (its closing quote, the end of what was written); `DOUBT` for the former where it is none, or too long.
    """
    while to + _LONGEST_STEP <= limit:
        n = plain(text, at)
        to = copy(text, at, n, text, to)
        at += n
        c = byte(text, at)
        if c == QUOTE:
            return at, to
        if c >= 0x80:
            n = character(text, at)
            if n == DOUBT:
                return DOUBT, to
            to = copy(text, at, n, text, to)
            at += n
        elif c == _BACKSLASH:
            if byte(text, at + 1) == _U:
                code = _hex(text, at + 2)
                at += 6
                if 0xD800 <= code <= 0xDBFF and byte(text, at) == _BACKSLASH and byte(text, at + 1) == _U:
                    low = _hex(text, at + 2)
                    at += 6
                    code = 0x10000 + (code - 0xD800 << 10) + (low - 0xDC00) if 0xDC00 <= low <= 0xDFFF else DOUBT
                if code < 0 or 0xD800 <= code <= 0xDFFF:
                    return DOUBT, to
            else:
                code = _short(byte(text, at + 1))
                at += 2
                if code < 0:
                    return DOUBT, to
            to = _put_character(text, to, code)
        elif n == 0:
            return DOUBT, to
    return DOUBT, to
