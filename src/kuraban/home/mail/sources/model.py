"""What every source yields."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from kuraban.home.model import Unreadable, Words

MAX_MAIL = 4 * 1024 * 1024  # bytes that are read whole; ten times the largest notice, and DKIM needs the whole
PREFIX = 512 * 1024  # bytes read of a larger mail


class RawMail(NamedTuple):
    """One mail as it lies.

    size: bytes of the whole; whole: whether `raw` is all of it. arrived: where the source knows.
    """

    raw: bytes
    place: str
    size: int
    whole: bool = True
    arrived: datetime | None = None


Item = RawMail | Unreadable
Items = Iterator[Item]

_WORDS = {
    "missing": Words("ファイルがありません", "there is no such file"),
    "not_allowed": Words("読む権限がありません", "reading it is not allowed"),
    "io": Words("読み取り中にエラーが起きました", "an error occurred while reading"),
    "not_a_file": Words("ファイルではありません", "this is not a file"),
    "empty": Words("中身がありません", "it is empty"),
    "no_mailbox": Words("メールの保存場所ではありません", "this is no mailbox"),
    "no_separator": Words("mbox の区切りが見つかりません", "no separator of an mbox was found"),
}


def unreadable(place: str, code: str) -> Unreadable:
    """What to say of something that cannot be read."""
    return Unreadable(shown_place(place), code, _WORDS[code])


def of_error(place: str, error: OSError) -> Unreadable:
    """What to say of an error of the system, without its text, which may hold more than the owner wants to share."""
    if isinstance(error, FileNotFoundError):
        return unreadable(place, "missing")
    return unreadable(place, "not_allowed" if isinstance(error, PermissionError) else "io")


def shown_place(place: str) -> str:
    """A place for people: file names may hold bytes that are no text and characters that are no letters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]", "�", place)[-300:]
