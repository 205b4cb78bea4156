"""Address → autonomous system, country and kind of network, offline.

The package carries one table compiled from public data (`tools/build_networks.py`; sources and licences in NOTICE).
An operator may bring a MaxMind-format file instead; whatever it does not say is filled from the shipped table.

A table is a step function over addresses: `starts[i]` is the first address of range i, which lasts until the next
start. IPv6 keeps the upper 64 bits only: no registry delegates and nobody announces anything smaller.
"""

import io
import ipaddress
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb
import numpy as np
import zstandard
from numpy.typing import NDArray

from kuraban.core.jit import jit
from kuraban.core.layout import NET_CGNAT, NET_HOSTING, NET_PRIVATE, NET_RESERVED
from kuraban.reference import operators
from kuraban.reference.countries import country_code
from kuraban.reference.errors import NetworkTableError

TABLE_FILE = "networks.npz.zst"
NAMES_FILE = "organisations.zst"

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

_ASN_BITS = np.uint64(0xFFFF_FFFF)
_LOW_HALF = np.uint64(0xFFFF_FFFF)
_TRANSLATED = np.uint64(0x0064_FF9B_0000_0000)  # 64:ff9b::/96, RFC 6052
_SIX_TO_FOUR = np.uint64(0x2002)  # 2002::/16, RFC 3056
_FLAG_SHIFT = np.uint64(48)
_PRIVATE_RANGE = np.uint64(NET_PRIVATE << 48)
_RESERVED_RANGE = np.uint64(NET_RESERVED << 48)

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Starts = U32 | U64
Tables = tuple[NDArray[np.int32], U32, U64, NDArray[np.int32], U64, U64]


class Columns(NamedTuple):
    """A step function over addresses: all arrays as long as `starts`, which ascends from 0."""

    starts: NDArray[Any]  # uint32 IPv4 addresses, or uint64 upper halves of IPv6 addresses
    asn: U32  # 0 unknown
    country: NDArray[np.uint16]  # two ASCII letters, high byte first; 0 unknown


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
    """The table in use: `tables` for `locate`, and names for the words of a reason."""

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
        v4, v6, by_name, sources = _read_shipped()
        names: dict[int, str] = {}
        if path is not None:
            own4, own6, names, kind = _read_mmdb(Path(path))
            v4, v6 = _complete(own4, v4), _complete(own6, v6)
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
        lines = zstandard.decompress(_data(NAMES_FILE)).decode().splitlines()
        return {int(asn): name for asn, _, name in (line.partition("\t") for line in lines)}


def _data(name: str) -> bytes:
    return resources.files("kuraban.reference").joinpath("data", name).read_bytes()


