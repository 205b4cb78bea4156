"""One raw mail becomes one letter: who sent it, how far it can be believed, and which events it states."""

import hashlib
import re
from datetime import datetime

from kuraban.events import Event
from kuraban.home.mail import brokers, dates, parsing
from kuraban.home.mail.authenticity import sender, verdict
from kuraban.home.mail.authenticity.sender import Sender
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.formats import general, recognition
from kuraban.home.mail.formats.model import Format, Stated, Surroundings
from kuraban.home.mail.parsing import Message
from kuraban.home.model import Authenticity, Certainty, Fact, Letter, Verdict, Words

_LIMITS = {
    "too_deep": Words("入れ子が深すぎるため途中までしか読んでいません", "nested too deep, read in part"),
    "too_many_parts": Words("部品が多すぎるため途中までしか読んでいません", "too many parts, read in part"),
    "text_too_long": Words("本文が長すぎるため途中までしか読んでいません", "the text is too long, read in part"),
    "cut": Words("大きすぎるため先頭だけを読みました", "too large, only its beginning was read"),
}
_DECEITFUL = (Verdict.FORGED, Verdict.LOOKALIKE)


def read_letter(
    raw: bytes,
    place: str,
    context: MailContext,
    *,
    whole: bool = True,
    arrived: datetime | None = None,
) -> Letter:
    """Read one mail; one that breaks the reader becomes a letter that says so, and is never believed.

    place: where it lies, for people. whole: False where `raw` is only the beginning of a mail too large to be read.
    arrived: when it came, by the mailbox (IMAP INTERNALDATE), used where the mail itself does not say. A forged or
    lookalike mail states no facts.
    """
    try:
        return read_strictly(raw, place, context, whole=whole, arrived=arrived)
    except Exception:  # one mail must never stop the watch over all others; it is shown to the owner instead
        return _unread(raw, place, arrived)


def read_strictly(
    raw: bytes, place: str, context: MailContext, *, whole: bool = True, arrived: datetime | None = None
) -> Letter:
    """As `read_letter`, but an error of the reader itself is raised: for tests and fuzzing."""
    message = parsing.parse(raw)
    received = dates.received(message.headers) or arrived
    sent = dates.sent(message.headers)
    when = received or sent or context.now()
    author = sender.read(message.headers)
    authenticity = verdict.judge(raw, message, author, context, received, whole)
    notice = _recognised(message, author, authenticity, Surroundings(when, recognition.plain(message.subject)))
    digest = hashlib.sha256(raw).hexdigest()
    limits = (*message.limits, *(() if whole else ("cut",)))
    return Letter(
        origin=f"mail:{digest}",
        place=place,
        received=received,
        sent=sent,
        sender=author.address,
        sender_name=_shown(author.name),
        subject=_without_secrets(_shown(message.subject)),
        authenticity=authenticity,
        kind=notice.kind,
        format=notice.format.id if notice.format is not None else None,
        facts=_facts(notice, message, authenticity, context, f"mail:{digest}", when),
        problems=(*notice.problems, *(_LIMITS[code] for code in limits)),
    )


def _unread(raw: bytes, place: str, arrived: datetime | None) -> Letter:
    return Letter(
        origin=f"mail:{hashlib.sha256(raw).hexdigest()}",
        place=place,
        received=arrived,
        sent=None,
        sender="",
        sender_name="",
        subject="",
        authenticity=Authenticity(Verdict.UNVERIFIED, None, ()),
        problems=(Words("このメールは読み取れませんでした", "this mail could not be read"),),
    )


class _Notice:
    """What a mail was recognised as."""

    __slots__ = ("certainty", "format", "kind", "problems", "stated")

    def __init__(self, kind: str | None = None, format_: Format | None = None) -> None:
        self.kind, self.format = kind, format_
        self.stated: tuple[Stated, ...] = ()
        self.problems: tuple[Words, ...] = ()
        self.certainty = Certainty.CERTAIN


def _recognised(message: Message, author: Sender, authenticity: Authenticity, around: Surroundings) -> _Notice:
    """The notice a mail is, by its author's address: never by what it says of itself alone."""
    broker = brokers.of_address(author.address) or brokers.of_host(author.domain)
    if broker is None:
        return _Notice()
    text = recognition.ready(message.text)
    found = recognition.find(author.address, around.subject, text)
    notice = _Notice(found.kind if found else None, found)
    deceitful = authenticity.verdict in _DECEITFUL
    if found is not None and not deceitful:
        reading = recognition.read(found, text, around)
        notice.stated, notice.problems, notice.certainty = reading.stated, reading.problems, found.certainty
    elif found is None:
        notice.kind, stated = general.recognise(text, around)
        notice.certainty = Certainty.UNCERTAIN
        notice.stated = (stated,) if stated is not None and not deceitful else ()
    return notice


def _facts(
    notice: _Notice, message: Message, authenticity: Authenticity, context: MailContext, origin: str, seen: datetime
) -> tuple[Fact, ...]:
    broker = authenticity.broker
    if broker is None or not notice.stated:
        return ()
    account = context.accounts.get(broker, broker)
    identity = _identity(message)
    return tuple(
        Fact(
            event=_event(stated, f"mail:{identity}:{number}", account),
            broker=broker,
            certainty=notice.certainty,
            origin=origin,
            seen=seen,
            dated_only=stated.dated_only,
            authenticity=authenticity,
            summary=stated.summary,
        )
        for number, stated in enumerate(notice.stated)
    )


def _event(stated: Stated, id_: str, account: str) -> Event:
    return Event(
        id=id_,
        time=stated.when.isoformat(timespec="seconds"),
        account=account,
        type=stated.type,
        order=stated.order,
        cash=stated.cash,
        setting=stated.setting,
        notice=stated.notice,
    )


def _identity(message: Message) -> str:
    """The same for every copy of a mail, whatever the fields that servers add and the line ends they use."""
    digest = hashlib.sha256()
    for name in ("message-id", "date", "from", "subject"):
        digest.update(b"\0".join(b" ".join(value.split()) for value in message.headers.all(name)) + b"\1")
    digest.update(b" ".join(message.body.split()))
    return digest.hexdigest()[:32]


_SECRET = re.compile(
    r"((?:コード|番号|パスワード|暗証|code|pin|password|otp)[^\w\n]{0,10}(?:は|is|:|：)?[^\w\n]{0,4})"
    r"([A-Z0-9][A-Z0-9 -]{2,10}[A-Z0-9])"
    r"|\b(\d{3}[- ]?\d{3})\b(?=.{0,20}(?:コード|code))",
    re.IGNORECASE,
)


def _without_secrets(subject: str) -> str:
    """A subject with one-time codes blotted out."""
    return _SECRET.sub(lambda match: f"{match.group(1) or ''}••••", subject)


def _shown(text: str) -> str:
    """Text for people, without control characters and without what turns the direction of writing."""
    return "".join(char for char in text if char.isprintable() and char not in _DIRECTIONS)


_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
