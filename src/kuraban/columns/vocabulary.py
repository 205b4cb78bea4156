"""Keys and fixed words of the vocabulary as tables that compiled code can look words up in.

A line under scan becomes a row of cells (int64) and numbers (float64); `CELL_*` and `NUMBER_*` say what lies where.
A word in a text is one cell, `at << 32 | n`. Each key of a JSON object leads to a field: how its value is read, and
the cell it goes to.
"""

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.bytewise import Buffer, jit_inline, load64, signed
from kuraban.core import layout

(
    CELL_TIME,  # microseconds
    CELL_ID,  # from here to CELL_INSTRUMENT: words
    CELL_STAMP,  # the time as it was written
    CELL_ACCOUNT,
    CELL_SESSION,
    CELL_IP,
    CELL_AGENT,
    CELL_DEVICE,
    CELL_ORDER,
    CELL_DESTINATION,
    CELL_INSTRUMENT,
    CELL_TYPE,  # from here to CELL_NOTICE: codes
    CELL_CHANNEL,
    CELL_METHOD,
    CELL_SIDE,
    CELL_KIND,
    CELL_MARGIN,
    CELL_RECURRING,
    CELL_SETTING,
    CELL_TO,
    CELL_NOTICE,
    CELL_POSITIONS_AT,
    CELL_POSITIONS_N,  # -1: none given
    CELL_ABOUT_AT,
    CELL_ABOUT_N,
    CELL_LINE,  # number of the line in its source, from 1
    CELL_LINE_AT,
    CELL_LINE_END,  # where the newline lies
    CELL_STATUS,
) = range(29)
CELLS = 29

(
    NUMBER_QUANTITY,
    NUMBER_PRICE,
    NUMBER_NOTIONAL,
    NUMBER_AMOUNT,
    NUMBER_CASH,
    NUMBER_LINKED_CASH,
    NUMBER_MARGIN_POWER,
    NUMBER_RTT,
) = range(8)
NUMBERS = 8

MOST_NAME, MOST_TEXT = 128, 1024  # bytes here, characters in `events`: bytes are never fewer

# What a line turned out to be: read, or left to `events.decode`.
STATUS_READ, STATUS_DOUBT, STATUS_DROPPED = 0, 1, 2

# How a field's value is read.
(
    READ_NAME,  # text of 1..128 characters, required
    READ_WORD,  # text of at most 1024 characters
    READ_TEXT,  # the same, not kept
    READ_TYPE,  # a word of a fixed vocabulary, required
    READ_CODE,  # a word of a fixed vocabulary
    READ_OPEN_CODE,  # a word of a vocabulary that has a code for any other word
    READ_AMOUNT,  # a number, not negative
    READ_NUMBER,
    READ_FLAG,  # true or false
    READ_GROUP,  # an object
    READ_POSITIONS,
    READ_ABOUT,
    READ_TIME,  # required
) = range(13)

# Tables: first the objects, then the vocabularies.
(EVENT, CLIENT, AUTH, ORDER, CASH, SETTING, HOLDINGS, NOTICE, POSITION) = range(9)
(TYPES, CHANNELS, METHODS, SIDES, KINDS, SETTINGS, NOTICES, SWITCHES) = range(9, 17)

_Field = tuple[str, int, int, int]  # key, how it is read, cell or number or table of the group, vocabulary

FIELDS: dict[int, tuple[_Field, ...]] = {
    EVENT: (
        ("id", READ_NAME, CELL_ID, 0),
        ("time", READ_TIME, CELL_STAMP, 0),
        ("account", READ_NAME, CELL_ACCOUNT, 0),
        ("type", READ_TYPE, CELL_TYPE, TYPES),
        ("session", READ_WORD, CELL_SESSION, 0),
        ("client", READ_GROUP, CLIENT, 0),
        ("auth", READ_GROUP, AUTH, 0),
        ("order", READ_GROUP, ORDER, 0),
        ("cash", READ_GROUP, CASH, 0),
        ("setting", READ_GROUP, SETTING, 0),
        ("holdings", READ_GROUP, HOLDINGS, 0),
        ("notice", READ_GROUP, NOTICE, 0),
        ("about", READ_ABOUT, 0, 0),
    ),
    CLIENT: (
        ("ip", READ_WORD, CELL_IP, 0),
        ("user_agent", READ_WORD, CELL_AGENT, 0),
        ("device", READ_WORD, CELL_DEVICE, 0),
        ("channel", READ_CODE, CELL_CHANNEL, CHANNELS),
        ("rtt_ms", READ_AMOUNT, NUMBER_RTT, 0),
    ),
    AUTH: (("method", READ_CODE, CELL_METHOD, METHODS),),
    ORDER: (
        ("id", READ_WORD, CELL_ORDER, 0),
        ("instrument", READ_WORD, CELL_INSTRUMENT, 0),
        ("side", READ_CODE, CELL_SIDE, SIDES),
        ("kind", READ_CODE, CELL_KIND, KINDS),
        ("quantity", READ_AMOUNT, NUMBER_QUANTITY, 0),
        ("price", READ_AMOUNT, NUMBER_PRICE, 0),
        ("notional", READ_AMOUNT, NUMBER_NOTIONAL, 0),
        ("margin", READ_FLAG, CELL_MARGIN, 0),
        ("recurring", READ_FLAG, CELL_RECURRING, 0),
    ),
    CASH: (
        ("amount", READ_AMOUNT, NUMBER_AMOUNT, 0),
        ("destination", READ_WORD, CELL_DESTINATION, 0),
        ("source", READ_TEXT, 0, 0),
    ),
    SETTING: (("name", READ_CODE, CELL_SETTING, SETTINGS), ("to", READ_OPEN_CODE, CELL_TO, SWITCHES)),
    HOLDINGS: (
        ("cash", READ_NUMBER, NUMBER_CASH, 0),
        ("linked_cash", READ_AMOUNT, NUMBER_LINKED_CASH, 0),
        ("margin_power", READ_NUMBER, NUMBER_MARGIN_POWER, 0),
        ("positions", READ_POSITIONS, 0, 0),
    ),
    NOTICE: (("kind", READ_OPEN_CODE, CELL_NOTICE, NOTICES), ("channel", READ_TEXT, 0, 0)),
    # A position's two fields have no cells: the reader of positions keeps them in lists of their own.
    POSITION: (("instrument", READ_WORD, 0, 0), ("value", READ_NUMBER, 1, 0)),
}
REQUIRED = 0b1111  # the first four fields of an event

