"""The record of what was done and when: one line a step, only ever added to, private to the user."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from kuraban.home.hardening.model import Done
from kuraban.home.model import Unreadable, Words

MAX_BYTES = 4 << 20
_decoder = msgspec.json.Decoder(Done)


def append(path: Path, done: Done) -> None:
    """Adds one line, on the disk before this returns. Raises `OSError`."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        torn = os.fstat(handle).st_size > 0 and os.pread(handle, 1, os.fstat(handle).st_size - 1) != b"\n"
        os.write(handle, (b"\n" if torn else b"") + msgspec.json.encode(done) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> tuple[list[Done], list[Unreadable]]:
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
    done: list[Done] = []
    unreadable: list[Unreadable] = []
    if len(raw) > MAX_BYTES:
        words = Words("記録が大きすぎます", "the record is too large: what comes later was not read")
        unreadable.append(Unreadable(str(path), "too_large", words))
    for number, line in enumerate(raw[:MAX_BYTES].splitlines(), 1):
        if line.strip():
            try:
                done.append(_decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError):
                words = Words(f"記録の{number}行目を読めません", f"line {number} of the record cannot be read")
                unreadable.append(Unreadable(f"{path}:{number}", "bad_line", words))
    return done, unreadable


def latest(done: Iterable[Done]) -> dict[tuple[str, str], Done]:
    """What holds now for each step and thing: the line written last, none where that took it back."""
    now: dict[tuple[str, str], Done] = {}
    for one in done:
        if one.state == "undone":
            now.pop((one.step, one.thing), None)
        else:
            now[one.step, one.thing] = one
    return now
