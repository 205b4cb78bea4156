"""Cursors: where a page ended, as an opaque word. Nobody has to be kept from making one up: it holds no secret."""

import base64
from typing import TypeVar

import msgspec

from kuraban.server.problems import ProblemError

T = TypeVar("T")


def cursor(place: object) -> str:
    """The word for a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place(word: str | None, kind: type[T]) -> T | None:
    """The place of a word, None where there is none. Raises `ProblemError`."""
    if word is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)), type=kind)
    except (ValueError, msgspec.DecodeError):
        raise ProblemError(400, "invalid-request", "the cursor is not one of ours") from None


def limit(word: str | None, most: int = 500, default: int = 50) -> int:
    """How many items a page has. Raises `ProblemError`."""
    if word is None:
        return default
    if not (word.isascii() and word.isdigit()) or not 1 <= int(word[:9]) <= most:
        raise ProblemError(400, "invalid-request", f"limit is a whole number from 1 to {most}")
    return int(word)
