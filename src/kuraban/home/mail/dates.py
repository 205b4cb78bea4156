"""When a mail was sent, by its sender's clock, and when it arrived, by the owner's provider's."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kuraban.home.mail.headers import Headers, unfold

_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def sent(head: Headers) -> datetime | None:
    """The Date field; None where there is none that makes sense."""
    return _parsed(unfold(head.first("date")))


def received(head: Headers) -> datetime | None:
    """The time in the topmost Received field, the only one the sender cannot have written; None where there is none."""
    value = unfold(head.first("received"))
    return _parsed(value.rpartition(b";")[2]) if b";" in value else None


def _parsed(value: bytes) -> datetime | None:
    text = re.sub(r"\([^()]*\)", "", value[:200].decode("ascii", "replace")).strip()
    try:
        found = parsedate_to_datetime(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        return found if _EARLIEST <= found < _LATEST else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
