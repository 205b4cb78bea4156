"""Mails in files: single `.eml` files, Maildir folders, mbox files and folders of any of these."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from kuraban.home.mail.sources import mbox
from kuraban.home.mail.sources.model import MAX_MAIL, PREFIX, Items, RawMail, of_error, shown_place, unreadable

MAX_FOLDER_DEPTH = 12
_SUFFIXES = frozenset((".eml", ".emlx", ".msg.txt"))


def mails(path: Path) -> Items:
    """Every mail below a path, whatever kind of mailbox it is. In folders, files that are no mail are passed over."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        yield of_error(str(path), error)
        return
    if stat.S_ISDIR(mode):
        yield from _folder(path, 0)
    elif stat.S_ISREG(mode):
        yield from _file(path)
    else:
        yield unreadable(str(path), "not_a_file")


def eml(path: Path) -> Items:
    """The mail that a file is."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                yield unreadable(str(path), "not_a_file")
                return
            raw = file.read(MAX_MAIL + 1)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        yield of_error(str(path), error)
        return
    if not raw:
        yield unreadable(str(path), "empty")
        return
    whole = len(raw) <= MAX_MAIL
    yield RawMail(raw if whole else raw[:PREFIX], shown_place(str(path)), max(size, len(raw)), whole)


def maildir(path: Path) -> Items:
    """The mails of a Maildir, read and unread; flags and places are left as they are."""
    for name in ("cur", "new"):
        for file in _sorted(path / name):
            if not file.name.startswith("."):
                yield from eml(file)


def is_maildir(path: Path) -> bool:
    """Whether a folder is a Maildir."""
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _file(path: Path) -> Items:
    try:
        with path.open("rb") as file:
            start = file.read(5)
    except OSError as error:
        yield of_error(str(path), error)
        return
    yield from (mbox.mails(path) if start == b"From " else eml(path))


def _folder(path: Path, depth: int) -> Items:
    if is_maildir(path):
        yield from maildir(path)
        for below in _sorted(path):
            if below.name.startswith(".") and below.is_dir() and is_maildir(below):
                yield from maildir(below)
        return
    for entry in _sorted(path):
        if entry.is_symlink() or entry.name.startswith("."):
            continue  # a link could lead out of the folder the owner meant, or round in circles
        if entry.is_dir():
            if depth < MAX_FOLDER_DEPTH:
                yield from _folder(entry, depth + 1)
        elif _mail(entry):
            yield from _file(entry)


def _mail(path: Path) -> bool:
    """Whether a file in a folder is taken for mail: by its name, or by the separator an mbox begins with."""
    if path.suffix.lower() in _SUFFIXES or path.name.endswith(".mbox"):
        return True
    try:
        with path.open("rb") as file:
            return mbox.separates(file.readline(mbox.MAX_SEPARATOR))
    except OSError:
        return False


def _sorted(path: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(path))
    except OSError:
        return
    for name in names:
        yield path / name
