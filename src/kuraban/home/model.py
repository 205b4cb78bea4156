"""What the owner's side talks about: mails with their authenticity, facts of mails and exports, words for people.

Every source (a mail, a row of a CSV export) ends as `Fact`s: events of the project's one vocabulary, with where they
came from and how sure the reading is. Nothing here holds a password, a one-time code or a whole message.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from kuraban.events import Event


class Words(msgspec.Struct, frozen=True):
    """One sentence for people, in both languages."""

    ja: str
    en: str


class Verdict(StrEnum):
    """How far a mail can be believed."""

    VERIFIED = "verified"  # provably from the broker's own domain
    UNVERIFIED = "unverified"  # could be, cannot be proved
    FORGED = "forged"  # claims to be the broker's and provably is not, or was tampered with
    LOOKALIKE = "lookalike"  # from, or leading to, an address made to be mistaken for the broker's


class Why(msgspec.Struct, frozen=True):
    """A reason of a verdict: a stable code, and the sentence that says it."""

    code: str
    words: Words


class Authenticity(msgspec.Struct, frozen=True):
    """A verdict with its reasons, weightiest first. broker: the one that is claimed, None where none is."""

    verdict: Verdict
    broker: str | None
    why: tuple[Why, ...]


class Certainty(StrEnum):
    """How sure the reading of a fact is."""

    CERTAIN = "certain"  # a known format
    UNCERTAIN = "uncertain"  # recognised by general marks only


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One event as a mail or an export states it.

    event: its `account` is the owner's own label of the account (by default the broker's key), its `id` is stable: the
    same mail or row read twice gives the same id. dated_only: the source gives a date and no time of day.
    origin: where it was read, e.g. `mail:<sha256>` or `csv:<file name>:<line>`. seen: when the mail arrived or the file
    was read. authenticity: None for exports.
    """

    event: Event
    broker: str
    certainty: Certainty
    origin: str
    seen: datetime
    dated_only: bool = False
    authenticity: Authenticity | None = None
    summary: Words | None = None


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One mail after reading: who sent it, how far it can be believed, which notice it is and what it states.

    origin: `mail:<sha256 of the raw message>`. place: where it lies (path, or `imap:folder:uid`). received: the time
    the owner's own provider noted, None where unknown. kind: `login`, `execution`, `withdrawal`, `cash`, `setting`,
    `order`, `code`, `margin_call`, `plan`, `advertising` or None where unrecognised. format: id of the format that
    read it.
    """

    origin: str
    place: str
    received: datetime | None
    sent: datetime | None
    sender: str
    sender_name: str
    subject: str
    authenticity: Authenticity
    kind: str | None = None
    format: str | None = None
    facts: tuple[Fact, ...] = ()
    problems: tuple[Words, ...] = ()


class Unreadable(msgspec.Struct, frozen=True):
    """Something that could not be read, and why. Never raised: it is shown to the owner."""

    place: str
    code: str
    words: Words
