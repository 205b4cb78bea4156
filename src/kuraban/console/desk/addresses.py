"""Addresses as the engine knows them: the hashes of one and of its /24 (or /48), and where it keeps their rows.

The same numbers as `kuraban.columns.addresses` makes while reading events, in plain Python for the few on a page.
"""

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.hashing import SECOND_SEED, SEED, hash_raw
from kuraban.core.networks import PROBES, SALT_NET

_HALF = 0xFFFF_FFFF_FFFF_FFFF
_MAPPED = 0xFFFF << 32
_LOW_32 = 0xFFFF_FFFF


class Address(NamedTuple):
    """An address and its network in words, and the hash of each."""

    ip: str
    net: str
    ip_hash: int
    net_hash: int

    @property
    def keys(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """What it and its network are called, with the keys of their rows in the engine's table."""
        return (self.ip, self.ip_hash), (self.net, self.net_hash ^ int(SALT_NET))


def address(text: str) -> Address | None:
    """An address as text; None where it is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if "%" in text:
            return None
        mapped = found.ipv4_mapped
        if mapped is None:
            hi, lo = int(found) >> 64, int(found) & _HALF
            net = ipaddress.ip_network((found, 48), strict=False)
            return Address(text, str(net), _pair(hi, lo, SEED), _pair(hi >> 16 << 16, 0, SECOND_SEED))
        found = mapped
    four = int(found)
    net = ipaddress.ip_network((found, 24), strict=False)
    return Address(text, str(net), _pair(0, _MAPPED | four, SEED), _pair(0, _MAPPED | (four >> 8 << 8), SECOND_SEED))


def names(texts: Iterable[str]) -> dict[int, str]:
    """The lower 32 bits of each address's hash, which is what an account remembers, → the address."""
    found = {text: address(text) for text in set(texts)}
    return {each.ip_hash & _LOW_32: text for text, each in found.items() if each is not None}


def row_of(table: NDArray[np.void], key: int) -> np.void | None:
    """A copy of the row of a key in the engine's table of networks, None where it has none."""
    at = (np.arange(PROBES) + (key & (len(table) - 1))) & (len(table) - 1)
    near = table[at]
    here = np.flatnonzero(near["key"] == np.uint64(key))
    return near[here[0]] if here.size else None


def _pair(a: int, b: int, seed: int) -> int:
    return hash_raw(a.to_bytes(8, "little") + b.to_bytes(8, "little"), seed)
