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
# What mails in a broker's own name speak of. Others, point sites above all, name one in brackets too, and daily.
_PRESSING = re.compile(
    r"重要|緊急|至急|必読|警告|確認|安全|セキュリティ|ログイン|認証|補償|制限|停止|更新|異常|不正|パスワード|電話番号|未読"
    r"|配当金|約定|入金されました|報告書|MFA|urgent|verify|suspend|security|confirm",
    re.IGNORECASE,
)
_BODY = 8_000  # characters looked at


class Claim(NamedTuple):
    """A broker that a mail claims to be. by: `address`, `name`, `subject` or `words`; sure: nobody else is meant."""

    broker: Broker
    by: str
    sure: bool


def plain(text: str) -> str:
    """A text without what the eye does not see: case, widths, blanks, invisible characters, variant forms."""
    return _bare(text).casefold()


def _bare(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text).translate(_VARIANTS))


class _Name(NamedTuple):
    """One name of a broker, as it stands and as its skeleton. sure: it names the firm, not a word others use too."""

    broker: Broker
    text: str
    skeleton: str
    sure: bool


def _names() -> tuple[_Name, ...]:
    found = []
    for broker in BROKERS:
        for name in map(plain, broker.names):
            sure = bool(_FIRM.search(name)) or "." in name or "-" in name
            found.append(_Name(broker, name, skeleton(name), sure))
    # Sure names first, long ones first: 三菱UFJeスマート証券 before any shorter name within it.
    return tuple(sorted(found, key=lambda name: (not name.sure, -len(name.text))))


_NAMES = _names()


def _named(text: str) -> _Name | None:
    """The broker that is named in a short text, also in letters that merely look the same."""
    bare = _bare(text)
    like = skeleton(bare) if not bare.isascii() else ""
    folded = bare.casefold()
    for name in _NAMES:
        if name.text in folded or (like and name.skeleton in like):
            return name
    return None


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
        elif (named := _named(sender.name)) is not None:
            claims.append(Claim(named.broker, "name", named.sure))
    return claims


def of_subject(subject: str) -> Claim | None:
    """What the subject claims: sure where a firm stands at its head in brackets and it speaks of the account."""
    head = _BRACKETS.match(subject)
    if head is not None and (named := _named(head.group())) is not None:
        return Claim(named.broker, "subject", named.sure and _PRESSING.search(subject) is not None)
    named = _named(subject)
    return Claim(named.broker, "subject", False) if named is not None else None


def of_words(text: str) -> Claim | None:
    """The broker that the text names, which never is more than a hint."""
    folded = unicodedata.normalize("NFKC", text[:_BODY]).casefold()
    named = next((name for name in _NAMES if name.text in folded), None)
    return Claim(named.broker, "words", False) if named is not None else None
