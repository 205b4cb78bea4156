"""Bytes of an export as lines of text: encoding by content, one line at a time, memory bounded."""

import codecs
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

SAMPLE = 1 << 16  # bytes looked at to tell the encoding and the delimiter
MAX_LINE = 1 << 16  # characters


class Line(NamedTuple):
    """One physical line without its end. problem: `too_long` or `bad_encoding`, None for a sound line."""

    number: int
    text: str
    problem: str | None = None


class SourceError(ValueError):
    """A source that cannot be read at all; code: `missing`, `not_a_file`, `not_allowed`, `io`."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def opened(source: Path | bytes) -> BinaryIO:
    """The source for reading. A device or pipe is refused, so that no file name can make the reader wait forever.

    Raises `SourceError`.
    """
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        handle = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise SourceError("missing") from None
    except PermissionError:
        raise SourceError("not_allowed") from None
    except (OSError, ValueError):
        raise SourceError("io") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise SourceError("not_a_file")
    return os.fdopen(handle, "rb")


def encoding_of(sample: bytes) -> str:
    """The encoding by content: a byte-order mark, else UTF-8 if the sample is valid UTF-8, else CP932 (Shift_JIS)."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if sample.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=False)
    except UnicodeDecodeError:
        return "cp932"
    return "utf-8"


def lines(file: BinaryIO) -> Iterator[Line]:
    """Every physical line in order, numbered from 1; closes the file at the end. A line of any
    length costs at most MAX_LINE characters of memory.

    A sample of pure ASCII tells nothing of what follows: a line that is not valid in the chosen encoding is tried in
    the other one before it is called broken.
    """
    encoding = encoding_of(file.read(SAMPLE))
    file.seek(0)
    escape = "replace" if encoding == "utf-16" else "surrogateescape"
    with io.TextIOWrapper(file, encoding=encoding, errors=escape, newline=None) as text:
        number = 0
        while piece := text.readline(MAX_LINE):
            number += 1
            too_long = len(piece) == MAX_LINE and not piece.endswith("\n")
            while too_long and (rest := text.readline(MAX_LINE)) and not rest.endswith("\n"):
                pass
            body = piece.rstrip("\n")
            if too_long:
                yield Line(number, body[:200], "too_long")
            elif body.isascii():
                yield Line(number, body)
            else:
                yield _sound(number, body, encoding)


def _sound(number: int, text: str, encoding: str) -> Line:
    if encoding == "utf-16":
        return Line(number, text, "bad_encoding" if "\ufffd" in text else None)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # bytes that the encoding does not know were kept as lone surrogates
        other = "cp932" if encoding.startswith("utf-8") else "utf-8"
        try:
            raw = text.encode(encoding.removesuffix("-sig"), errors="surrogateescape")
            return Line(number, raw.decode(other))
        except UnicodeError:
            return Line(
                number, "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text), "bad_encoding"
            )
    return Line(number, text)
