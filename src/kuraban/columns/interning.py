"""Names become dense codes: 0, 1, 2, … in the order they are first seen.

An open-addressing table of (hash, code) pairs with linear probing; a name is compared byte by byte before it is
taken for known, so two names never share a code. `intern` is compiled and works on `Interner.arrays`; room for what
it may add has to be reserved beforehand, because compiled code cannot grow the arrays.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.columns.bytewise import (
    PAD,
    Buffer,
    Bytes,
    buffer,
    copy,
    get,
    get_hash,
    jit_inline,
    put,
    put_hash,
    same,
    signed,
)
from kuraban.columns.hashing import SEED, hash_bytes, padded
from kuraban.core.jit import jit

# slots (uint64[2**k, 2]: hash, code), starts (int64: where each name begins in `names`, one more than there are
# names), names (their bytes, end to end), used ([number of names]).
Arrays = tuple[NDArray[np.uint64], NDArray[np.int64], Bytes, NDArray[np.int64]]
Open = tuple[Buffer, Buffer, Buffer, Buffer, int]  # the same as buffers, and the number of slots less one

_SEED = np.uint64(SEED)
_ZERO = np.uint64(0)


@jit_inline
def opened(arrays: Arrays) -> Open:
    """An interner's arrays as `intern` and `find` work on them."""
    slots, starts, names, used = arrays
    return buffer(slots), buffer(starts), buffer(names), buffer(used), len(slots) - 1


@jit
def find(names: Open, text: Buffer, at: int, n: int, h: np.uint64) -> tuple[int, int]:
    """The code of the name `text[at : at + n]` with hash `h`, -1 where it is not known, and the slot it belongs to."""
    slots, starts, known, _, mask = names
    slot = signed(h & np.uint64(mask))
    while True:
        found = get_hash(slots, 2 * slot)
        if found == _ZERO:
            return -1, slot
        if found == h:
            code = signed(get_hash(slots, 2 * slot + 1))
            start = get(starts, code)
            if get(starts, code + 1) - start == n and same(text, at, known, start, n):
                return code, slot
        slot = (slot + 1) & mask


@jit
def intern(names: Open, text: Buffer, at: int, n: int, h: np.uint64) -> int:
    """The code of the name `text[at : at + n]` with hash `h`, which becomes the next code where it is new."""
    code, slot = find(names, text, at, n, h)
    if code >= 0:
        return code
    slots, starts, known, used, _ = names
    code = get(used, 0)
    put(starts, code + 1, copy(text, at, n, known, get(starts, code)))
    put(used, 0, code + 1)
    put_hash(slots, 2 * slot, h)
    put_hash(slots, 2 * slot + 1, np.uint64(code))
    return code


@jit
def _rehash(old: NDArray[np.uint64], new: NDArray[np.uint64]) -> None:
    mask = len(new) - 1
    for i in range(len(old)):
        if old[i, 0] != _ZERO:
            slot = signed(old[i, 0] & np.uint64(mask))
            while new[slot, 0] != _ZERO:
                slot = (slot + 1) & mask
            new[slot, 0] = old[i, 0]
            new[slot, 1] = old[i, 1]


@jit
def _intern_all(arrays: Arrays, words: Bytes, starts: NDArray[np.int64], codes: NDArray[np.int64]) -> None:
    names, text = opened(arrays), buffer(words)
    for i in range(len(codes)):
        n = starts[i + 1] - starts[i]
        codes[i] = intern(names, text, starts[i], n, hash_bytes(text, starts[i], n, _SEED))


@jit
def _find_one(arrays: Arrays, word: Bytes, n: int) -> int:
    text = buffer(word)
    return find(opened(arrays), text, 0, n, hash_bytes(text, 0, n, _SEED))[0]


class Interner:
    """Names and their codes. `len` is the number of names; codes are never taken back."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._slots = np.zeros((64, 2), dtype=np.uint64)
        self._starts = np.zeros(33, dtype=np.int64)
        self._names = np.zeros(512 + PAD, dtype=np.uint8)
        self._used = np.zeros(1, dtype=np.int64)

    @property
    def arrays(self) -> Arrays:
        """What compiled code works on; replaced when `reserve` grows them."""
        return self._slots, self._starts, self._names, self._used

    def __len__(self) -> int:
        return int(self._used[0])

    def reserve(self, names: int, size: int) -> None:
        """Make room for so many more names with so many bytes in all."""
        count = len(self) + names
        if count + 1 > len(self._starts):
            self._starts = _grown(self._starts, count + 1)
        end = int(self._starts[len(self)]) + size + PAD
        if end > len(self._names):
            self._names = _grown(self._names, end)
        if 2 * count > len(self._slots):
            slots = np.zeros((1 << (2 * count - 1).bit_length(), 2), dtype=np.uint64)
            _rehash(self._slots, slots)
            self._slots = slots

    def intern(self, name: str) -> int:
        """The code of a name, a new one where it was not known."""
        raw = name.encode("utf-8", "surrogatepass")
        self.reserve(1, len(raw))
        codes = np.empty(1, dtype=np.int64)
        _intern_all(self.arrays, padded(raw), np.array((0, len(raw))), codes)
        return int(codes[0])

    def find(self, name: str) -> int | None:
        """The code of a name, None where it is not known."""
        raw = name.encode("utf-8", "surrogatepass")
        code = int(_find_one(self.arrays, padded(raw), len(raw)))
        return code if code >= 0 else None

    def name(self, code: int) -> str:
        """The name of a code; raises IndexError where there is none."""
        if not 0 <= code < len(self):
            raise IndexError(f"no name has the code {code}; there are {len(self)}")
        raw = self._names[self._starts[code] : self._starts[code + 1]].tobytes()
        return raw.decode("utf-8", "surrogatepass")

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """All names in the order of their codes: `starts` (int64, one more than names) and `names` (their bytes)."""
        count = len(self)
        return {
            "starts": self._starts[: count + 1].copy(),
            "names": self._names[: int(self._starts[count])].copy(),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> "Interner":
        """The interner that gave `to_arrays`; raises ValueError where the arrays cannot be one's."""
        interner = cls()
        interner.restore(arrays)
        return interner

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Become the interner that gave `to_arrays`; raises ValueError where the arrays cannot be one's."""
        starts, names = arrays["starts"].astype(np.int64), arrays["names"].astype(np.uint8)
        count = len(starts) - 1
        if count < 0 or starts[0] != 0 or starts[-1] != len(names) or (np.diff(starts) < 0).any():
            raise ValueError("not the arrays of an interner: the starts of the names do not fit their bytes")
        self._clear()
        self.reserve(count, len(names))
        _intern_all(self.arrays, padded(names.tobytes()), starts, np.empty(count, dtype=np.int64))
        if len(self) != count:
            raise ValueError("not the arrays of an interner: a name occurs twice")


def _grown(array: NDArray[Any], length: int) -> NDArray[Any]:
    new = np.zeros(max(length, 2 * len(array)), dtype=array.dtype)
    new[: len(array)] = array
    return new