VOCABULARIES: dict[int, tuple[str, ...]] = {
    TYPES: layout.TYPES,
    CHANNELS: layout.CHANNELS,
    METHODS: layout.METHODS,
    SIDES: layout.SIDES,
    KINDS: layout.KINDS,
    SETTINGS: layout.SETTINGS,
    NOTICES: layout.NOTICES[:-1],
    SWITCHES: ("on", "off"),
}
# The code of a word that an open vocabulary does not have: one more than its last.
OTHER_CODE = {NOTICES: layout.NOTICE_OTHER, SWITCHES: layout.TO_OTHER}

_TABLE_SIZE = 64
_LONGEST = 24
_ZERO = np.uint64(0)
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_LOW = np.uint64(_TABLE_SIZE - 1)


def _parts(word: str) -> tuple[int, int, int]:
    """A word as the numbers that tell it apart: first, second and last eight bytes (0 where it is shorter)."""
    raw = word.encode()
    n = len(raw)
    first = int.from_bytes(raw[:8], "little")
    second = int.from_bytes(raw[8:16], "little") if n > 16 else 0
    last = int.from_bytes(raw[-8:], "little") if n >= 8 else 0
    return first, second, last


def _slot(first: int, last: int, n: int, shifts: tuple[int, int]) -> int:
    return (first ^ first >> shifts[0] ^ last >> shifts[1] ^ n) & (_TABLE_SIZE - 1)


def _shifts(words: list[str]) -> tuple[int, int]:
    """Two shifts under which no two words of a table fall into the same slot."""
    for a in range(1, 64):
        for b in range(64):
            slots = {_slot(_parts(word)[0], _parts(word)[2], len(word), (a, b)) for word in words}
            if len(slots) == len(words):
                return a, b
    raise ValueError(f"no shifts tell these words apart: {words}")


def field_value(position: int, how: int, cell: int, vocabulary: int) -> int:
    """A field packed into the number that `lookup` gives for its key; never 0."""
    return 1 << 28 | vocabulary << 20 | position << 16 | cell << 8 | how


def _contents() -> dict[int, list[tuple[str, int]]]:
    tables = {
        table: [(field[0], field_value(i, *field[1:])) for i, field in enumerate(fields)]
        for table, fields in FIELDS.items()
    }
    words = {table: [(word, i + 1) for i, word in enumerate(words)] for table, words in VOCABULARIES.items()}
    return tables | words


def _build() -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint64]]:
    contents = _contents()
    parts = np.zeros((len(contents), _TABLE_SIZE, 3), dtype=np.uint64)
    values = np.zeros((len(contents), _TABLE_SIZE, 2), dtype=np.int64)
    shifts = np.zeros((len(contents), 2), dtype=np.uint64)
    for table, entries in contents.items():
        shifts[table] = pair = _shifts([word for word, _ in entries])
        for word, value in entries:
            first, second, last = _parts(word)
            slot = _slot(first, last, len(word), pair)
            parts[table, slot] = first, second, last
            values[table, slot] = len(word), value
    return parts, values, shifts


_PARTS, _VALUES, _SHIFTS = _build()


@jit_inline
def lookup(table: int, text: Buffer, at: int, n: int) -> int:
    """What `table` has for the word `text[at : at + n]`: a field, or a code from 1; 0 where it does not have it."""
    if n == 0 or n > _LONGEST:
        return 0
    first = load64(text, at)
    last = _ZERO
    if n < 8:
        first &= ~(_ALL << np.uint64(8 * n))
    else:
        last = load64(text, at + n - 8)
    slot = signed((first ^ first >> _SHIFTS[table, 0] ^ last >> _SHIFTS[table, 1] ^ np.uint64(n)) & _LOW)
    if _VALUES[table, slot, 0] != n or _PARTS[table, slot, 0] != first or _PARTS[table, slot, 2] != last:
        return 0
    if n > 16 and _PARTS[table, slot, 1] != load64(text, at + 8):
        return 0
    return signed(_VALUES[table, slot, 1])
