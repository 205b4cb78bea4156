"""A file of the owner's that both he and the pages write: opened with its version, saved only over that version."""

import hashlib
import threading
from pathlib import Path
from typing import NamedTuple

from kuraban.home import tomlfile
from kuraban.home.folder import Folder
from kuraban.home.problems import HomeError

NONE = "none"
_saving = threading.Lock()


class Opened(NamedTuple):
    """What the file held when it was read. version: of its bytes, `NONE` where there is no file."""

    text: str
    version: str


class ChangedError(Exception):
    """The file is another than the one that was opened: nothing was written."""


def opened(path: Path) -> Opened:
    """The file as it is now. Raises `HomeError` where it is there and cannot be read."""
    if not path.exists():
        return Opened("", NONE)
    text = tomlfile.text_of(path)
    return Opened(text, hashlib.sha256(text.encode()).hexdigest()[:32])


def save(folder: Folder, path: Path, version: str, text: str) -> None:
    """Replace the version that was opened, whole and private to the owner. Raises `ChangedError`, `HomeError`.

    Where the owner's file is a link to one he keeps elsewhere, that one is written.
    """
    if len(text.encode()) > tomlfile.MOST_BYTES:
        raise HomeError.of(f"{path} が大きくなりすぎます(1 MiB まで)", f"{path} would be larger than 1 MiB")
    with _saving:
        now = opened(path)
        if now.version != version:
            raise ChangedError
        if now.text != text:
            folder.write(path.resolve(), text)
