"""State on disk: named arrays in one file, compressed, checksummed, replaced whole or not at all.

Layout: the magic line, length and CRC-32 of a JSON header (8 and 4 bytes, little-endian), the header (name, dtype and
shape of each array, and of each of its pieces the place, length and CRC-32 in the file), then the pieces: zstd frames
of 32 MiB of an array each, compressed and decompressed two at a time, because disks are slower than that. Writing goes
to a temporary file beside the target, is flushed to the disk and then renamed.
"""

import contextlib
import json
import os
import zlib
from collections import deque
from collections.abc import Container, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

MAGIC = b"kuraban-state 3\n"
_LEVEL = 1
_WORKERS = 2
_CHUNK = 32 << 20
_LEAST_ROOM = 1024  # rows
_PREFIX = 8 + 4  # the header's length and checksum


class SnapshotError(ValueError):
    """A state file that cannot be used; the message says why and what to do."""


def save(path: str | Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays to `path`. Raises OSError when the disk does not take them; an older file then stays as it was."""
    target = Path(path)
    flat = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    places: list[dict[str, Any]] = [
        {"name": name, "dtype": _describe(array.dtype), "shape": array.shape, "pieces": _blank(array)}
        for name, array in flat.items()
    ]
    # The pieces' places are known when they are written; the header's room is kept for them.
    start = len(MAGIC) + _PREFIX + len(_header_of(0, places))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.seek(start)
            at = start
            for place, array in zip(places, flat.values(), strict=True):
                for piece, raw in zip(place["pieces"], _compressed(array), strict=True):
                    file.write(raw)
                    piece[:] = [at, len(raw), zlib.crc32(raw)]
                    at += len(raw)
            header = _header_of(at, places).ljust(start - len(MAGIC) - _PREFIX)
            file.seek(0)
            file.write(MAGIC + len(header).to_bytes(8, "little") + zlib.crc32(header).to_bytes(4, "little") + header)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | Path, *, roomy: Container[str] = ()) -> dict[str, NDArray[Any]]:
    """The arrays of a state file. roomy: names of those that get rows of zeros at their end, a quarter of what they
    hold, where the memory for them can be had: to make them larger later would mean to copy them.

    Raises `SnapshotError` for a file that is not one, is cut short or damaged.
    """
    source = Path(path)
    try:
        file = source.open("rb")
    except OSError as error:
        raise SnapshotError(f"cannot read the state file {source}: {error.strerror or error}") from error
    arrays: dict[str, NDArray[Any]] = {}
    waiting: deque[tuple[str, Future[bool]]] = deque()
    with file, ThreadPoolExecutor(_WORKERS) as pool:
        header, size = _header(file, source)
        if size != header["size"]:
            raise SnapshotError(f"{source} is cut short: {size:,} of {header['size']:,} bytes; use an older state file")
        for place in header["arrays"]:
            array = _new(tuple(place["shape"]), _dtype(place["dtype"]), place["name"] in roomy)
            arrays[place["name"]] = array
            view = _bytes(array[: place["shape"][0]] if place["shape"] else array)
            for number, (at, length, crc) in enumerate(place["pieces"]):
                file.seek(at)
                part = view[number * _CHUNK : (number + 1) * _CHUNK]
                waiting.append((place["name"], pool.submit(_unpack, file.read(length), crc, part)))
                if len(waiting) > 2 * _WORKERS:
                    _expect(*waiting.popleft(), source)
        for name, found in waiting:
            _expect(name, found, source)
    return arrays


def _new(shape: tuple[int, ...], dtype: np.dtype[Any], roomy: bool) -> NDArray[Any]:
    if roomy:
        # Zeros from the system take no memory until they are used; a limit on the address space may refuse them.
        with contextlib.suppress(MemoryError):
            return np.zeros((shape[0] + shape[0] // 4 + _LEAST_ROOM, *shape[1:]), dtype)
    return np.empty(shape, dtype)


def _blank(array: NDArray[Any]) -> list[list[int]]:
    """Room in the header for every piece: numbers as long as any that may come."""
    return [[10**15, 10**9, 2**32 - 1] for _ in range(0, array.nbytes, _CHUNK)]


def _header_of(size: int, places: list[dict[str, Any]]) -> bytes:
    return json.dumps({"size": size or 10**15, "arrays": places}).encode()


def _compressed(array: NDArray[Any]) -> Iterator[bytes]:
    """An array's pieces in order, compressed a few ahead of whoever writes them."""
    view = _bytes(array)
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        for begin in range(0, view.size, _CHUNK):
            waiting.append(pool.submit(_pack, view[begin : begin + _CHUNK]))
            if len(waiting) > 2 * _WORKERS:
                yield waiting.popleft().result()
        for found in waiting:
            yield found.result()


def _pack(part: NDArray[np.uint8]) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL).compress(part.data)


def _unpack(raw: bytes, crc: int, part: NDArray[np.uint8]) -> bool:
    """Decompress one piece into its part of the array; False where it is not what was written."""
    if zlib.crc32(raw) != crc:
        return False
    with zstandard.ZstdDecompressor().stream_reader(raw) as reader:
        return reader.readinto(part.data) == part.size


def _expect(name: str, found: Future[bool], source: Path) -> None:
    if not found.result():
        raise SnapshotError(f"{source} is damaged (checksum of `{name}`); use an older state file")


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
        return {"size": int(header["size"]), "arrays": list(header["arrays"])}, size
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


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
