"""Which format a mail has, and the events it states."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from kuraban.home.mail.authenticity.domains import within
from kuraban.home.mail.formats.catalogue import FORMATS
from kuraban.home.mail.formats.model import Field, Format, Stated, Surroundings, ValueUnreadError
from kuraban.home.mail.html import tidy
from kuraban.home.model import Words

MAX_RECORDS = 200
MAX_TEXT = 100_000  # characters of a notice, ten times the longest seen
MAX_LINE = 2_000


class Reading(NamedTuple):
    """The events of a mail, and what in it could not be read."""

    stated: tuple[Stated, ...]
    problems: tuple[Words, ...]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


def plain(text: str) -> str:
    """A text as formats see it: NFKC, so that full-width digits, colons and parentheses are the ASCII ones."""
    return unicodedata.normalize("NFKC", text)


def ready(text: str) -> str:
    """A text for `find` and `read`: `plain`, blanks and line ends single, within bounds of length.

    The bounds are also what keeps the formats' expressions quick on a text that was made to keep them busy.
    """
    lines = tidy(plain(text[: 2 * MAX_TEXT])).split("\n")
    return "\n".join(line[:MAX_LINE] for line in lines)[:MAX_TEXT]


def find(address: str, subject: str, text: str) -> Format | None:
    """The format of a mail from this address, None for none that is known. subject: `plain`; text: `ready`."""
    for candidate in FORMATS:
        mine = _sends(address, candidate.senders) and _compiled(candidate.subject).search(subject)
        if mine and (not candidate.body or _compiled(candidate.body).search(text)):
            return candidate
    return None


def _sends(address: str, senders: tuple[str, ...]) -> bool:
    domain = address.rpartition("@")[2]
    return any(address == own or (own[0] == "@" and within(domain, own[1:])) for own in senders)


def read(found: Format, text: str, around: Surroundings) -> Reading:
    """The events that a mail of a format states.

    text: `ready`. A record that cannot be read is a problem, not an error.
    """
    text = around.subject if found.reads == "subject" else text
    problems: list[Words] = []
    stated: list[Stated] = []
    common, wrong = _values(found.common, text, around)
    problems.extend(wrong)
    for record in _records(found, text):
        values, wrong = _values(found.fields, record, around)
        problems.extend(wrong)
        if not problems or not wrong:
            try:
                stated.append(found.build({**found.constants, **common, **values}, around))
            except KeyError:
                problems.append(_missing(found))
    if not stated and not problems:
        problems.append(_missing(found))
    return Reading(tuple(stated), tuple(dict.fromkeys(problems)))


def _records(found: Format, text: str) -> list[str]:
    if not found.records:
        return [text]
    starts = [match.start() for match in _compiled(found.records).finditer(text)][:MAX_RECORDS]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def _values(fields: tuple[Field, ...], text: str, around: Surroundings) -> tuple[dict[str, object], list[Words]]:
    values: dict[str, object] = {}
    problems: list[Words] = []
    for field in fields:
        match = _compiled(field.pattern).search(text)
        if match is None:
            if field.required:
                problems.append(
                    Words(
                        f"項目「{field.name}」が見つかりません", f"the value `{field.name}` is not where it should be"
                    )
                )
            continue
        try:
            values[field.name] = field.read(match.group(1), around)
        except ValueUnreadError as error:
            if field.required:
                problems.append(error.words)
    return values, problems


def _missing(found: Format) -> Words:
    return Words(
        f"「{found.title.ja}」の書式が知っているものと違います", f"this differs from the known form of {found.title.en}"
    )
