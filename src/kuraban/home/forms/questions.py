"""Kinds of questions: how an answer stands in a table of a TOML file, on a page, and in what the page sends back.

An answer that comes back as it was shown changes nothing, whatever the table holds: only what was touched is read.
"""

import hashlib
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from kuraban.home.model import Words

Table = Mapping[str, Any]
Form = Literal["text", "one", "many", "tick"]
UNSURE: Final = "?"  # the token of «I don't know»: the key is left out
NONE: Final = "-"  # the token of «there is none»: an empty list
OTHER: Final = "+"  # the token of «something that is not listed»: what is typed beside it
MOST_TEXT = 400
_SPACES = re.compile(r"\s+")


class _Absent:
    """In place of a value: the key is taken out."""


ABSENT: Final = _Absent()


class Option(NamedTuple):
    """One thing to choose."""

    token: str
    words: Words


class Choice(NamedTuple):
    """A value that a key can have, and what it means."""

    value: Any
    words: Words


class Answer(NamedTuple):
    """What stands in a question's fields. value: typed; chosen: tokens; added: typed for want of an option."""

    value: str = ""
    chosen: frozenset[str] = frozenset()
    added: str = ""


class Meant(NamedTuple):
    """What an answer makes of the table, and things it names that are to be listed too: kind and name."""

    keys: Mapping[str, Any]
    new: tuple[tuple[str, str], ...] = ()


class WrongError(ValueError):
    """An answer that cannot be taken, with what to do."""

    def __init__(self, ja: str, en: str):
        super().__init__(en)
        self.words = Words(ja, en)


@dataclass(frozen=True)
class Question(ABC):
    """What every kind of question can do. id: its key; folded: asked aside, as it concerns few; more: the words for
    typing what is not among the options. table: what is written now, empty for something new."""

    id: str
    words: Words
    hint: Words | None = None
    folded: bool = field(default=False, kw_only=True)
    more: Words | None = field(default=None, kw_only=True)
    form: Form = field(default="text", init=False)

    def options(self, table: Table) -> list[Option]:
        """What there is to choose."""
        return []

    @property
    def dated(self) -> bool:
        """Whether the answer is a date."""
        return False

    @property
    def required(self) -> bool:
        """Whether a table cannot be without this key."""
        return False

    @abstractmethod
    def answer(self, table: Table) -> Answer:
        """What the table says."""

    @abstractmethod
    def meant(self, sent: Answer, table: Table) -> Meant:
        """What a changed answer makes of it. Raises `WrongError`."""


@dataclass(frozen=True)
class Asked:
    """A question as a page shows it. guessed: how the answer came to be proposed, where nobody gave it yet."""

    question: Question
    options: list[Option]
    answer: Answer
    wrong: Words | None = None
    guessed: Words | None = None

    @property
    def dated(self) -> bool:
        """Whether the field is one for dates: it could not show anything else."""
        value = self.answer.value
        return self.question.dated and (not value or re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None)

    @property
    def said(self) -> list[Words]:
        """The answer in words."""
        chosen = [one.words for one in self.options if one.token in self.answer.chosen and one.token != OTHER]
        typed = [Words(text, text) for text in (self.answer.value, self.answer.added) if text]
        on = [Words("はい", "yes")] if self.question.form == "tick" and self.answer.chosen else []
        return [*chosen, *typed, *on]


def ask(questions: Iterable[Question], table: Table) -> list[Asked]:
    """All of them, answered as the table says."""
    return [Asked(one, one.options(table), one.answer(table)) for one in questions]


class Taken(NamedTuple):
    """What was sent, read. table: what it makes; new: things to be listed too; asked: to show it again, with what is
    wrong beside the questions."""

    table: dict[str, Any]
    new: list[tuple[str, str]]
    asked: list[Asked]

    @property
    def wrong(self) -> bool:
        """Whether anything is."""
        return any(one.wrong for one in self.asked)


def take(questions: Iterable[Question], sent: "Sent", table: Table) -> Taken:
    """The table with what was changed."""
    made, new, asked = dict(table), list[tuple[str, str]](), list[Asked]()
    for one in questions:
        options = one.options(table)
        answer, wrong = sent.answer(one), None
        if answer != shown(one.answer(table)) or (one.required and one.id not in table):
            try:
                meant = one.meant(answer, table)
            except WrongError as error:
                wrong = error.words
            else:
                made.update(meant.keys)
                new += meant.new
        asked.append(Asked(one, options, answer, wrong))
    return Taken({key: value for key, value in made.items() if value is not ABSENT}, new, asked)


class Sent:
    """What a page sent. pairs: names and values as they came; names are ids of questions, with `+` for what is typed
    for want of an option."""

    def __init__(self, pairs: Iterable[tuple[str, str]]):
        self.pairs = list(pairs)

    def answer(self, question: Question) -> Answer:
        """What was sent for a question."""
        values = [value for name, value in self.pairs if name == question.id]
        added = next((line(value) for name, value in self.pairs if name == f"{question.id}+"), "")
        if question.form == "text":
            return Answer(value=line(values[-1] if values else ""))
        return Answer(chosen=frozenset(values), added=added)


def shown(answer: Answer) -> Answer:
    """As it comes back from a page that was not touched: a field has one line."""
    return answer._replace(value=line(answer.value))


def line(text: str) -> str:
    """A text as a field of a page holds it: one line, without signs that are not to be seen."""
    seen = "".join(" " if sign.isspace() else sign for sign in text if sign.isspace() or not _unseen(sign))
    return _SPACES.sub(" ", seen).strip()[:MOST_TEXT]


def _unseen(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs"} or sign == "\ufffd"


def token(name: str) -> str:
    """A short sign for a name, which may hold anything."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def label(text: str, what: Words) -> str:
    """A name of the owner's. Raises `WrongError`."""
    if not text:
        raise WrongError(f"{what.ja}を書いてください。", f"write {what.en}")
    if len(text) > 64:
        raise WrongError("64文字までにしてください。", "at most 64 characters")
    return text
