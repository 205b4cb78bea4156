"""Kinds of questions: how an answer stands in a table of a TOML file, on a page, and in what the page sends back.

An answer that comes back as it was shown changes nothing, whatever the table holds: only what was touched is read.
"""

import hashlib
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
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
        return isinstance(self.question, Day) and (not value or re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None)

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


@dataclass(frozen=True)
class Text(Question):
    """A text. needed: what has to be written, None where nothing has to. taken: names that are not free any more."""

    most: int = field(default=64, kw_only=True)
    needed: Words | None = field(default=None, kw_only=True)
    taken: frozenset[str] = field(default=frozenset(), kw_only=True)

    @property
    def required(self) -> bool:
        """As of every question."""
        return self.needed is not None

    def answer(self, table: Table) -> Answer:
        """As written."""
        return Answer(value=str(table.get(self.id, "")))

    def meant(self, sent: Answer, table: Table) -> Meant:
        """Text, or nothing."""
        if not sent.value and self.needed is None:
            return Meant({self.id: ABSENT})
        name = label(sent.value, self.needed) if self.needed else sent.value
        if len(name) > self.most:
            raise WrongError(f"{self.most}文字までにしてください。", f"at most {self.most} characters")
        if name in self.taken and name != table.get(self.id):
            raise WrongError(
                f"「{name}」という名前はもうあります。違う名前にしてください。",
                f"there is a “{name}” already: choose another name",
            )
        return Meant({self.id: name})


_UNITS = {"億": 10**8, "万": 10**4}
_YEN = re.compile(r"(?:(\d+(?:\.\d+)?)億)?(?:(\d+(?:\.\d+)?)万)?(\d+(?:\.\d+)?)?")


@dataclass(frozen=True)
class Yen(Question):
    """An amount. least: below which it cannot be."""

    least: float = field(default=0.0, kw_only=True)
    most: float = field(default=1e13, kw_only=True)

    def answer(self, table: Table) -> Answer:
        """With commas."""
        value = table.get(self.id)
        if isinstance(value, int | float) and value == value and abs(value) < 1e15:
            return Answer(value=f"{value:,.0f}" if value == int(value) else repr(value))
        return Answer(value="" if value is None else str(value))

    def meant(self, sent: Answer, table: Table) -> Meant:
        """Digits, also as «500万» or «1,000,000円», or nothing."""
        if not sent.value:
            return Meant({self.id: ABSENT})
        amount = amount_of(sent.value)
        if amount is None:
            raise WrongError(
                "金額を数字で書いてください(例: 5,000,000 や 500万)。",
                "write the amount in digits, for example 5,000,000",
            )
        if not self.least <= amount <= self.most:
            raise WrongError(
                f"{self.least:,.0f}円から{self.most:,.0f}円までの金額にしてください。",
                f"between {self.least:,.0f} and {self.most:,.0f} yen",
            )
        return Meant({self.id: amount})


def amount_of(text: str) -> int | float | None:
    """Yen as people write them: full width, commas, 万 and 億. None where it is no amount."""
    plain = re.sub(r"[,、\s]", "", unicodedata.normalize("NFKC", text)).removeprefix("¥").removesuffix("円")
    plain = re.sub(r"(?i)(?:yen|jpy)$", "", plain)
    found = _YEN.fullmatch(plain)
    if not plain or len(plain) > 30 or found is None:
        return None
    total = sum(float(part) * unit for part, unit in zip(found.groups(), (1e8, 1e4, 1.0), strict=True) if part)
    return int(total) if total == int(total) else total


@dataclass(frozen=True)
class Whole(Question):
    """A whole number."""

    least: int = field(default=1, kw_only=True)
    most: int = field(default=31, kw_only=True)

    def answer(self, table: Table) -> Answer:
        """As written."""
        return Answer(value=str(table.get(self.id, "")))

    def meant(self, sent: Answer, table: Table) -> Meant:
        """Digits, or nothing."""
        if not sent.value:
            return Meant({self.id: ABSENT})
        plain = unicodedata.normalize("NFKC", sent.value).removesuffix("日").strip()
        if not re.fullmatch(r"\d{1,4}", plain) or not self.least <= int(plain) <= self.most:
            raise WrongError(
                f"{self.least}から{self.most}までの数字を書いてください。", f"a number from {self.least} to {self.most}"
            )
        return Meant({self.id: int(plain)})


@dataclass(frozen=True)
class Day(Question):
    """A date."""

    needed: bool = field(default=False, kw_only=True)

    @property
    def required(self) -> bool:
        """As of every question."""
        return self.needed

    def answer(self, table: Table) -> Answer:
        """As 2026-04-01."""
        return Answer(value=str(table.get(self.id, "")))

    def meant(self, sent: Answer, table: Table) -> Meant:
        """A date, or nothing."""
        if not sent.value and not self.needed:
            return Meant({self.id: ABSENT})
        return Meant({self.id: day_of(sent.value)})


def day_of(text: str) -> date:
    """A date as people write it: 2026-04-01, 2026/4/1, 2026年4月1日. Raises `WrongError`."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", plain)
    try:
        if found is None:
            raise ValueError
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise WrongError("日付を 2026-04-01 の形で書いてください。", "write the date as 2026-04-01") from None


@dataclass(frozen=True)
class Tick(Question):
    """A switch that is off unless it is on."""

    form: Form = field(default="tick", init=False)

    def answer(self, table: Table) -> Answer:
        """On or not."""
        return Answer(chosen=frozenset({"yes"}) if table.get(self.id) else frozenset())

    def meant(self, sent: Answer, table: Table) -> Meant:
        """On or off."""
        return Meant({self.id: "yes" in sent.chosen})
