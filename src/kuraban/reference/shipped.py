"""The table of networks that the package carries: how it is written and read.

Starts are kept as differences, systems and countries as indices into lists sorted by how often they occur, all of it
in byte planes under one zstd frame; the organisations' names are a second file, read only when words are needed.
"""

import io
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from kuraban.reference import operators
from kuraban.reference.ranges import Columns

TABLE_FILE = "networks.npz.zst"
NAMES_FILE = "organisations.zst"


def _data(name: str) -> bytes:
    return resources.files("kuraban.reference").joinpath("data", name).read_bytes()


def _planes(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers as rows of their bytes, lowest first: like bytes lie together and compress."""
    size = numbers.dtype.itemsize
    return np.ascontiguousarray(numbers.astype(f"<u{size}").view(np.uint8).reshape(-1, size).T)


def _joined(planes: NDArray[np.uint8]) -> NDArray[Any]:
    size, count = planes.shape
    return np.ascontiguousarray(planes.T).view(f"<u{size}").reshape(count)


def write(
    folder: Path, v4: Columns, v6: Columns, names: Mapping[int, str], sources: Mapping[str, str]
) -> tuple[Path, Path]:
    """Write the table and the names that `Networks.load()` reads; returns both paths.

    v4, v6: what to look up. names: organisations by autonomous system. sources: each source's name and version.
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


def _by_frequency(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.uint32]]:
    unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(unique), dtype=np.uint32)
    rank[order] = np.arange(len(unique), dtype=np.uint32)
    return unique[order], rank[inverse]


class Shipped(NamedTuple):
    """The table in the package: `NET_*` flags by autonomous system are those its name alone earns it."""

    v4: Columns
    v6: Columns
    flags: dict[int, int]
    sources: dict[str, str]


def read_table() -> Shipped:
    """The table in the package, decoded."""
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
        return Shipped(parts[0], parts[1], flags, json.loads(file["sources"].tobytes()))


def read_names() -> dict[int, str]:
    """Organisations by autonomous system."""
    lines = zstandard.decompress(_data(NAMES_FILE)).decode().splitlines()
    return {int(asn): name for asn, _, name in (line.partition("\t") for line in lines)}
