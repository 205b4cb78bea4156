"""The data folder's own secret, which signs owners' links, verdicts and pseudonyms; made on first use.

It comes to its place whole or not at all: an empty one would sign as well, and everybody could sign with it.
"""

import contextlib
import os
import secrets
from pathlib import Path

FILE = "secret"
_BYTES = 32


class SecretError(Exception):
    """A secret that cannot be one; the message says what to do."""


def load(folder: Path) -> bytes:
    """The secret, readable by its owner alone. Raises `SecretError`, OSError."""
    path = folder / FILE
    with contextlib.suppress(FileNotFoundError):
        return _checked(path)
    _make(path)
    return _checked(path)


def _checked(path: Path) -> bytes:
    found = path.read_bytes()
    if len(found) != _BYTES:
        raise SecretError(
            f"{path} has {len(found):,} bytes instead of {_BYTES}: it was cut short or replaced. Restore it from a"
            " backup; or remove it, and a new one is made: links that owners were sent then no longer work"
        )
    return found


def _make(path: Path) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its secret stands
            os.link(unfinished, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        unfinished.unlink(missing_ok=True)