def _planes(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers as rows of their bytes, lowest first: like bytes lie together and compress."""
    size = numbers.dtype.itemsize
    return np.ascontiguousarray(numbers.astype(f"<u{size}").view(np.uint8).reshape(-1, size).T)


def _joined(planes: NDArray[np.uint8]) -> NDArray[Any]:
    size, count = planes.shape
    return np.ascontiguousarray(planes.T).view(f"<u{size}").reshape(count)


def write_shipped(
    folder: Path, v4: Columns, v6: Columns, names: Mapping[int, str], sources: Mapping[str, str]
) -> tuple[Path, Path]:
    """Write the table and the names that `Networks.load()` reads; returns both paths.

    Starts are kept as differences, systems and countries as indices into lists sorted by how often they occur,
    everything in byte planes under one zstd frame.
    """
    columns: dict[str, NDArray[Any]] = {}
    asns, asn_index = _by_frequency(np.concatenate((v4.asn, v6.asn)))
    countries, country_index = _by_frequency(np.concatenate((v4.country, v6.country)))
    named = [asn for asn in sorted(names) if operators.flags_of_name(names[asn])]
    columns["asns"], columns["countries"] = _planes(asns), countries
    columns["named"] = np.array(named, dtype=np.uint32)
    columns["named_flags"] = np.array([operators.flags_of_name(names[asn]) for asn in named], dtype=np.uint8)
    for label, part, at in (("v4", v4, 0), ("v6", v6, len(v4.starts))):
        columns[f"{label}_steps"] = _planes(np.diff(part.starts, prepend=part.starts.dtype.type(0)))
        columns[f"{label}_asn"] = _planes(asn_index[at : at + len(part.starts)])
        columns[f"{label}_country"] = country_index[at : at + len(part.starts)].astype(np.uint8)
    columns["sources"] = np.frombuffer(json.dumps(dict(sources)).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **columns)
    lines = "".join(f"{asn}\t{' '.join(names[asn].split())}\n" for asn in sorted(names)).encode()
    folder.mkdir(parents=True, exist_ok=True)
    table, words = folder / TABLE_FILE, folder / NAMES_FILE
    table.write_bytes(zstandard.ZstdCompressor(level=22).compress(buffer.getvalue()))
    words.write_bytes(zstandard.ZstdCompressor(level=22).compress(lines))
    return table, words


def _by_frequency(values: NDArray[Any]) -> tuple[NDArray[Any], U32]:
    unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(unique), dtype=np.uint32)
    rank[order] = np.arange(len(unique), dtype=np.uint32)
    return unique[order], rank[inverse]


def _read_shipped() -> tuple[Columns, Columns, dict[int, int], dict[str, str]]:
    with np.load(io.BytesIO(zstandard.decompress(_data(TABLE_FILE))), allow_pickle=False) as file:
        asns, countries = _joined(file["asns"]), file["countries"]
        parts = [
            Columns(
                np.cumsum(_joined(file[f"{label}_steps"]), dtype=dtype),
                asns[_joined(file[f"{label}_asn"])],
                countries[file[f"{label}_country"]],
            )
            for label, dtype in (("v4", np.uint32), ("v6", np.uint64))
        ]
        flags = dict(zip(file["named"].tolist(), file["named_flags"].tolist(), strict=True))
        return parts[0], parts[1], flags, json.loads(file["sources"].tobytes())


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
    starts, values = _overlay(columns.starts, values, SPECIAL_V4 if bits == 32 else SPECIAL_V6, bits)
    buckets = np.arange(1 << 16, dtype=starts.dtype) << starts.dtype.type(bits - 16)
    first = np.empty((1 << 16) + 1, dtype=np.int32)
    first[:-1] = np.searchsorted(starts, buckets, "right") - 1
    first[-1] = len(starts) - 1
    return first, starts, values


def _overlay(
    starts: NDArray[Any], values: U64, special: Iterable[tuple[str, int]], bits: int
) -> tuple[NDArray[Any], U64]:
    """Lay the special ranges over a step function: inside one of them nothing else is known."""
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


def _complete(own: Columns, shipped: Columns) -> Columns:
    """`own` over the union of both tables' boundaries, `shipped` wherever it says nothing."""
    starts = np.unique(np.concatenate((own.starts, shipped.starts)))
    a = np.searchsorted(own.starts, starts, "right") - 1
    b = np.searchsorted(shipped.starts, starts, "right") - 1
    return Columns(
        starts,
        np.where(own.asn[a] != 0, own.asn[a], shipped.asn[b]),
        np.where(own.country[a] != 0, own.country[a], shipped.country[b]),
    )


def _read_mmdb(path: Path) -> tuple[Columns, Columns, dict[int, str], str]:
    names: dict[int, str] = {}
    rows: dict[int, list[tuple[int, int, int, int]]] = {4: [], 6: []}
    try:
        with maxminddb.open_database(path) as reader:
            kind = str(reader.metadata().database_type)
            for network, record in reader:
                asn, country, name = _facts(record)
                if name and asn:
                    names[asn] = name
                shift = 64 if network.version == 6 else 0
                first, last = int(network.network_address) >> shift, int(network.broadcast_address) >> shift
                if asn or country:
                    rows[network.version].append((first, last, asn, country))
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise NetworkTableError(f"{path}: not a readable MaxMind-format database: {error}") from error
    if not rows[4] and not rows[6]:
        raise NetworkTableError(f"{path}: a MaxMind-format database, but without countries or autonomous systems")
    return _columns(rows[4], 32), _columns(rows[6], 64), names, kind


def _facts(record: Any) -> tuple[int, int, str]:
    """ASN, country and organisation of a record in any of the layouts in use, each 0 or empty where absent.

    MaxMind nests the country (`country.iso_code`), others keep `country_code` or `country` flat.
    """
    if not isinstance(record, dict):
        return 0, 0, ""
    asn = record.get("autonomous_system_number", record.get("asn"))
    if isinstance(asn, str):
        asn = asn.upper().removeprefix("AS")
        asn = int(asn) if asn.isdecimal() else 0
    country = record.get("country") or record.get("registered_country") or record.get("country_code")
    if isinstance(country, dict):
        country = country.get("iso_code")
    name = record.get("autonomous_system_organization") or record.get("as_name") or record.get("name")
    return (
        asn if isinstance(asn, int) and 0 < asn < 1 << 32 else 0,
        country_code(country) if isinstance(country, str) else 0,
        name if isinstance(name, str) else "",
    )


def _columns(rows: list[tuple[int, int, int, int]], bits: int) -> Columns:
    """Ranges (first, last, asn, country) as a step function, unknown in between."""
    steps: dict[int, tuple[int, int]] = {0: (0, 0)}
    for first, last, asn, country in sorted(rows):
        steps[first] = (asn, country)
        if last + 1 < 1 << bits:
            steps[last + 1] = (0, 0)
    return Columns(
        np.array(list(steps), dtype=np.uint32 if bits == 32 else np.uint64),
        np.array([asn for asn, _ in steps.values()], dtype=np.uint32),
        np.array([country for _, country in steps.values()], dtype=np.uint16),
    )
