"""Which broker a mail claims to come from, and by what: its address, the name it shows, its subject, its words."""

import re
import unicodedata
from typing import NamedTuple

from kuraban.home.mail import brokers
from kuraban.home.mail.authenticity import likeness
from kuraban.home.mail.authenticity.domains import skeleton
from kuraban.home.mail.authenticity.sender import Sender
from kuraban.home.mail.brokers import BROKERS, Broker

# Letters of other scripts and simplified forms that pass for the ones of a firm's name.
_VARIANTS = str.maketrans("证證卷劵絭樂乐", "証証券券券楽楽")
_UNSEEN = re.compile(r"[\s\u00ad\u034f\u115f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u3164\ufe00-\ufe0f\ufeff・･]")
_FIRM = re.compile(r"証券|securities|brokers")
_BRACKETS = re.compile(
    r"^\s*(?:(?:re|fw|fwd)\s*:\s*)*(?:[【\[［(（<＜][^】\]］)）>＞]{0,40}[】\]］)）>＞]\s*){1,3}", re.IGNORECASE
)
_BODY = 20_000  # characters looked at


class Claim(NamedTuple):
    """A broker that a mail claims to be. by: `address`, `name`, `subject` or `words`; sure: nobody else is meant."""

    broker: Broker
    by: str
    sure: bool


def plain(text: str) -> str:
    """A text without what the eye does not see: widths, blanks, invisible characters, look-alike forms."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_VARIANTS)
    return _UNSEEN.sub("", folded)


_NAMES = tuple((broker, tuple(plain(name) for name in broker.names)) for broker in BROKERS)


def _named(text: str) -> tuple[Broker, bool] | None:
    """The broker that is named in a text (already `plain`), and whether it is named as the firm."""
    found: tuple[Broker, bool] | None = None
    like: str | None = None
    for broker, names in _NAMES:
        for name in names:
            if name in text:
                matched = True
            elif name.isascii() and len(name) > 5 and not text.isascii():
                like = like or skeleton(text)
                matched = skeleton(name) in like
            else:
                matched = False
            if matched and (sure := bool(_FIRM.search(name)) or "." in name or "-" in name):
                return broker, sure
            if matched and found is None:
                found = broker, False
    return found


def of_sender(sender: Sender) -> list[Claim]:
    """What the From field claims, by its address and by the name it shows."""
    claims = []
    by_address = brokers.of_address(sender.address) or brokers.of_host(sender.domain)
    if by_address is not None:
        claims.append(Claim(by_address, "address", True))
    others = [broker for other in sender.others if (broker := brokers.of_address(other)) is not None]
    if others:
        claims.append(Claim(others[0], "address", True))
    if sender.name:
        shown = likeness.official_in(sender.name)
        if shown is not None:
            claims.append(Claim(shown, "name", True))
        elif (named := _named(plain(sender.name))) is not None:
            claims.append(Claim(named[0], "name", named[1]))
    return claims


def of_subject(subject: str) -> Claim | None:
    """What the subject claims: sure where a firm stands at its head in brackets, as brokers write theirs."""
    head = _BRACKETS.match(subject)
    if head is not None and (named := _named(plain(head.group()))) is not None:
        return Claim(named[0], "subject", named[1])
    named = _named(plain(subject))
    return Claim(named[0], "subject", False) if named is not None else None


def of_words(text: str) -> Claim | None:
    """The broker that the text names, which never is more than a hint."""
    named = _named(plain(text[:_BODY]))
    return Claim(named[0], "words", False) if named is not None else None
