"""Address → autonomous system, country and kind of network, offline.

The package carries one table compiled from public data (`tools/build_networks.py`; sources and licences in NOTICE).
An operator may bring a MaxMind-format file instead; whatever it does not say is filled from the shipped table.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kuraban.core.jit import jit
from kuraban.core.layout import NET_HOSTING, NET_PRIVATE
from kuraban.reference import operators, shipped
from kuraban.reference.mmdb import read_mmdb
from kuraban.reference.ranges import SPECIAL_V4, SPECIAL_V6, Columns, complete, overlay

_ASN_BITS = np.uint64(0xFFFF_FFFF)
_LOW_HALF = np.uint64(0xFFFF_FFFF)
_TRANSLATED = np.uint64(0x0064_FF9B_0000_0000)  # 64:ff9b::/96, RFC 6052
_SIX_TO_FOUR = np.uint64(0x2002)  # 2002::/16, RFC 3056
_FLAG_SHIFT = np.uint64(48)
_PRIVATE_RANGE = np.uint64(NET_PRIVATE << 48)

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Starts = U32 | U64
Tables = tuple[NDArray[np.int32], U32, U64, NDArray[np.int32], U64, U64]


class Place(NamedTuple):
    """What is known of one address."""

    asn: int
    country: int
    flags: int


@jit
def _step(first: NDArray[np.int32], starts: Starts, values: U64, address: np.uint64, bucket: np.uint64) -> np.uint64:
    # The range that holds the bucket's first address may have begun before it: `first` points at that one.
    low = np.int64(first[bucket])
    high = np.int64(first[bucket + np.uint64(1)])
    while low < high:
        middle = (low + high + 1) >> 1
        if starts[middle] <= address:
            low = middle
        else:
            high = middle - 1
    found: np.uint64 = values[low]
    return found


@jit
def _value(tables: Tables, hi: np.uint64, lo: np.uint64, v6: bool) -> np.uint64:
    first4, starts4, values4, first6, starts6, values6 = tables
    hi = np.uint64(hi)
    lo = np.uint64(lo)
    four = lo & _LOW_HALF
    if v6:
        upper = lo >> np.uint64(32)
        if hi == np.uint64(0) and upper == np.uint64(0xFFFF):  # ::ffff:a.b.c.d
            return _step(first4, starts4, values4, four, four >> np.uint64(16))
        if hi == np.uint64(0) and lo == np.uint64(1):  # ::1
            return _PRIVATE_RANGE
        if hi == _TRANSLATED and upper == np.uint64(0):
            return _step(first4, starts4, values4, four, four >> np.uint64(16))
        if hi >> np.uint64(48) == _SIX_TO_FOUR:
            four = (hi >> np.uint64(16)) & _LOW_HALF
            return _step(first4, starts4, values4, four, four >> np.uint64(16))
        return _step(first6, starts6, values6, hi, hi >> np.uint64(48))
    return _step(first4, starts4, values4, four, four >> np.uint64(16))


@jit
def locate(tables: Tables, hi: np.uint64, lo: np.uint64, v6: bool) -> tuple[np.uint32, np.uint16, np.uint8]:
    """Autonomous system, country and `NET_*` flags of an address.

    tables: `Networks.tables`. hi, lo: the address's upper and lower 64 bits; an IPv4 address is the lower 32 bits of
    `lo`. v6: which of the two it is. IPv4 carried inside IPv6 (mapped, NAT64, 6to4) is looked up as IPv4.
    Returns (asn, country as two ASCII letters with the high byte first, flags); 0 is unknown.
    """
    value = _value(tables, hi, lo, v6)
    return (
        np.uint32(value & _ASN_BITS),
        np.uint16((value >> np.uint64(32)) & np.uint64(0xFFFF)),
        np.uint8((value >> _FLAG_SHIFT) & np.uint64(0xFF)),
    )


class Networks:
    """The table in use: `tables` for `locate`, `sources` for its origin, names for the words of a reason."""

    def __init__(self, tables: Tables, sources: Mapping[str, str], names: Mapping[int, str] | None = None):
        self.tables = tables
        self.sources = dict(sources)
        self._own_names = dict(names or {})

    @classmethod
    def load(cls, path: str | Path | None = None, *, hosting_asns: Iterable[int] = ()) -> "Networks":
        """The shipped table, or a MaxMind-format file completed by it.

        path: an .mmdb file with country and/or ASN records. hosting_asns: further autonomous systems whose addresses
        get `NET_HOSTING`. Raises `NetworkTableError` where the file cannot be used.
        """
        v4, v6, by_name, sources = shipped.read_table()
        names: dict[int, str] = {}
        if path is not None:
            own4, own6, names, kind = read_mmdb(Path(path))
            v4, v6 = complete(own4, v4), complete(own6, v6)
            by_name = by_name | {asn: operators.flags_of_name(name) for asn, name in names.items()}
            sources = {**sources, str(path): kind}
        flags = _flag_table(by_name, hosting_asns)
        return cls((*_tables(v4, flags, 32), *_tables(v6, flags, 64)), sources, names)

    def find(self, address: str) -> Place:
        """`locate` for an address in text; raises ValueError where it is none."""
        parsed = ipaddress.ip_address(address)
        number = int(parsed)
        asn, country, flags = locate(
            self.tables, np.uint64(number >> 64), np.uint64(number & 0xFFFF_FFFF_FFFF_FFFF), parsed.version == 6
        )
        return Place(int(asn), int(country), int(flags))

    def organisation(self, asn: int) -> str | None:
        """The registered name of an autonomous system, None where it is unknown."""
        return self._own_names.get(asn) or self._shipped_names.get(asn)

    @cached_property
    def _shipped_names(self) -> dict[int, str]:
        return shipped.read_names()


def _flag_table(by_name: Mapping[int, int], hosting: Iterable[int]) -> tuple[U32, NDArray[np.uint8]]:
    """Autonomous systems that have flags, ascending, and the flags of each."""
    flags = dict(by_name)
    for asn in operators.CURATED:
        flags[asn] = flags.get(asn, 0) | operators.flags_of(asn)
    for asn in hosting:
        flags[asn] = flags.get(asn, 0) | NET_HOSTING
    order = sorted(asn for asn in flags if flags[asn])
    return np.array(order, dtype=np.uint32), np.array([flags[asn] for asn in order], dtype=np.uint8)


def _tables(
    columns: Columns, flagged: tuple[U32, NDArray[np.uint8]], bits: int
) -> tuple[NDArray[np.int32], NDArray[Any], U64]:
    """A first-level index by the upper 16 bits, the starts, and (flags, country, asn) packed into one word."""
    asns, flags = flagged
    at = np.minimum(np.searchsorted(asns, columns.asn), len(asns) - 1)
    values = columns.asn.astype(np.uint64)
    values |= columns.country.astype(np.uint64) << np.uint64(32)
    values |= np.where(asns[at] == columns.asn, flags[at], np.uint8(0)).astype(np.uint64) << _FLAG_SHIFT
    starts, values = overlay(columns.starts, values, SPECIAL_V4 if bits == 32 else SPECIAL_V6, bits)
    buckets = np.arange(1 << 16, dtype=starts.dtype) << starts.dtype.type(bits - 16)
    first = np.empty((1 << 16) + 1, dtype=np.int32)
    first[:-1] = np.searchsorted(starts, buckets, "right") - 1
    first[-1] = len(starts) - 1
    return first, starts, values
