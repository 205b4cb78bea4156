"""Where lines come from: plain, gzip and zstd files and standard input, a block at a time.

A compressed file may end too early. What it held before is delivered first; then `SourceError` says what happened.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import numpy as np
import zstandard

from kuraban.columns.bytewise import PAD, Bytes
from kuraban.events import MAX_LINE

BLOCK = 4 << 20  # bytes of text at a time
TAIL = 4 << 20  # spare room behind a block, for strings that had escapes

_GZIP_BLOCK = 1 << 18
_ZSTD_BLOCK = 1 << 16
_ZSTD_PIECE = 1 << 9  # four bytes of zstd can stand for 128 KiB: small pieces keep what comes out of one in bounds
_MARK = b"\xef\xbb\xbf"

Fill = Callable[[memoryview], int]  # read into the memory given: how many bytes, 0 at the end


UNUSABLE = ("unreadable", "wrong_columns")  # nothing can be said of any line


class SourceError(ValueError):
    """A source that cannot be read to its end.

    code: `truncated_source`, `corrupt_source`, or one of `UNUSABLE`.
    """

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def blocks(source: str | Path) -> Iterator[tuple[Bytes, int]]:
    """The lines of a source: (uint8 array, how many of its bytes are whole lines, each with its newline).

    The array is used again for the next block, and has `TAIL` + `PAD` spare bytes at its end. A line of more than
    `MAX_LINE` bytes comes cut short, but still too long to be accepted. Raises `SourceError`.
    """
    with _opened(source) as fill:
        yield from _lines(fill)


def _lines(fill: Fill) -> Iterator[tuple[Bytes, int]]:
    text = np.zeros(BLOCK + MAX_LINE + 2 + TAIL + PAD, dtype=np.uint8)
    view = memoryview(text)  # type: ignore[arg-type]
    held = 0  # bytes of a line whose end is still to come
    first = True
    error: SourceError | None = None
    while True:
        try:
            n = _filled(fill, view[held : held + BLOCK])
        except SourceError as problem:
            n, error = 0, problem
        if n == 0:
            break
        if first and n >= len(_MARK) and view[:3] == _MARK:
            view[:3] = b"   "
        first = False
        end = held + n
        last = _last_newline(view, held, end)
        if last >= 0:
            yield text, last + 1
            held = end - last - 1
            view[:held] = bytes(view[last + 1 : end])
        else:
            held = end
        held = min(held, MAX_LINE + 1)
    if held:
        view[held] = ord("\n")
        yield text, held + 1
    if error is not None:
        raise error


def _filled(fill: Fill, view: memoryview) -> int:
    """Read until the view begins to hold something; the mark of UTF-8 is never cut in two."""
    n = fill(view)
    while 0 < n < len(_MARK):
        more = fill(view[n:])
        if more == 0:
            break
        n += more
    return n


def _last_newline(view: memoryview, first: int, end: int) -> int:
    step = 1 << 16
    while end > first:
        begin = max(first, end - step)
        found = bytes(view[begin:end]).rfind(b"\n")
        if found >= 0:
            return begin + found
        end = begin
    return -1


@contextmanager
def _opened(source: str | Path) -> Iterator[Fill]:
    if str(source) == "-":
        yield sys.stdin.buffer.readinto1  # type: ignore[union-attr]
        return
    try:
        file = Path(source).open("rb", buffering=0)  # noqa: SIM115  (closed by the with below)
    except OSError as error:
        raise SourceError("unreadable", str(error)) from error
    with file:
        suffix = Path(source).suffix.lower()
        if suffix == ".gz":
            yield _from_pieces(_gzip_pieces(file))
        elif suffix == ".zst":
            yield _from_pieces(_zstd_pieces(file))
        else:
            yield _plain(file)


def _plain(file: FileIO) -> Fill:
    def fill(view: memoryview) -> int:
        try:
            return file.readinto(view)
        except OSError as error:
            raise SourceError("unreadable", str(error)) from error

    return fill


def _from_pieces(pieces: Iterator[bytes]) -> Fill:
    rest = memoryview(b"")

    def fill(view: memoryview) -> int:
        nonlocal rest
        while not rest:
            piece = next(pieces, None)
            if piece is None:
                return 0
            rest = memoryview(piece)
        n = min(len(rest), len(view))
        view[:n] = rest[:n]
        rest = rest[n:]
        return n

    return fill


def _gzip_pieces(file: FileIO) -> Iterator[bytes]:
    """Members of gzip one after the other, each decompressed at most a block at a time."""
    raw = file.read(_GZIP_BLOCK)
    while raw:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not raw:
                raise SourceError("truncated_source", "the gzip file ends too early")
            try:
                piece = member.decompress(raw, BLOCK)
            except zlib.error as error:
                raise SourceError("corrupt_source", f"not gzip: {error}") from error
            yield piece
            raw = member.unused_data if member.eof else member.unconsumed_tail or file.read(_GZIP_BLOCK)
        raw = raw.lstrip(b"\0") or file.read(_GZIP_BLOCK)  # padding of zeros may follow a member


def _zstd_pieces(file: FileIO) -> Iterator[bytes]:
    """Frames of zstd one after the other."""
    raw = memoryview(file.read(_ZSTD_BLOCK))
    while raw:
        frame = zstandard.ZstdDecompressor().decompressobj()
        while not frame.eof:
            if not raw:
                raise SourceError("truncated_source", "the zstd file ends too early")
            try:
                piece = frame.decompress(raw[:_ZSTD_PIECE])
            except zstandard.ZstdError as error:
                raise SourceError("corrupt_source", f"not zstd: {error}") from error
            yield piece
            used = min(len(raw), _ZSTD_PIECE) - len(frame.unused_data)
            raw = raw[used:] or memoryview(file.read(_ZSTD_BLOCK))
