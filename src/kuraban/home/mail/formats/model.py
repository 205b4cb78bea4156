"""What a notice format is: which mails it is for, where its values stand, and which event they make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from kuraban.events import Cash, Notice, Order, Setting, Type
from kuraban.home.model import Certainty, Words


class ValueUnreadError(ValueError):
    """A value that is not what its place promises. words: what is wrong, without the value itself."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class Surroundings(NamedTuple):
    """What a value may need besides its own text. when: arrival, for dates without a year; subject: of the mail."""

    when: datetime
    subject: str


Reader = Callable[[str, Surroundings], Any]


class Field(NamedTuple):
    """One value. pattern: a regular expression with one group, looked for in the record's text (NFKC, line by line)."""

    name: str
    pattern: str
    read: Reader
    required: bool = True


@dataclass(frozen=True, slots=True)
class Stated:
    """The event that one record states, before it has an account and an id. when: aware; dated_only: a date only."""

    type: Type
    when: datetime
    summary: Words
    dated_only: bool = False
    order: Order | None = None
    cash: Cash | None = None
    setting: Setting | None = None
    notice: Notice | None = None


Values = Mapping[str, Any]
Build = Callable[[Values, Surroundings], Stated]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of notice of one broker.

    id: `broker.notice`. kind: as `Letter.kind`. senders: full addresses in lower case, or `@domain` where only the
    domain is known. subject, body: regular expressions that must be found in the subject and in the text, both in
    NFKC. reads: where the values stand. certainty: `uncertain` where the source gives marks of the notice but not its
    whole form. records: an expression found at the start of each record, empty where the mail is one record. common:
    fields that stand once, before the records. constants: values every record has. secret: the mail carries a one-time
    code, which is neither read nor shown. source: the public source that describes the format.
    """

    id: str
    broker: str
    kind: str
    title: Words
    senders: tuple[str, ...]
    subject: str
    build: Build
    source: str
    body: str = ""
    records: str = ""
    common: tuple[Field, ...] = ()
    fields: tuple[Field, ...] = ()
    constants: Values = field(default_factory=dict)
    secret: bool = False
    reads: Literal["text", "subject"] = "text"
    certainty: Certainty = Certainty.CERTAIN
