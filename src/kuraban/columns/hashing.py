"""The one hash of the project: 64 bits over bytes, the same compiled, interpreted, and in any later release.

fasthash64 (Zilong Tan): each eight-byte word, lowest byte first, the last one filled up with zeros, is mixed and
multiplied into the state; the length is part of the initial state. The result 0 is given out as 1, because 0 means
«absent» in a row. Not cryptographic: it tells words apart, it hides nothing.
"""

import numpy as np

from kuraban.columns.bytewise import PAD, Buffer, Bytes, load64
from kuraban.core.jit import interpreted, jit

SEED = 0x6B75_7261_6261_6E31
SECOND_SEED = 0x9E37_79B9_7F4A_7C15  # an independent hash of the same bytes

_ALL = 0xFFFF_FFFF_FFFF_FFFF
_M = 0x8803_55F2_1E6D_1965
_K = 0x2127_599B_F432_5C37

_M64, _K64 = np.uint64(_M), np.uint64(_K)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_S23, _S47 = np.uint64(23), np.uint64(47)


def _python_mix(value: int) -> int:
    value ^= value >> 23
    value = value * _K & _ALL
    return value ^ value >> 47


def hash_raw(words: bytes, seed: int = SEED) -> int:
    """The hash of some bytes, in plain Python."""
    state = seed ^ (len(words) * _M & _ALL)
    for at in range(0, len(words), 8):
        state = (state ^ _python_mix(int.from_bytes(words[at : at + 8], "little"))) * _M & _ALL
    return _python_mix(state) or 1


def hash_text(text: str) -> int:
    """The hash of a text's UTF-8 bytes, never 0."""
    return hash_raw(text.encode("utf-8", "surrogatepass"))


if interpreted:

    def hash_bytes(text: Buffer, at: int, n: int, seed: np.uint64) -> np.uint64:
        """The hash of `text[at : at + n]`, never 0."""
        return np.uint64(hash_raw(text[at : at + n].tobytes(), int(seed)))

    def hash_pair(a: np.uint64, b: np.uint64, seed: np.uint64) -> np.uint64:
        """The hash of two numbers written as sixteen bytes, lowest first; never 0."""
        return np.uint64(hash_raw(int(a).to_bytes(8, "little") + int(b).to_bytes(8, "little"), int(seed)))

else:

    @jit
    def _mix(value: np.uint64) -> np.uint64:
        value ^= value >> _S23
        value *= _K64
        return value ^ value >> _S47

    @jit
    def hash_bytes(text: Buffer, at: int, n: int, seed: np.uint64) -> np.uint64:
        """The hash of `text[at : at + n]`, never 0."""
        state = seed ^ (np.uint64(n) * _M64)
        left = n
        while left >= 8:
            state = (state ^ _mix(load64(text, at))) * _M64
            at += 8
            left -= 8
        if left > 0:
            tail = load64(text, at) & ~(~_ZERO << np.uint64(8 * left))
            state = (state ^ _mix(tail)) * _M64
        state = _mix(state)
        return state if state != _ZERO else _ONE

    @jit
    def hash_pair(a: np.uint64, b: np.uint64, seed: np.uint64) -> np.uint64:
        """The hash of two numbers written as sixteen bytes, lowest first; never 0."""
        state = seed ^ (np.uint64(16) * _M64)
        state = (state ^ _mix(a)) * _M64
        state = (state ^ _mix(b)) * _M64
        state = _mix(state)
        return state if state != _ZERO else _ONE


def padded(words: bytes) -> Bytes:
    """Bytes as an array with the spare bytes at the end that compiled readers need."""
    return np.frombuffer(words + bytes(PAD), dtype=np.uint8)
