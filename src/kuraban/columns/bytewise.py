"""Reading bytes several at a time: the few operations that Numba has no words for.

Each is one or two machine instructions when compiled; interpreted, each has a plain Python twin that gives the same
result. All of them read up to `PAD` bytes from the position given, so every buffer ends with that many spare bytes.
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

F = TypeVar("F", bound=Callable[..., Any])


def jit_inline(function: F) -> F:
    """Compile into every caller: an array costs seven arguments, more than what the small functions here do."""
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)
    return cast(F, compiled)


@jit_inline
def signed(number: Any) -> int:
    """The number as int64, which is what positions are: Numba makes a float of int64 and uint64 together."""
    return np.int64(number)  # type: ignore[return-value]


ir: Any = llvmlite.ir  # it has annotations for some of what it does only
_LANES = 32
_I8, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def _pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.gep(array.data, [args[1]])


def _load(context: Any, builder: Any, signature: Any, args: Any, kind: Any) -> Any:
    pointer = _pointer(context, builder, signature, args)
    loaded = builder.load(builder.bitcast(pointer, kind.as_pointer()))
    loaded.align = 1
    return loaded


def _lanes(value: int) -> Any:
    return ir.Constant(ir.VectorType(_I8, _LANES), [ir.Constant(_I8, value)] * _LANES)


def _first_set(builder: Any, lanes: Any) -> Any:
    """Position of the first true lane, `_LANES` where there is none."""
    mask = builder.bitcast(lanes, _I32)
    return builder.zext(builder.cttz(mask, ir.Constant(ir.IntType(1), 0)), _I64)


@intrinsic
def _load64(typing_context: Any, text: Any, at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _load(context, builder, signature, args, _I64)

    return types.uint64(text, types.intp), code


@intrinsic
def _plain(typing_context: Any, text: Any, at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        window = _load(context, builder, signature, args, ir.VectorType(_I8, _LANES))
        quote = builder.icmp_unsigned("==", window, _lanes(ord('"')))
        backslash = builder.icmp_unsigned("==", window, _lanes(ord("\\")))
        # Signed: below 0x20 are the control characters and, being negative, every byte of a non-ASCII character.
        special = builder.icmp_signed("<", window, _lanes(0x20))
        return _first_set(builder, builder.or_(builder.or_(quote, backslash), special))

    return types.intp(text, types.intp), code


@intrinsic
def _no_newline(typing_context: Any, text: Any, at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        window = _load(context, builder, signature, args, ir.VectorType(_I8, _LANES))
        return _first_set(builder, builder.icmp_unsigned("==", window, _lanes(ord("\n"))))

    return types.intp(text, types.intp), code


@intrinsic
def _prefetch(typing_context: Any, items: Any, at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.bitcast(_pointer(context, builder, signature, args), _I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [_I8.as_pointer(), _I32, _I32, _I32])
        function = builder.module.declare_intrinsic("llvm.prefetch", [_I8.as_pointer()], kind)
        builder.call(function, [pointer, ir.Constant(_I32, 0), ir.Constant(_I32, 2), ir.Constant(_I32, 1)])
        return context.get_dummy_value()

    return types.void(items, types.intp), code


if interpreted:

    def load64(text: Bytes, at: int) -> np.uint64:
        """Eight bytes as one number, the first byte lowest."""
        return np.uint64(int.from_bytes(text[at : at + 8].tobytes(), "little"))

    def plain(text: Bytes, at: int) -> int:
        """How many bytes from `at` are neither quote, backslash, control character nor non-ASCII, 32 at most."""
        window = text[at : at + _LANES]
        special = (window == ord('"')) | (window == ord("\\")) | (window < 0x20) | (window >= 0x80)
        return int(np.argmax(special)) if special.any() else _LANES

    def no_newline(text: Bytes, at: int) -> int:
        """How many bytes from `at` come before a newline, 32 at most."""
        found = text[at : at + _LANES] == ord("\n")
        return int(np.argmax(found)) if found.any() else _LANES

    def prefetch(items: NDArray[Any], at: int) -> None:
        """Ask for an item's cache line ahead of its use."""

else:
    load64, plain, no_newline, prefetch = (cast(Any, f) for f in (_load64, _plain, _no_newline, _prefetch))
