"""A finding: one thing to tell the owner, how urgent it is, what it is about and what to do."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from kuraban.home.model import Words


class Level(StrEnum):
    """How a finding reaches the owner."""

    INFO = "info"  # in the weekly digest
    ASK = "ask"  # a question: was this you?
    ALARM = "alarm"  # act now; repeated until acknowledged


class Kind(StrEnum):
    """What a finding is about."""

    ACTS = "acts"  # logins, orders, pulls over the bank link that do not look like the owner's
    WITHDRAWAL = "withdrawal"
    SETTINGS = "settings"
    MISSING_NOTICE = "missing_notice"  # in the broker's history, and no notice came
    PHANTOM_NOTICE = "phantom_notice"  # a notice of something the broker's history does not have
    SILENCE = "silence"  # something that comes regularly did not
    MAILBOX = "mailbox"  # a mailbox that cannot be read
    GAP = "gap"  # the watcher was not running
    FORGED = "forged"  # mails that pretend to be a broker's
    UNREADABLE = "unreadable"


NOT_AN_ACT = frozenset({Kind.MAILBOX, Kind.GAP, Kind.UNREADABLE, Kind.FORGED})  # nobody's doing: only noted
RANK = {Level.INFO: 0, Level.ASK: 1, Level.ALARM: 2}


SHOWN_ACTS = 8


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One act of a finding. words: when and what; why: what stands out in it; about: ids of its events."""

    words: Words
    time: datetime
    about: tuple[str, ...]
    why: tuple[Words, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell.

    id: the same whenever the same things are found again. about: ids of the events or origins of the mails it is
    about. sentence: one clear sentence; details: why it stands out as a whole; acts: all that it is about, purchases
    first; todo: what to do, first thing first. probability: that somebody else acts, exposure: what he can still take
    (JPY); 0 where that is not the matter.
    """

    id: str
    kind: Kind
    level: Level
    account: str | None
    first: datetime
    last: datetime
    about: tuple[str, ...]
    sentence: Words
    details: tuple[Words, ...] = ()
    acts: tuple[Told, ...] = ()
    todo: tuple[Words, ...] = ()
    probability: float = 0.0
    exposure: float = 0.0

    @property
    def listed(self) -> tuple[Told, ...]:
        """The acts that are worth a list: not the one withdrawal or change that the sentence names already."""
        return self.acts if self.kind is Kind.ACTS or len(self.acts) > 1 else ()


def few_acts(finding: Finding) -> tuple[tuple[Words, ...], int]:
    """The first of its acts in words, and how many more there are."""
    return tuple(told.words for told in finding.listed[:SHOWN_ACTS]), max(0, len(finding.listed) - SHOWN_ACTS)


def and_more(count: int) -> Words:
    """That a list goes on."""
    return Words(f"ほか{count}件", f"and {count} more")


def finding_id(kind: Kind, account: str | None, trigger: str) -> str:
    """A short id that people can type: five letters and digits of a hash of what set it off."""
    digest = hashlib.sha256(f"{kind}\0{account or ''}\0{trigger}".encode()).digest()
    number = int.from_bytes(digest[:5], "big")
    alphabet = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
    return "".join(alphabet[number // 31**k % 31] for k in range(6))


def worst(findings: Iterable[Finding]) -> Level:
    """The most urgent level among them; INFO where there is none."""
    return max((finding.level for finding in findings), key=RANK.__getitem__, default=Level.INFO)


CALL = Words(
    "公式アプリかブックマークから証券会社に連絡し、口座のロックと注文の取消を頼む(メールのリンクや番号は使わない)",
    "reach the broker by its own app or your bookmark and have the account locked and working orders cancelled"
    " (use no link or number from a mail)",
)
LOOK = Words(
    "公式アプリかブックマークからログインし、取引履歴と出金先を確かめる",
    "log in by the broker's own app or your bookmark and look at the history and the payout account",
)
WALK = Words(
    "`kuraban home incident` で最初の1時間の手順を見る", "`kuraban home incident` walks you through the first hour"
)


def known_todo(finding: str) -> Words:
    """How to answer where something did not come."""
    return Words(
        f"理由が分かっていれば(自分で止めた、計画をやめた)`kuraban home answer {finding} mine`、"
        f"分からなければ `kuraban home answer {finding} not-mine`",
        f"if you know why (you switched it off, the plan ended): `kuraban home answer {finding} mine`;"
        f" if not: `kuraban home answer {finding} not-mine`",
    )


def answer_todo(finding: str) -> Words:
    """How to answer a question."""
    return Words(
        f"自分の操作なら `kuraban home answer {finding} mine`、違うなら `kuraban home answer {finding} not-mine`",
        f"if it was you: `kuraban home answer {finding} mine`; if not: `kuraban home answer {finding} not-mine`",
    )
