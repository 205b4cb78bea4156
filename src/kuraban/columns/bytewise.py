"""Reading bytes where they lie: the few operations that Numba has no words for.

Compiled code sees a buffer as its address (`Buffer`), because handing an array to a function costs more than what the
small functions here do: Numba passes seven values and counts references. Interpreted, a buffer is the array itself
and every operation has a plain twin that gives the same result.
What reads ahead reads up to `PAD` bytes from the position given, so every text ends with that many spare bytes.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import llvmlite.ir
import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from kuraban.core.jit import interpreted

PAD = 64
Bytes = NDArray[np.uint8]
Buffer = Any  # an address, or an array where the code is interpreted

F = TypeVar("F", bound=Callable[..., Any])


def jit_inline(function: F) -> F:
    """Compile into every caller."""
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)
    return cast(F, compiled)


ir: Any = llvmlite.ir  # it has annotations for some of what it does only
_LANES = 32
_I8, _I32, _I64, _F64 = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.DoubleType()


def _pointer(builder: Any, args: Any, kind: Any) -> Any:
    """The address args[0] moved by args[1] items of a kind."""
    return builder.gep(builder.inttoptr(args[0], kind.as_pointer()), [args[1]])


def _byte_pointer(builder: Any, args: Any, kind: Any) -> Any:
    """The address args[0] moved by args[1] bytes, where something of a kind lies, aligned or not."""
    return builder.bitcast(_pointer(builder, args, _I8), kind.as_pointer())


def _reads(kind: Any, result: Any) -> Any:
    """An operation (buffer, position) → the item there."""

    @intrinsic
    def read(typing_context: Any, items: Any, at: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = builder.load(_pointer(builder, args, kind))
            return builder.zext(value, _I64) if kind is _I8 else value

        return result(types.int64, types.int64), code

    return read


def _writes(kind: Any, value: Any) -> Any:
    """An operation (buffer, position, value) that puts an item there."""

    @intrinsic
    def write(typing_context: Any, items: Any, at: Any, item: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            word = builder.trunc(args[2], _I8) if kind is _I8 else args[2]
            builder.store(word, _pointer(builder, args, kind))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, value), code

    return write


def _looks_ahead(kind: Any, result: Any, see: Callable[[Any, Any], Any]) -> Any:
    """An operation (text, position) → what `see` makes of the bytes from there on."""

    @intrinsic
    def look(typing_context: Any, text: Any, at: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            window = builder.load(_byte_pointer(builder, args, kind))
            window.align = 1
            return see(builder, window)

        return result(types.int64, types.int64), code

    return look


def _lanes(value: int) -> Any:
    return ir.Constant(ir.VectorType(_I8, _LANES), [ir.Constant(_I8, value)] * _LANES)


def _first_set(builder: Any, lanes: Any) -> Any:
    """Position of the first true lane, `_LANES` where there is none."""
    mask = builder.bitcast(lanes, _I32)
    return builder.zext(builder.cttz(mask, ir.Constant(ir.IntType(1), 0)), _I64)


def _first_special(builder: Any, window: Any) -> Any:
    quote = builder.icmp_unsigned("==", window, _lanes(ord('"')))
    backslash = builder.icmp_unsigned("==", window, _lanes(ord("\\")))
    # Signed: below 0x20 are the control characters and, being negative, every byte of a non-ASCII character.
    special = builder.icmp_signed("<", window, _lanes(0x20))
    return _first_set(builder, builder.or_(builder.or_(quote, backslash), special))


def _first_newline(builder: Any, window: Any) -> Any:
    return _first_set(builder, builder.icmp_unsigned("==", window, _lanes(ord("\n"))))


@intrinsic
def _signed(typing_context: Any, number: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[0], signature.args[0], types.int64)

    return types.int64(number), code


@intrinsic
def _address(typing_context: Any, array: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.ptrtoint(data, _I64)

    return types.int64(array), code


@intrinsic
def _put_eight(typing_context: Any, text: Any, at: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _byte_pointer(builder, args, _I64)).align = 1
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.uint64), code


@intrinsic
def _prefetch(typing_context: Any, items: Any, at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.bitcast(_pointer(builder, args, _I64), _I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [_I8.as_pointer(), _I32, _I32, _I32])
        function = builder.module.declare_intrinsic("llvm.prefetch", [_I8.as_pointer()], kind)
        builder.call(function, [pointer, ir.Constant(_I32, 0), ir.Constant(_I32, 2), ir.Constant(_I32, 1)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), code


if interpreted:

    def signed(number: Any) -> int:
        """The number as int64, which is what positions are: int64 and uint64 together would become a float."""
        return int(number)

    def buffer(array: NDArray[Any]) -> Buffer:
        """A contiguous array as a buffer. The array has to be kept alive by whoever calls compiled code."""
        return array.reshape(-1)

    def from_item(items: Buffer, at: int) -> Buffer:
        """What lies from an eight-byte item on."""
        return items[at:]

    def byte(text: Buffer, at: int) -> int:
        """One byte of a text."""
        return int(text[at])

    def put_byte(text: Buffer, at: int, value: int) -> None:
        """Write one byte of a text."""
        text[at] = value

    def load64(text: Buffer, at: int) -> np.uint64:
        """Eight bytes as one number, the first byte lowest."""
        return np.uint64(int.from_bytes(text[at : at + 8].tobytes(), "little"))

    def store64(text: Buffer, at: int, word: np.uint64) -> None:
        """Write eight bytes, the lowest first."""
        text[at : at + 8] = np.frombuffer(int(word).to_bytes(8, "little"), dtype=np.uint8)

    def plain(text: Buffer, at: int) -> int:
        """How many bytes from `at` are neither quote, backslash, control character nor non-ASCII, 32 at most."""
        window = text[at : at + _LANES]
        special = (window == ord('"')) | (window == ord("\\")) | (window < 0x20) | (window >= 0x80)
        return int(np.argmax(special)) if special.any() else _LANES

    def no_newline(text: Buffer, at: int) -> int:
        """How many bytes from `at` come before a newline, 32 at most."""
        found = text[at : at + _LANES] == ord("\n")
        return int(np.argmax(found)) if found.any() else _LANES

    def get(items: Buffer, at: int) -> int:
        """One int64 item."""
        return int(items[at])

    def put(items: Buffer, at: int, value: int) -> None:
        """Write one int64 item."""
        items[at] = value

    def get_hash(items: Buffer, at: int) -> np.uint64:
        """One uint64 item."""
        return np.uint64(items[at])

    def put_hash(items: Buffer, at: int, value: np.uint64) -> None:
        """Write one uint64 item."""
        items[at] = value

    def put_number(items: Buffer, at: int, value: float) -> None:
        """Write one float64 item."""
        items[at] = value

    def prefetch(items: Buffer, at: int) -> None:
        """Ask for the cache line of an eight-byte item ahead of its use."""

else:
    signed, buffer, prefetch, store64 = (cast(Any, f) for f in (_signed, _address, _prefetch, _put_eight))
    byte, put_byte = _reads(_I8, types.int64), _writes(_I8, types.int64)
    load64 = _looks_ahead(_I64, types.uint64, lambda builder, word: word)
    plain = _looks_ahead(ir.VectorType(_I8, _LANES), types.int64, _first_special)
    no_newline = _looks_ahead(ir.VectorType(_I8, _LANES), types.int64, _first_newline)
    get, put = _reads(_I64, types.int64), _writes(_I64, types.int64)
    get_hash, put_hash = _reads(_I64, types.uint64), _writes(_I64, types.uint64)
    put_number = _writes(_F64, types.float64)

    @jit_inline
    def from_item(items: Buffer, at: int) -> Buffer:
        """What lies from an eight-byte item on."""
        return items + at * 8


_NONE = np.uint64(0)


@jit_inline
def same(text: Buffer, at: int, other: Buffer, start: int, n: int) -> bool:
    """Whether two pieces of text of n bytes are the same."""
    while n >= 8:
        if load64(text, at) != load64(other, start):
            return False
        at += 8
        start += 8
        n -= 8
    return n == 0 or (load64(text, at) ^ load64(other, start)) << np.uint64(64 - 8 * n) == _NONE


@jit_inline
def copy(text: Buffer, at: int, n: int, target: Buffer, to: int) -> int:
    """Copy n bytes, and up to seven more that are to be overwritten; where the copy ends."""
    for i in range(0, n, 8):
        store64(target, to + i, load64(text, at + i))
    return to + n
