"""Compilation of the core by Numba, and the cache it is kept in.

Numba keys a cached function by its own source file only, so a change in a callee's file would leave a stale caller
behind. The cache folder therefore carries a digest of every source file that is compiled: change one, and all
are compiled afresh. `NUMBA_DISABLE_JIT=1` runs the same functions interpreted (slow; for tests and debugging).
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_config: Any = numba.config  # it sets its attributes at run time
F = TypeVar("F", bound=Callable[..., Any])
# Compiled code takes NumPy's numbers for Python's and the other way round; these say what is meant.
Int = Any
Float = Any
Flag = Any
Row = Any  # one record of a structured array; its fields are those of the dtype (see `profile` and `layout`)

_PACKAGE = Path(__file__).resolve().parent.parent
_COMPILED = ("core", "columns", "reference")


def _digest() -> str:
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    # Constants are compiled in wherever they stand: every file of the parts with compiled code counts.
    files = [path for part in _COMPILED for path in (_PACKAGE / part).rglob("*.py")]
    for path in sorted([*files, _PACKAGE / "events.py"]):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where compiled code is kept: under `XDG_CACHE_HOME`, or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "kuraban" / f"compiled-{_digest()}"


if "NUMBA_CACHE_DIR" not in os.environ:
    _config.CACHE_DIR = str(cache_folder())

interpreted: bool = bool(_config.DISABLE_JIT)


def compiled_before() -> bool:
    """Whether an earlier run has left compiled code to load."""
    return interpreted or any(Path(_config.CACHE_DIR).glob("*/*.nbi"))


def _can_keep() -> bool:
    """Whether compiled code can be kept: Numba refuses to cache where it cannot write, be it to read only."""
    try:
        Path(_config.CACHE_DIR).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=_config.CACHE_DIR).close()
    except OSError:
        return False
    return True


_CACHED = _can_keep()


def jit(function: F) -> F:
    """Compile `function` on its first call (cached on disk where that can be written to, the interpreter lock released
    while it runs)."""
    compiled: Any = numba.njit(cache=_CACHED, nogil=True, error_model="numpy")(function)
    return cast(F, compiled)
