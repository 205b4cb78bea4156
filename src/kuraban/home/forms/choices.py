"""Questions with something to choose from: one thing, or any number of things of the owner's."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kuraban.home.forms.questions import (
    ABSENT,
    NONE,
    OTHER,
    UNSURE,
    Answer,
    Choice,
    Form,
    Meant,
    Option,
    Question,
    Table,
    WrongError,
    label,
    token,
)
from kuraban.home.model import Words

NAME = Words("名前", "a name")
NO = Words("ない", "None")


@dataclass(frozen=True)
class One(Question):
    """One of some values. unsure: the words for leaving the key out, None where it is needed. default: what a table
    without the key means, where that is one of the choices. more: the words for typing another name."""

    choices: tuple[Choice, ...] = field(default=(), kw_only=True)
    unsure: Words | None = field(default=None, kw_only=True)
    default: Any = field(default=None, kw_only=True)
    form: Form = field(default="one", init=False)

    @property
    def required(self) -> bool:
        """As of every question."""
        return self.unsure is None and self.default is None

    def options(self, table: Table) -> list[Option]:
        """The choices; what is written and none of them; not knowing; another."""
        value = self.held(table)
        listed = list(self.choices)
        if value is not None and all(one.value != value for one in listed):
            listed.append(self.unlisted(value))
        found = [Option(_token(one.value), one.words) for one in listed]
        if self.unsure is not None:
            found.append(Option(UNSURE, self.unsure))
        if self.more is not None:
            found.append(Option(OTHER, self.more))
        return found

    def held(self, table: Table) -> Any:
        """The value in the table; None where it has none."""
        return table.get(self.id, self.default)

    def unlisted(self, value: Any) -> Choice:
        """How a value is shown that was written by hand and is none of the choices."""
        return Choice(value, Words(str(value), str(value)))

    def written(self, value: Any) -> dict[str, Any]:
        """A chosen value as keys of the table."""
        return {self.id: value}

    def absent(self) -> dict[str, Any]:
        """Not knowing, as keys of the table."""
        return {self.id: ABSENT}

    def answer(self, table: Table) -> Answer:
        """What is chosen; nothing where the key is needed and not there yet."""
        value = self.held(table)
        if value is not None:
            return Answer(chosen=frozenset({_token(value)}))
        return Answer(chosen=frozenset({UNSURE} if self.unsure is not None else ()))

    def meant(self, sent: Answer, table: Table) -> Meant:
        """The value behind the token."""
        picked = next(iter(sent.chosen), None) if len(sent.chosen) == 1 else None
        if picked == UNSURE and self.unsure is not None:
            return Meant(self.absent())
        if self.more is not None and (picked == OTHER or (picked is None and sent.added)):
            return Meant(self.written(label(sent.added, NAME)))
        known = [one.value for one in self.choices] + [value for value in (self.held(table),) if value is not None]
        value = next((one for one in known if _token(one) == picked), None)
        if value is None:
            raise WrongError("どれか一つを選んでください。", "choose one")
        return Meant(self.written(value))


@dataclass(frozen=True)
class Many(Question):
    """Any number of names. unsure: the words for leaving the key out, None where an empty list says the same. Of ticks
    that contradict each other the one that says most counts: a name, then «none», then not knowing. adds:
    the kind of thing that `more` names, None where a name needs no listing. taken: names of things of other kinds."""

    choices: tuple[Choice, ...] = field(default=(), kw_only=True)
    unsure: Words | None = field(default=None, kw_only=True)
    adds: str | None = field(default=None, kw_only=True)
    taken: frozenset[str] = field(default=frozenset(), kw_only=True)
    form: Form = field(default="many", init=False)

    def options(self, table: Table) -> list[Option]:
        """The choices, what is written and not among them, none at all, and not knowing."""
        known = [one.value for one in self.choices]
        listed = [*self.choices, *(Choice(v, Words(str(v), str(v))) for v in _held(table, self.id) if v not in known)]
        found = [Option(_token(one.value), one.words) for one in listed]
        return found if self.unsure is None else [*found, Option(NONE, NO), Option(UNSURE, self.unsure)]

    def answer(self, table: Table) -> Answer:
        """What the list holds; not knowing where there is no list."""
        held = frozenset(_token(value) for value in _held(table, self.id))
        if held or self.unsure is None:
            return Answer(chosen=held)
        return Answer(chosen=frozenset({NONE if self.id in table else UNSURE}))

    def meant(self, sent: Answer, table: Table) -> Meant:
        """The names that are ticked, those there in their order. A tick says more than not knowing."""
        held = _held(table, self.id)
        known = [*held, *(one.value for one in self.choices if one.value not in held)]
        values = list(dict.fromkeys(value for value in known if _token(value) in sent.chosen))
        if len({_token(value) for value in values}) < len(sent.chosen - {NONE, UNSURE}):
            raise WrongError(
                "選んだもののうち、いまはもうないものがあります。選び直してください。",
                "something you chose is not there any more: choose again",
            )
        new: tuple[tuple[str, str], ...] = ()
        if sent.added in self.taken - set(known):
            raise WrongError(
                f"「{sent.added}」という名前は、ほかのものに使っています。",
                f"“{sent.added}” is the name of something else",
            )
        if sent.added and sent.added not in values:
            values.append(label(sent.added, NAME))
            new = ((self.adds, sent.added),) if self.adds and sent.added not in known else ()
        if not values and self.unsure is not None and NONE not in sent.chosen:
            return Meant({self.id: ABSENT})
        return Meant({self.id: values}, new)


def _held(table: Table, key: str) -> list[Any]:
    return list(table.get(key, ()))


def _token(value: Any) -> str:
    return token(repr(value))


def named(names: Iterable[str]) -> tuple[Choice, ...]:
    """Choices that are called what they are."""
    return tuple(Choice(name, Words(name, name)) for name in names)
