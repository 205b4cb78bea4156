"""What the query of a page's address says; what makes no sense there counts as not said."""

from collections.abc import Collection
from typing import TypeVar

T = TypeVar("T")


def whole(word: str | None, most: int = 10_000_000) -> int:
    """A whole number, 0 where there is none."""
    return min(int(word[:12]), most) if word and word.isascii() and word.isdigit() else 0


def choice(word: str | None, among: Collection[str], default: T) -> "str | T":
    """One of some words."""
    return word if word is not None and word in among else default
