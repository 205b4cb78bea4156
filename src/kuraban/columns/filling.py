"""Cells → rows: hashing what is only compared, interning what has no end, copying the rest.

Each function here makes one pass over the lines that were kept, in the order they came.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.addresses import find_place
from kuraban.columns.bytewise import Buffer, Bytes, buffer, copy, jit_inline
from kuraban.columns.hashing import SECOND_SEED, SEED, hash_bytes
from kuraban.columns.interning import Arrays, Open, intern, opened
from kuraban.columns.scanning import Cells, Lists, Numbers
from kuraban.columns.vocabulary import (
    CELL_ABOUT_AT,
    CELL_ABOUT_N,
    CELL_ACCOUNT,
    CELL_AGENT,
    CELL_CHANNEL,
    CELL_DESTINATION,
    CELL_DEVICE,
    CELL_ID,
    CELL_INSTRUMENT,
    CELL_IP,
    CELL_KIND,
    CELL_MARGIN,
    CELL_METHOD,
    CELL_NOTICE,
    CELL_ORDER,
    CELL_POSITIONS_AT,
    CELL_POSITIONS_N,
    CELL_RECURRING,
    CELL_SESSION,
    CELL_SETTING,
    CELL_SIDE,
    CELL_STAMP,
    CELL_TIME,
    CELL_TO,
    CELL_TYPE,
    NUMBER_AMOUNT,
    NUMBER_CASH,
    NUMBER_LINKED_CASH,
    NUMBER_MARGIN_POWER,
    NUMBER_NOTIONAL,
    NUMBER_PRICE,
    NUMBER_QUANTITY,
    NUMBER_RTT,
)
from kuraban.columns.zones import step_at, week_minute
from kuraban.core.jit import jit
from kuraban.reference.networks import Tables

Kept = NDArray[np.int64]  # which rows of the cells, ascending
U64 = NDArray[np.uint64]

(
    NEED_ACCOUNT_BYTES,
    NEED_AGENT_BYTES,
    NEED_INSTRUMENT_BYTES,
    NEED_WORD_BYTES,
    NEED_POSITIONS,
    NEED_ABOUT,
) = range(6)

_SEED, _SECOND = np.uint64(SEED), np.uint64(SECOND_SEED)
_ZERO, _32, _48 = np.uint64(0), np.uint64(32), np.uint64(48)
_LOW_16, _LOW_32 = np.uint64(0xFFFF), np.uint64(0xFFFF_FFFF)


@jit_inline
def _hash(text: Buffer, word: int) -> np.uint64:
    """The hash of a word, 0 where it is absent or empty."""
    n = word & 0xFFFF_FFFF
    return hash_bytes(text, word >> 32, n, _SEED) if n else _ZERO


@jit
def measure(cells: Cells, kept: Kept, lists: Lists, needs: Kept) -> None:
    """How much room the rows need at most, added to `needs`; see `NEED_*` for what lies where in it."""
    words = lists[0]
    for i in range(len(kept)):
        cell = cells[kept[i]]
        needs[NEED_ACCOUNT_BYTES] += cell[CELL_ACCOUNT] & 0xFFFF_FFFF
        needs[NEED_AGENT_BYTES] += cell[CELL_AGENT] & 0xFFFF_FFFF
        needs[NEED_INSTRUMENT_BYTES] += cell[CELL_INSTRUMENT] & 0xFFFF_FFFF
        needs[NEED_WORD_BYTES] += (cell[CELL_ID] & 0xFFFF_FFFF) + (cell[CELL_STAMP] & 0xFFFF_FFFF)
        needs[NEED_ABOUT] += cell[CELL_ABOUT_N]
        if cell[CELL_POSITIONS_N] > 0:
            needs[NEED_POSITIONS] += cell[CELL_POSITIONS_N]
            for j in range(cell[CELL_POSITIONS_AT], cell[CELL_POSITIONS_AT] + cell[CELL_POSITIONS_N]):
                needs[NEED_INSTRUMENT_BYTES] += words[j] & 0xFFFF_FFFF


@jit
def hash_ids(block: Bytes, cells: Cells, kept: Kept, ids: U64) -> None:
    """Both hashes of each event's id into `ids` (uint64[n, 2])."""
    text = buffer(block)
    for i in range(len(kept)):
        word = cells[kept[i], CELL_ID]
        ids[i, 0] = hash_bytes(text, word >> 32, word & 0xFFFF_FFFF, _SEED)
        ids[i, 1] = hash_bytes(text, word >> 32, word & 0xFFFF_FFFF, _SECOND)


@jit
def intern_agents(block: Bytes, cells: Cells, kept: Kept, agents: Arrays, codes: NDArray[np.int64], rows: Any) -> None:
    """The user agents' hashes into `rows`, their codes among `agents` into `codes`, -1 where there is none."""
    text, names = buffer(block), opened(agents)
    for i in range(len(kept)):
        word = cells[kept[i], CELL_AGENT]
        h = _hash(text, word)
        rows[i]["ua"] = h
        codes[i] = -1
        if h != _ZERO:
            codes[i] = intern(names, text, word >> 32, word & 0xFFFF_FFFF, h)


@jit
def fill_agents(codes: NDArray[np.int64], known: NDArray[np.int64], rows: Any) -> None:
    """What is known of each user agent: `known` is int64[n, 5], the columns of `Clients.describe`."""
    for i in range(len(codes)):
        row = rows[i]
        code = codes[i]
        row["browser"] = known[code, 0] if code >= 0 else 0
        row["browser_version"] = known[code, 1] if code >= 0 else 0
        row["os"] = known[code, 2] if code >= 0 else 0
        row["device_class"] = known[code, 3] if code >= 0 else 0
        row["client_flags"] = known[code, 4] if code >= 0 else 0


