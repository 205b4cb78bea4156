"""The two lists of an event, its positions and the ids it is about, read where they lie."""

import numpy as np

from kuraban.columns.bytewise import Buffer, byte, from_item, get, put, put_number
from kuraban.columns.literals import DOUBT, QUOTE, blank, number, string_end
from kuraban.columns.skipping import CLOSE, CLOSE_LIST, COLON, COMMA, OPEN, OPEN_LIST, null, skip
from kuraban.columns.vocabulary import (
    CELL_ABOUT_AT,
    CELL_ABOUT_N,
    CELL_POSITIONS_AT,
    CELL_POSITIONS_N,
    MOST_NAME,
    MOST_TEXT,
    POSITION,
    READ_NUMBER,
    lookup,
)
from kuraban.core.jit import jit

# Instruments and values of positions, ids: as `scanning.Lists` has them, and how many each list has room for.
OpenLists = tuple[Buffer, Buffer, Buffer, Buffer, int]

FULL = -2  # the lists have no room for all that a line says


@jit
def _position(text: Buffer, at: int, words: Buffer, values: Buffer) -> int:
    """One position at `at`, behind its opening brace, into the first item of `words` and `values`."""
    put(words, 0, 0)
    put_number(values, 0, np.nan)
    seen = 0
    at = blank(text, at)
    if byte(text, at) == CLOSE:
        return at + 1
    while True:
        if byte(text, at) != QUOTE:
            return DOUBT
        end = string_end(text, at + 1)
        if end < 0:
            return DOUBT
        field = lookup(POSITION, text, at + 1, end - at - 1)
        at = blank(text, end + 1)
        if byte(text, at) != COLON:
            return DOUBT
        at = blank(text, at + 1)
        if field == 0:
            at = skip(text, at)
        elif seen & 1 << (field >> 16 & 0xF):
            return DOUBT
        elif field & 0xFF == READ_NUMBER:
            if null(text, at):
                at += 4
            else:
                value, at = number(text, at)
                put_number(values, 0, value + 0.0)
        elif byte(text, at) == QUOTE:
            end = string_end(text, at + 1)
            if end < 0 or end - at - 1 > MOST_TEXT:
                return DOUBT
            put(words, 0, (at + 1) << 32 | (end - at - 1))
            at = end + 1
        else:
            at = at + 4 if null(text, at) else DOUBT
        if at < 0:
            return DOUBT
        if field != 0:
            seen |= 1 << (field >> 16 & 0xF)
        at = blank(text, at)
        if byte(text, at) == CLOSE:
            return at + 1
        if byte(text, at) != COMMA:
            return DOUBT
        at = blank(text, at + 1)


@jit
def positions(text: Buffer, at: int, cells: Buffer, lists: OpenLists) -> int:
    """Behind the list of positions at `at`, `DOUBT` or `FULL`."""
    words, values, _, used, room = lists
    if null(text, at):
        return at + 4
    if byte(text, at) != OPEN_LIST:
        return DOUBT
    first = count = get(used, 0)
    put(cells, CELL_POSITIONS_AT, first)
    put(cells, CELL_POSITIONS_N, 0)
    at = blank(text, at + 1)
    if byte(text, at) == CLOSE_LIST:
        return at + 1
    while True:
        if count == room:
            return FULL
        if byte(text, at) != OPEN:
            return DOUBT
        at = _position(text, at + 1, from_item(words, count), from_item(values, count))
        if at < 0:
            return DOUBT
        count += 1
        at = blank(text, at)
        if byte(text, at) == CLOSE_LIST:
            put(cells, CELL_POSITIONS_N, count - first)
            put(used, 0, count)
            return at + 1
        if byte(text, at) != COMMA:
            return DOUBT
        at = blank(text, at + 1)


@jit
def about(text: Buffer, at: int, cells: Buffer, lists: OpenLists) -> int:
    """Behind the list of ids at `at`, `DOUBT` or `FULL`."""
    _, _, words, used, room = lists
    if null(text, at):
        return at + 4
    if byte(text, at) != OPEN_LIST:
        return DOUBT
    first = count = get(used, 1)
    put(cells, CELL_ABOUT_AT, first)
    at = blank(text, at + 1)
    if byte(text, at) == CLOSE_LIST:
        return at + 1
    while True:
        if count == room:
            return FULL
        if byte(text, at) != QUOTE:
            return DOUBT
        end = string_end(text, at + 1)
        if end < 0 or not 0 < end - at - 1 <= MOST_NAME:
            return DOUBT
        put(words, count, (at + 1) << 32 | (end - at - 1))
        count += 1
        at = blank(text, end + 1)
        if byte(text, at) == CLOSE_LIST:
            put(cells, CELL_ABOUT_N, count - first)
            put(used, 1, count)
            return at + 1
        if byte(text, at) != COMMA:
            return DOUBT
        at = blank(text, at + 1)
