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
        found = msgspec.json.decode(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)), type=kind)
        _check_numbers(found)
    except (ValueError, msgspec.DecodeError):
        raise ProblemError(400, "invalid-request", "the cursor is not one of ours") from None
    return found


def _check_numbers(place: object) -> None:
    """Raise ValueError where a number is larger than any that a database knows."""
    for each in place if isinstance(place, tuple | list) else (place,):
        if isinstance(each, int) and abs(each) >= 2**63:
            raise ValueError(each)


def whole(word: str | bytes, most: int) -> int | None:
    """A whole number from 1 to `most` as it is written, None for anything else."""
    if not (word.isascii() and word.isdigit()) or len(word) > len(str(most)):
        return None
    return int(word) if 1 <= int(word) <= most else None


def limit(word: str | None, most: int = 500, default: int = 50) -> int:
    """How many items a page has. Raises `ProblemError`."""
    if word is None:
        return default
    found = whole(word, most)
    if found is None:
        raise ProblemError(400, "invalid-request", f"limit is a whole number from 1 to {most}")
    return found
