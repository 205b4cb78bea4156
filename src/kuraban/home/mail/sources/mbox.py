"""mbox: one mail after another in a file of any size, read in a stream with memory for a single mail.

The separator (`From ` with a sender, a date and a time at the start of a line) is not escaped reliably by the programs
that write it. A line is taken for one where it has that form and follows a blank line, or has the exact form of the
common programs; `From ` at the start of any other line is text. One `>` is taken off lines of `>From `, which writers
put there (mboxrd). A program that escapes nothing lets the text of a mail pass for mails of its own, trust marks
included: such a file proves nothing but by signatures.
"""

import re
from pathlib import Path
from typing import BinaryIO

from kuraban.home.mail.sources.model import MAX_MAIL, PREFIX, Item, Items, RawMail, of_error, shown_place, unreadable

MAX_SEPARATOR = 400
_CHUNK = 1 << 16
_SEPARATOR = re.compile(rb"From (?=.{0,300}\b(?:19|20)\d\d\b).{0,300}\b\d{1,2}:\d\d\b")
_DATED = re.compile(rb"From \S+ +[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d(?::\d\d)?.* (?:19|20)\d\d")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def separates(line: bytes) -> bool:
    """Whether a line has the form of a separator."""
    return len(line) < MAX_SEPARATOR and line.startswith(b"From ") and _SEPARATOR.match(line) is not None


def mails(path: Path) -> Items:
    """The mails of an mbox file, in order. Place: the file's path and the mail's number from 1."""
    try:
        with path.open("rb") as file:
            yield from _mails(file, str(path))
    except OSError as error:
        yield of_error(str(path), error)


def _mails(file: BinaryIO, path: str) -> Items:
    number, kept, size = 0, bytearray(), 0
    blank, begun, lines_before = True, False, False
    while line := file.readline(_CHUNK):
        starts = blank if not _DATED.match(line[:MAX_SEPARATOR]) else True
        if starts and separates(line):
            if begun:
                number += 1
                yield _mail(kept, size, f"{path}#{number}")
            kept, size, begun = bytearray(), 0, True
        elif begun:
            size += len(line)
            if len(kept) <= MAX_MAIL:
                kept += line
        else:
            lines_before = lines_before or bool(line.strip())
        blank = line in (b"\n", b"\r\n")
        # A line longer than a chunk comes in pieces, the next of which does not begin a line.
        while not line.endswith(b"\n") and (line := file.readline(_CHUNK)):
            blank = False
            size += len(line) if begun else 0
            if begun and len(kept) <= MAX_MAIL:
                kept += line
    if begun:
        yield _mail(kept, size, f"{path}#{number + 1}")
    if lines_before or not begun:
        yield unreadable(path, "no_separator" if lines_before else "empty")


def _mail(kept: bytearray, size: int, place: str) -> Item:
    if not kept.strip():
        return unreadable(place, "empty")
    whole = size <= MAX_MAIL
    raw = bytes(kept if whole else kept[:PREFIX])
    # The blank line before the next separator belongs to the file, not to the mail.
    raw = raw[:-2] if raw.endswith(b"\r\n\r\n") else raw.removesuffix(b"\n") if raw.endswith(b"\n\n") else raw
    return RawMail(_ESCAPED.sub(rb"\1", raw), shown_place(place), size, whole)
