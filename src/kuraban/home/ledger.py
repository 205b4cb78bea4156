"""Records that are only ever added to: one JSON line each, private to the user, whole again after a crash."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from kuraban.home.model import Unreadable, Words

MAX_BYTES = 4 << 20
T = TypeVar("T", bound=msgspec.Struct)


def append(path: Path, entry: msgspec.Struct) -> None:
    """Adds one line, on the disk before this returns. Raises `OSError`; a symbolic link is refused."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path, flags, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        length = file.seek(0, os.SEEK_END)
        torn = b""
        if length:
            file.seek(length - 1)
            torn = b"" if file.read(1) == b"\n" else b"\n"  # the line before was cut off: begin a new one
        file.write(torn + msgspec.json.encode(entry) + b"\n")
        os.fsync(file.fileno())


def read(path: Path, kind: type[T]) -> tuple[list[T], list[Unreadable]]:
    """All lines in order, and those that cannot be read; both empty where there is no record yet."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return [], []
    except OSError as error:
        why = error.strerror or type(error).__name__
        words = Words(f"記録を読めません({why})", f"the record cannot be read: {why}")
        return [], [Unreadable(str(path), "io", words)]
    entries: list[T] = []
    unreadable: list[Unreadable] = []
    if len(raw) > MAX_BYTES:
        words = Words("記録が大きすぎます", "the record is too large: what comes later was not read")
        unreadable.append(Unreadable(str(path), "too_large", words))
    decoder = msgspec.json.Decoder(kind)
    for number, line in enumerate(raw[:MAX_BYTES].split(b"\n"), 1):
        if line.strip():
            try:
                entries.append(decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError):
                words = Words(f"記録の{number}行目を読めません", f"line {number} of the record cannot be read")
                unreadable.append(Unreadable(f"{path}:{number}", "bad_line", words))
    return entries, unreadable
