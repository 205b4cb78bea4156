"""MaxMind-format databases (GeoLite2, DB-IP, IPinfo and others) as step functions.

The search tree is walked here, a level at a time in NumPy, instead of by maxminddb's iterator: that takes seconds for
a million networks, and its C code has ended the whole process on a damaged file. Records are decoded by maxminddb's
own decoder, each once. Format: https://maxmind.github.io/MaxMind-DB/ (version 2.0).
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from maxminddb import InvalidDatabaseError
from maxminddb.decoder import Decoder
from numpy.typing import NDArray

from kuraban.reference.countries import country_code
from kuraban.reference.errors import NetworkTableError
from kuraban.reference.ranges import Columns

_MARKER = b"\xab\xcd\xefMaxMind.com"
_MARKER_WITHIN = 128 * 1024  # of the end of the file
_SEPARATOR = 16  # zero bytes between tree and data
_DAMAGE = (InvalidDatabaseError, ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError)

I64 = NDArray[np.int64]
Steps = tuple[NDArray[np.uint64], I64]  # first addresses, and what the tree says from there on


class Contents(NamedTuple):
    """What a database says: ranges (0 where it says nothing), names of autonomous systems, its own type."""

    v4: Columns
    v6: Columns
    names: dict[int, str]
    kind: str


class _Tree(NamedTuple):
    """The children of each node: below `len(left)` a node, equal to it nothing, above it a record."""

    left: I64
    right: I64
    version: int  # 4 or 6: the addresses at the root


def read_mmdb(path: Path) -> Contents:
    """All of a database; raises `NetworkTableError` where it cannot be read or says nothing of use."""
    try:
        contents = _decode(path.read_bytes())
    except OSError as error:
        raise NetworkTableError(f"{path}: cannot be read: {error.strerror}") from error
    except _DAMAGE as error:
        raise NetworkTableError(f"{path}: not a readable MaxMind-format database: {error}") from error
    if not any(column.any() for part in (contents.v4, contents.v6) for column in (part.asn, part.country)):
        raise NetworkTableError(f"{path}: a MaxMind-format database, but without countries or autonomous systems")
    return contents


def _decode(buffer: bytes) -> Contents:
    marker = buffer.rfind(_MARKER, max(0, len(buffer) - _MARKER_WITHIN))
    if marker < 0:
        raise InvalidDatabaseError("it has no metadata")
    start = marker + len(_MARKER)
    metadata: Any = Decoder(buffer, start).decode(start)[0]
    tree = _tree(buffer, metadata["node_count"], metadata["record_size"], metadata["ip_version"])
    data_at = len(tree.left) * metadata["record_size"] // 4 + _SEPARATOR
    decoder = Decoder(buffer, data_at)
    four, six = _networks(tree)
    records = np.unique(np.concatenate((four[1], six[1])))
    found = [
        _facts(decoder.decode(record - len(tree.left) - _SEPARATOR + data_at)[0]) if record > len(tree.left) else _NONE
        for record in records.tolist()
    ]
    asns = np.array([facts.asn for facts in found], dtype=np.uint32)
    countries = np.array([facts.country for facts in found], dtype=np.uint16)
    v4, v6 = (
        _merged(Columns(starts.astype(kind), asns[at], countries[at]))
        for (starts, values), kind in ((four, np.uint32), (six, np.uint64))
        for at in (np.searchsorted(records, values),)
    )
    names = {facts.asn: facts.name for facts in found if facts.asn and facts.name}
    return Contents(v4, v6, names, str(metadata["database_type"]))


def _tree(buffer: bytes, count: int, size: int, version: int) -> _Tree:
    if size not in (24, 28, 32) or version not in (4, 6) or not 0 < count * size // 4 <= len(buffer):
        raise InvalidDatabaseError("its metadata contradict its size")
    nodes = np.frombuffer(buffer, dtype=np.uint8, count=count * size // 4).reshape(count, size // 4).astype(np.int64)
    half = size // 8
    left = _big_endian(nodes[:, :half])
    right = _big_endian(nodes[:, -half:])
    if size == 28:  # the byte in the middle holds the top four bits of both
        left |= nodes[:, 3] >> 4 << 24
        right |= (nodes[:, 3] & 15) << 24
    return _Tree(left, right, version)


def _big_endian(columns: I64) -> I64:
    total = np.zeros(len(columns), dtype=np.int64)
    for i in range(columns.shape[1]):
        total = total << 8 | columns[:, i]
    return total


def _networks(tree: _Tree) -> tuple[Steps, Steps]:
    """The IPv4 and IPv6 halves; an IPv4 tree that hangs at several places of an IPv6 one is looked at once."""
    nothing = len(tree.left)
    if tree.version == 4:
        return _walk(tree, 0, 32, nothing), (np.zeros(1, dtype=np.uint64), np.array([nothing]))
    root = 0
    for _ in range(96):
        if root >= nothing:
            break
        root = int(tree.left[root])
    return _walk(tree, root, 32, nothing), _walk(tree, 0, 64, root)


def _walk(tree: _Tree, root: int, bits: int, skip: int) -> Steps:
    """The leaves below `root` as a step function over addresses of so many bits; below `skip` nothing is said."""
    nothing = len(tree.left)
    if root >= nothing:
        return np.zeros(1, dtype=np.uint64), np.array([root])
    nodes, prefixes = np.array([root], dtype=np.int64), np.zeros(1, dtype=np.uint64)
    starts: list[NDArray[np.uint64]] = []
    leaves: list[I64] = []
    visited = 0
    for depth in range(bits):
        visited += len(nodes)
        if visited > nothing:
            raise InvalidDatabaseError("its tree runs in a circle")
        bit = np.uint64(1 << (bits - 1 - depth))
        children = np.concatenate((tree.left[nodes], tree.right[nodes]))
        prefixes = np.concatenate((prefixes, prefixes | bit))
        children[children == skip] = nothing
        inner = children < nothing
        starts.append(prefixes[~inner])
        leaves.append(children[~inner])
        nodes, prefixes = children[inner], prefixes[inner]
    # Networks smaller than a /64: the first that is said anything of stands for the whole /64.
    for _ in range(64):
        inner = nodes < nothing
        if not inner.any():
            break
        left, right = tree.left[nodes[inner]], tree.right[nodes[inner]]
        chosen = np.where((left == nothing) | (left == skip), right, left)
        nodes[inner] = np.where(chosen == skip, nothing, chosen)
    starts.append(prefixes)
    leaves.append(np.where(nodes < nothing, nothing, nodes))
    first, said = np.concatenate(starts), np.concatenate(leaves)
    order = np.argsort(first)
    return first[order], said[order]


def _merged(columns: Columns) -> Columns:
    same = (columns.asn[1:] == columns.asn[:-1]) & (columns.country[1:] == columns.country[:-1])
    keep = np.concatenate(([True], ~same))
    return Columns(columns.starts[keep], columns.asn[keep], columns.country[keep])


class _Facts(NamedTuple):
    asn: int
    country: int
    name: str


_NONE = _Facts(0, 0, "")


def _facts(record: Any) -> _Facts:
    """ASN, country and organisation of a record in any of the layouts in use, each 0 or empty where absent.

    MaxMind nests the country (`country.iso_code`), others keep `country_code` or `country` flat.
    """
    if not isinstance(record, dict):
        return _NONE
    asn = record.get("autonomous_system_number", record.get("asn"))
    if isinstance(asn, str):
        asn = asn.upper().removeprefix("AS")
        asn = int(asn) if asn.isascii() and asn.isdecimal() and len(asn) < 11 else 0
    country = record.get("country_code") or record.get("country") or record.get("registered_country")
    if isinstance(country, dict):
        country = country.get("iso_code")
    name = record.get("autonomous_system_organization") or record.get("as_name") or record.get("name")
    return _Facts(
        asn if isinstance(asn, int) and 0 < asn < 1 << 32 else 0,
        country_code(country) if isinstance(country, str) else 0,
        name if isinstance(name, str) else "",
    )