@jit
def fill_codes(cells: Cells, numbers: Numbers, kept: Kept, times: NDArray[np.int64], offsets: Kept, rows: Any) -> None:
    """Times, fixed words and numbers. times, offsets: the broker's time zone, see `zones.offset_steps`."""
    step = 0
    for i in range(len(kept)):
        row = rows[i]
        cell = cells[kept[i]]
        number = numbers[kept[i]]
        time = cell[CELL_TIME]
        step = step_at(times, time, step)
        row["time"] = time
        row["week_minute"] = week_minute(time, offsets[step])
        row["type"] = cell[CELL_TYPE]
        row["channel"] = cell[CELL_CHANNEL]
        row["method"] = cell[CELL_METHOD]
        row["side"] = cell[CELL_SIDE]
        row["kind"] = cell[CELL_KIND]
        row["margin"] = cell[CELL_MARGIN]
        row["recurring"] = cell[CELL_RECURRING]
        row["setting"] = cell[CELL_SETTING]
        row["to"] = cell[CELL_TO]
        row["notice"] = cell[CELL_NOTICE]
        row["quantity"] = number[NUMBER_QUANTITY]
        row["price"] = number[NUMBER_PRICE]
        row["notional"] = number[NUMBER_NOTIONAL]
        row["amount"] = number[NUMBER_AMOUNT]
        row["cash"] = number[NUMBER_CASH]
        row["linked_cash"] = number[NUMBER_LINKED_CASH]
        row["margin_power"] = number[NUMBER_MARGIN_POWER]
        row["rtt_ms"] = number[NUMBER_RTT]


@jit
def fill_names(block: Bytes, cells: Cells, kept: Kept, accounts: Arrays, rows: Any) -> None:
    """What is only compared, and the accounts."""
    text, names = buffer(block), opened(accounts)
    for i in range(len(kept)):
        row = rows[i]
        cell = cells[kept[i]]
        row["session"] = _hash(text, cell[CELL_SESSION])
        row["device"] = _hash(text, cell[CELL_DEVICE])
        row["order"] = _hash(text, cell[CELL_ORDER])
        row["destination"] = _hash(text, cell[CELL_DESTINATION])
        word = cell[CELL_ACCOUNT]
        row["account"] = intern(names, text, word >> 32, word & 0xFFFF_FFFF, _hash(text, word))


@jit_inline
def _instrument(text: Buffer, word: int, instruments: Open) -> int:
    h = _hash(text, word)
    if h == _ZERO:
        return -1
    return intern(instruments, text, word >> 32, word & 0xFFFF_FFFF, h)


@jit
def fill_places(block: Bytes, cells: Cells, kept: Kept, tables: Tables, cache: U64, rows: Any) -> None:
    """Addresses, networks, countries. tables: `Networks.tables`. cache: `addresses.place_cache()`."""
    text = buffer(block)
    for i in range(len(kept)):
        row = rows[i]
        word = cells[kept[i], CELL_IP]
        n = word & 0xFFFF_FFFF
        ip = net = place = _ZERO
        if n:
            at = find_place(text, word >> 32, n, tables, cache)
            ip, net, place = cache[at, 1], cache[at, 2], cache[at, 3]
        row["ip"] = ip
        row["net"] = net
        row["asn"] = place & _LOW_32
        row["country"] = place >> _32 & _LOW_16
        row["net_flags"] = place >> _48


@jit
def fill_words(
    block: Bytes, cells: Cells, kept: Kept, ids: U64, seq: int, words: Bytes, at: int, spans: Any, rows: Any
) -> int:
    """Ids and times as they were written into `words` from `at` on, and where they lie; the end of what was written."""
    text, target = buffer(block), buffer(words)
    for i in range(len(kept)):
        rows[i]["id"] = ids[i, 0]
        rows[i]["seq"] = seq + i
        span = spans[i]
        word = cells[kept[i], CELL_ID]
        span["id_at"] = at
        span["id_n"] = word & 0xFFFF_FFFF
        at = copy(text, word >> 32, word & 0xFFFF_FFFF, target, at)
        word = cells[kept[i], CELL_STAMP]
        span["time_at"] = at
        span["time_n"] = word & 0xFFFF_FFFF
        at = copy(text, word >> 32, word & 0xFFFF_FFFF, target, at)
    return at


@jit
def fill_lists(
    block: Bytes,
    cells: Cells,
    kept: Kept,
    lists: Lists,
    instruments: Arrays,
    positions: Any,
    positions_at: int,
    about: U64,
    about_at: int,
    rows: Any,
) -> None:
    """Instruments, positions and the ids an event is about; lists are appended from `positions_at` and `about_at` on.

    Both places that name instruments are read event by event, so that codes do not depend on where a batch ends.
    """
    text, names = buffer(block), opened(instruments)
    instrument_words, values, about_words, _ = lists
    for i in range(len(kept)):
        row = rows[i]
        cell = cells[kept[i]]
        row["instrument"] = _instrument(text, cell[CELL_INSTRUMENT], names)
        row["positions_at"] = positions_at
        row["positions_n"] = cell[CELL_POSITIONS_N]
        for j in range(cell[CELL_POSITIONS_AT], cell[CELL_POSITIONS_AT] + cell[CELL_POSITIONS_N]):
            positions[positions_at]["value"] = values[j]
            positions[positions_at]["instrument"] = _instrument(text, instrument_words[j], names)
            positions_at += 1
        row["about_at"] = about_at
        row["about_n"] = cell[CELL_ABOUT_N]
        for j in range(cell[CELL_ABOUT_AT], cell[CELL_ABOUT_AT] + cell[CELL_ABOUT_N]):
            about[about_at] = _hash(text, about_words[j])
            about_at += 1
