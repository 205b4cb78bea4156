"""JSON that nobody asks for: values of any shape are stepped over, if they are what they seem to be."""

import numpy as np

from kuraban.columns.bytewise import Buffer, byte, jit_inline, load64
from kuraban.columns.literals import DOUBT, QUOTE, blank, number, string_end
from kuraban.core.jit import jit

COMMA, COLON = ord(","), ord(":")
OPEN, CLOSE, OPEN_LIST, CLOSE_LIST = ord("{"), ord("}"), ord("["), ord("]")

_DEEPEST = 16


def _word(word: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(word, "little"))


_NULL, _TRUE, _FALSE = _word(b"null"), _word(b"true"), _word(b"false")
_FOUR, _FIVE = _word(b"\xff" * 4), _word(b"\xff" * 5)


@jit_inline
def null(text: Buffer, at: int) -> bool:
    """Whether `null` stands at `at`."""
    return bool(load64(text, at) & _FOUR == _NULL)


@jit_inline
def true(text: Buffer, at: int) -> bool:
    """Whether `true` stands at `at`."""
    return bool(load64(text, at) & _FOUR == _TRUE)


@jit_inline
def false(text: Buffer, at: int) -> bool:
    """Whether `false` stands at `at`."""
    return bool(load64(text, at) & _FIVE == _FALSE)


@jit
def _skip_scalar(text: Buffer, at: int) -> int:
    if byte(text, at) == QUOTE:
        end = string_end(text, at + 1)
        return end + 1 if end >= 0 else DOUBT
    if null(text, at) or true(text, at):
        return at + 4
    if false(text, at):
        return at + 5
    return number(text, at)[1]


@jit
def _skip_key(text: Buffer, at: int) -> int:
    """Behind the colon of a key that nobody asks for."""
    if byte(text, at) != QUOTE:
        return DOUBT
    at = string_end(text, at + 1)
    if at < 0:
        return DOUBT
    at = blank(text, at + 1)
    return blank(text, at + 1) if byte(text, at) == COLON else DOUBT


@jit
def skip(text: Buffer, at: int) -> int:
    """Behind a value of any shape that nobody asks for; `objects` remembers, a bit a level, what is an object."""
    depth = 0
    objects = 0
    while True:
        opened = byte(text, at) == OPEN or byte(text, at) == OPEN_LIST
        if opened:
            depth += 1
            if depth > _DEEPEST:
                return DOUBT
            is_object = byte(text, at) == OPEN
            objects = objects << 1 | (1 if is_object else 0)
            at = blank(text, at + 1)
            opened = byte(text, at) != (CLOSE if is_object else CLOSE_LIST)
            if opened and is_object:
                at = _skip_key(text, at)
        else:
            at = _skip_scalar(text, at)
        if at < 0:
            return DOUBT
        while not opened and depth > 0:
            at = blank(text, at)
            is_object = objects & 1 == 1
            if byte(text, at) == COMMA:
                at = blank(text, at + 1)
                if is_object:
                    at = _skip_key(text, at)
                break
            if byte(text, at) != (CLOSE if is_object else CLOSE_LIST):
                return DOUBT
            at += 1
            objects >>= 1
            depth -= 1
        if at < 0 or (depth == 0 and not opened):
            return at
