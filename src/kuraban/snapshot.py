"""State on disk: named arrays in one file, checksummed, replaced whole or not at all.

Layout: the magic line, length and CRC-32 of a JSON header (8 and 4 bytes, little-endian), the header (name, dtype,
shape, offset and CRC-32 of each array), then the arrays, each on a 4 KiB boundary. Writing goes to a temporary file
beside the target, is flushed to the disk and then renamed.
"""

import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"kuraban-state 2\n"
_ALIGN = 4096
_CHUNK = 32 << 20
_PREFIX = 8 + 4  # the header's length and checksum


class SnapshotError(ValueError):
    """A state file that cannot be used; the message says why and what to do."""


def save(path: str | Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays to `path`. Raises OSError when the disk does not take them; an older file then stays as it was."""
    target = Path(path)
    flat = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with ThreadPoolExecutor(2) as pool:
        sums = {name: pool.submit(_checksum, array) for name, array in flat.items()}
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                places, at = [], 0
                for name, array in flat.items():
                    places.append({"name": name, "dtype": _describe(array.dtype), "shape": array.shape, "at": at})
                    at += -(-array.nbytes // _ALIGN) * _ALIGN
                # The checksums are worked out while the arrays are written; the header's room is kept for them.
                room = -(-(len(json.dumps(places)) + 40 * len(places) + 64) // _ALIGN) * _ALIGN
                start = len(MAGIC) + _PREFIX + room
                start += -start % _ALIGN
                for place, array in zip(places, flat.values(), strict=True):
                    file.seek(start + place["at"])
                    _write(file, array)
                for place in places:
                    place["crc32"] = sums[place["name"]].result()
                header = json.dumps({"start": start, "size": start + at, "arrays": places}).encode()
                file.seek(0)
                prefix = len(header).to_bytes(8, "little") + zlib.crc32(header).to_bytes(4, "little")
                file.write(MAGIC + prefix + header)
                file.truncate(start + at)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            _sync_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)


def load(path: str | Path) -> dict[str, NDArray[Any]]:
    """The arrays of a state file.

    Raises `SnapshotError` for a file that is not one, is cut short or damaged.
    """
    source = Path(path)
    try:
        file = source.open("rb")
    except OSError as error:
        raise SnapshotError(f"cannot read the state file {source}: {error.strerror or error}") from error
    with file, ThreadPoolExecutor(2) as pool:
        header, size = _header(file, source)
        if size != header["size"]:
            raise SnapshotError(f"{source} is cut short: {size:,} of {header['size']:,} bytes; use an older state file")
        arrays: dict[str, NDArray[Any]] = {}
        sums = []
        for place in header["arrays"]:
            array = np.empty(tuple(place["shape"]), _dtype(place["dtype"]))
            file.seek(header["start"] + place["at"])
            view = _bytes(array)
            for begin in range(0, view.size, _CHUNK):
                part = view[begin : begin + _CHUNK]
                if file.readinto(part.data) != part.size:
                    raise SnapshotError(f"{source} is cut short; use an older state file")
            arrays[place["name"]] = array
            sums.append((place, pool.submit(_checksum, array)))
        for place, found in sums:
            if found.result() != place["crc32"]:
                raise SnapshotError(f"{source} is damaged (checksum of `{place['name']}`); use an older state file")
    return arrays


def _header(file: Any, source: Path) -> tuple[dict[str, Any], int]:
    size = os.fstat(file.fileno()).st_size
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        kind = "another version's" if magic.startswith(b"kuraban-state") else "not a Kuraban"
        raise SnapshotError(f"{source} is {kind} state file; replay the events to make a new one")
    length, crc = int.from_bytes(file.read(8), "little"), int.from_bytes(file.read(4), "little")
    text = file.read(min(length, size))
    try:
        if zlib.crc32(text) != crc:
            raise ValueError("checksum")
        header = json.loads(text)
        return {"start": int(header["start"]), "size": int(header["size"]), "arrays": list(header["arrays"])}, size
    except (ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"{source} has a damaged header; use an older state file") from error


def _describe(dtype: np.dtype[Any]) -> Any:
    return dtype.str if dtype.names is None else np.lib.format.dtype_to_descr(dtype)


def _dtype(description: Any) -> np.dtype[Any]:
    return np.lib.format.descr_to_dtype(_tuples(description))


def _tuples(description: Any) -> Any:
    # JSON has no tuples: fields come back as lists.
    if isinstance(description, str):
        return description
    fields = []
    for field in description:
        kind = _tuples(field[1])
        fields.append((field[0], kind, tuple(field[2])) if len(field) > 2 else (field[0], kind))
    return fields


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array.reshape(-1).view(np.uint8) if array.size else np.zeros(0, np.uint8)


def _checksum(array: NDArray[Any]) -> int:
    view = _bytes(array)
    value = 0
    for begin in range(0, view.size, _CHUNK):
        value = zlib.crc32(view[begin : begin + _CHUNK].data, value)
    return value


def _write(file: Any, array: NDArray[Any]) -> None:
    view = _bytes(array)
    for begin in range(0, view.size, _CHUNK):
        file.write(view[begin : begin + _CHUNK].data)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
