"""An address in text → its 128 bits, its hashes, and where it belongs.

IPv4 is a strict dotted quad; IPv6 is RFC 4291 section 2.2 in all three forms, without zone. An IPv4-mapped IPv6
address is the IPv4 address. What cannot be read as an address is still told apart from others by a hash of its text.
"""

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.bytewise import Buffer, byte, jit_inline, signed
from kuraban.columns.hashing import SECOND_SEED, SEED, hash_bytes, hash_pair
from kuraban.core.jit import jit
from kuraban.reference.networks import Tables, locate

_SEED, _NET_SEED = np.uint64(SEED), np.uint64(SECOND_SEED)
_ZERO, _16, _32, _48 = np.uint64(0), np.uint64(16), np.uint64(32), np.uint64(48)
_MAPPED = np.uint64(0xFFFF << 32)  # the lower half of ::ffff:0:0
_LOW_32 = np.uint64(0xFFFF_FFFF)
_UNKNOWN_ASN = np.uint64(1 << 31)
_ASN_HASH = np.uint64((1 << 31) - 1)
_POINT, _COLON = ord("."), ord(":")

# What `find_place` remembers, one row an address: hash of its text, hash of the address, of its network, place.
CACHE_ROWS = 1 << 15


def place_cache() -> NDArray[np.uint64]:
    """An empty memory for `find_place`; it only ever saves time."""
    return np.zeros((CACHE_ROWS, 4), dtype=np.uint64)


@jit
def _dotted_quad(text: Buffer, at: int, end: int) -> int:
    """The 32 bits of an IPv4 address, -1 where it is none. Leading zeros are refused: some read them as octal."""
    result = 0
    for part in range(4):
        value = 0
        first = at
        while at < end and 48 <= byte(text, at) <= 57 and at - first < 3:
            value = value * 10 + byte(text, at) - 48
            at += 1
        n = at - first
        if n == 0 or value > 255 or (n > 1 and byte(text, first) == 48):
            return -1
        result = result << 8 | value
        if part < 3:
            if at >= end or byte(text, at) != _POINT:
                return -1
            at += 1
    return result if at == end else -1


@jit
def _hex_digit(c: int) -> int:
    if 48 <= c <= 57:
        return c - 48
    if 97 <= c <= 102:
        return c - 87
    if 65 <= c <= 70:
        return c - 55
    return -1


@jit
def _groups(text: Buffer, at: int, end: int, groups: NDArray[np.int64]) -> tuple[int, int]:
    """The 16-bit groups of an IPv6 address into `groups`: (how many, which one `::` comes before, -1 for none).

    The count is -1 where the text is no IPv6 address.
    """
    count = 0
    gap = -1
    if at + 1 < end and byte(text, at) == _COLON and byte(text, at + 1) == _COLON:
        gap = 0
        at += 2
    while at < end:
        first = at
        value = 0
        while at < end and at - first < 4 and _hex_digit(byte(text, at)) >= 0:
            value = value << 4 | _hex_digit(byte(text, at))
            at += 1
        if at < end and byte(text, at) == _POINT:
            quad = _dotted_quad(text, first, end)
            if quad < 0 or count > 6:
                return -1, gap
            groups[count] = quad >> 16
            groups[count + 1] = quad & 0xFFFF
            return count + 2, gap
        if at == first or count == 8:
            return -1, gap
        groups[count] = value
        count += 1
        if at == end:
            return count, gap
        if byte(text, at) != _COLON or at + 1 == end:
            return -1, gap
        at += 1
        if byte(text, at) == _COLON:
            if gap >= 0:
                return -1, gap
            gap = count
            at += 1
    return count, gap


@jit
def parse_address(text: Buffer, at: int, n: int) -> tuple[int, np.uint64, np.uint64]:
    """The address `text[at : at + n]`: (4, 6 or 0 where it is none, upper 64 bits, lower 64 bits)."""
    quad = _dotted_quad(text, at, at + n)
    if quad >= 0:
        return 4, _ZERO, np.uint64(quad)
    groups = np.zeros(8, dtype=np.int64)
    count, gap = _groups(text, at, at + n, groups)
    # `::` stands for at least one group of zeros.
    if count < 0 or (gap < 0 and count != 8) or (gap >= 0 and count > 7):
        return 0, _ZERO, _ZERO
    hi, lo = _ZERO, _ZERO
    for i in range(8):
        value = 0
        if gap < 0 or i < gap:
            value = groups[i]
        elif i >= gap + 8 - count:
            value = groups[i - (8 - count)]
        if i < 4:
            hi = hi << _16 | np.uint64(value)
        else:
            lo = lo << _16 | np.uint64(value)
    if hi == _ZERO and lo >> _32 == np.uint64(0xFFFF):
        return 4, _ZERO, lo & _LOW_32
    return 6, hi, lo


@jit
def _look_up(text: Buffer, at: int, n: int, tables: Tables, entry: NDArray[np.uint64]) -> None:
    version, hi, lo = parse_address(text, at, n)
    if version == 0:
        entry[1] = entry[0]
        entry[2] = _ZERO
        entry[3] = _ZERO
        return
    asn, country, flags = locate(tables, hi, lo, version == 6)
    if version == 4:
        entry[1] = hash_pair(_ZERO, _MAPPED | lo, _SEED)
        entry[2] = hash_pair(_ZERO, _MAPPED | (lo >> np.uint64(8) << np.uint64(8)), _NET_SEED)
        wide = hash_pair(_ZERO, _MAPPED | (lo >> _16 << _16), _NET_SEED)
    else:
        entry[1] = hash_pair(hi, lo, _SEED)
        entry[2] = hash_pair(hi >> _16 << _16, _ZERO, _NET_SEED)
        wide = hash_pair(hi >> _32 << _32, _ZERO, _NET_SEED)
    system = np.uint64(asn)
    if system == _ZERO:
        system = _UNKNOWN_ASN + (wide & _ASN_HASH)
    entry[3] = np.uint64(flags) << _48 | np.uint64(country) << _32 | system


@jit_inline
def find_place(text: Buffer, at: int, n: int, tables: Tables, cache: NDArray[np.uint64]) -> int:
    """The row of `cache` that tells of the address `text[at : at + n]`, looked up where it is not there yet.

    Columns: hash of the text, of the address, of its /24 or /48 (0 where it is no address), and flags << 48 |
    country << 32 | system, where an unknown system is 2**31 + 31 bits of a hash of the /16 or /32.
    """
    h = hash_bytes(text, at, n, _SEED)
    row = signed(h & np.uint64(len(cache) - 1))
    if cache[row, 0] != h:
        cache[row, 0] = h
        _look_up(text, at, n, tables, cache[row])
    return row
