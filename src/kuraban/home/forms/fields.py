"""Questions with one field: a text, an amount, a number, a date, a switch; read as people write them."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from kuraban.home.forms.questions import ABSENT, Answer, Form, Meant, Question, Table, WrongError, label
from kuraban.home.model import Words


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
    def dated(self) -> bool:
        """It is."""
        return True

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
