"""Step functions over addresses, and the ranges that are never anybody's public address.

`starts[i]` is the first address of range i, which lasts until the next start. IPv6 keeps the upper 64 bits only: no
registry delegates and nobody announces anything smaller.
"""

import ipaddress
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kuraban.core.layout import NET_CGNAT, NET_PRIVATE, NET_RESERVED

# IANA's special-purpose registries (IPv4 and IPv6, RFC 6890 and successors): never anybody's public address.
SPECIAL_V4 = (
    ("0.0.0.0/8", NET_RESERVED),  # «this» network
    ("10.0.0.0/8", NET_PRIVATE),
    ("100.64.0.0/10", NET_CGNAT),
    ("127.0.0.0/8", NET_PRIVATE),  # loopback
    ("169.254.0.0/16", NET_PRIVATE),  # link-local
    ("172.16.0.0/12", NET_PRIVATE),
    ("192.0.0.0/24", NET_RESERVED),
    ("192.0.2.0/24", NET_RESERVED),  # documentation
    ("192.88.99.0/24", NET_RESERVED),  # 6to4 relay anycast, withdrawn
    ("192.168.0.0/16", NET_PRIVATE),
    ("198.18.0.0/15", NET_RESERVED),  # benchmarking
    ("198.51.100.0/24", NET_RESERVED),  # documentation
    ("203.0.113.0/24", NET_RESERVED),  # documentation
    ("224.0.0.0/3", NET_RESERVED),  # multicast, future use, broadcast
)
SPECIAL_V6 = (
    ("::/3", NET_RESERVED),  # nothing global is allocated below 2000::
    ("64:ff9b:1::/48", NET_PRIVATE),  # local-use translation
    ("2001:2::/48", NET_RESERVED),  # benchmarking
    ("2001:10::/28", NET_RESERVED),  # ORCHID
    ("2001:20::/28", NET_RESERVED),  # ORCHIDv2
    ("2001:db8::/32", NET_RESERVED),  # documentation
    ("3fff::/20", NET_RESERVED),  # documentation
    ("4000::/2", NET_RESERVED),
    ("8000::/2", NET_RESERVED),
    ("c000::/3", NET_RESERVED),
    ("e000::/4", NET_RESERVED),
    ("f000::/5", NET_RESERVED),
    ("f800::/6", NET_RESERVED),
    ("fc00::/7", NET_PRIVATE),  # unique local
    ("fe00::/9", NET_RESERVED),
    ("fe80::/10", NET_PRIVATE),  # link-local
    ("fec0::/10", NET_PRIVATE),  # site-local, deprecated
    ("ff00::/8", NET_RESERVED),  # multicast
)


class Columns(NamedTuple):
    """A step function over addresses: all arrays as long as `starts`, which ascends from 0."""

    starts: NDArray[Any]  # uint32 IPv4 addresses, or uint64 upper halves of IPv6 addresses
    asn: NDArray[np.uint32]  # 0 unknown
    country: NDArray[np.uint16]  # two ASCII letters, high byte first; 0 unknown


def overlay(
    starts: NDArray[Any], values: NDArray[np.uint64], special: Iterable[tuple[str, int]], bits: int
) -> tuple[NDArray[Any], NDArray[np.uint64]]:
    """Lay the special ranges over a step function: inside one of them nothing else is known.

    values: one word a range, flags in bits 48..55. bits: 32 for IPv4 addresses, 64 for the upper half of IPv6 ones.
    Where special ranges nest, the later holds.
    """
    kind = starts.dtype.type
    for text, flag in special:
        network = ipaddress.ip_network(text)
        shift = network.max_prefixlen - bits
        low, last = int(network.network_address) >> shift, int(network.broadcast_address) >> shift
        i = int(np.searchsorted(starts, kind(low), "left"))
        j = int(np.searchsorted(starts, kind(last), "right"))
        put, words = [low], [flag << 48]
        if last + 1 < 1 << bits and (j == len(starts) or int(starts[j]) != last + 1):
            put.append(last + 1)
            words.append(int(values[j - 1]))
        starts = np.concatenate((starts[:i], np.array(put, dtype=kind), starts[j:]))
        values = np.concatenate((values[:i], np.array(words, dtype=np.uint64), values[j:]))
    return starts, values


def complete(own: Columns, shipped: Columns) -> Columns:
    """`own` over the union of both tables' boundaries, `shipped` wherever it says nothing."""
    starts = np.unique(np.concatenate((own.starts, shipped.starts)))
    a = np.searchsorted(own.starts, starts, "right") - 1
    b = np.searchsorted(shipped.starts, starts, "right") - 1
    return Columns(
        starts,
        np.where(own.asn[a] != 0, own.asn[a], shipped.asn[b]),
        np.where(own.country[a] != 0, own.country[a], shipped.country[b]),
    )
