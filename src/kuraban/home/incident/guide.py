"""The first hour: what to do, in order, for the brokers the owner has, and whom to call."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from kuraban.home.incident.model import Action
from kuraban.home.model import Words

Language = Literal["ja", "en"]
JAPAN = ZoneInfo("Asia/Tokyo")

UNKNOWN_LOCK = Words(
    "自分で止める機能があるかは分かっていません。公式サイトの「不正アクセス」の案内を見るか、すぐ電話してください",
    "whether you can lock it yourself is not known: look under 不正アクセス on its official site, or call at once",
)
KEEPS_ORDERS = Words(
    "止めても、出ている注文や積立は取り消されません。別に取り消してください",
    "locking does not cancel working orders or fund plans: cancel them separately",
)
UNSURE_ORDERS = Words(
    "止めても、出ている注文や積立が残ることがあります。取り消されたか確かめてください",
    "working orders and fund plans may go on while it is locked: check that they are cancelled",
)
DESCRIBED = Words(
    "利用者の説明によるものです。変わっていることがあります", "described by customers; it may have changed"
)


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One step, as the data file has it. each: done for every broker."""

    id: str
    ja: str
    en: str
    do_ja: str
    do_en: str
    each: bool = False


class Office(Struct, frozen=True, forbid_unknown_fields=True):
    """An official window. phone None: to be looked up on its site."""

    ja: str
    en: str
    hours_ja: str
    hours_en: str
    phone: str | None = None


class Lock(Struct, frozen=True, forbid_unknown_fields=True):
    """How a broker lets the owner lock the account. keeps_orders: orders go on while locked; None where not known."""

    ja: str
    en: str
    official: bool
    keeps_orders: bool | None = None


class Guide(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole data file. lock: by broker key."""

    step: list[Step]
    office: list[Office]
    lock: dict[str, Lock]


class Account(Struct, frozen=True):
    """A brokerage account.

    label: the owner's. broker: the broker's key, if it has one. phone: the number to call, if he noted it. banks: those
    whose money it can pull in.
    """

    label: str
    broker: str | None = None
    phone: str | None = None
    banks: tuple[str, ...] = ()


class Line(Struct, frozen=True):
    """One thing to do now. step: id; account: the label, None where it is for no one broker; notes: what to know."""

    step: str
    account: str | None
    what: Words
    how: Words
    notes: tuple[Words, ...] = ()


@cache
def guide() -> Guide:
    """The guide that ships with the program."""
    text = files("kuraban.home.incident").joinpath("guide.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Guide)


def first_hour(accounts: Sequence[Account], known: Guide | None = None) -> list[Line]:
    """The steps in order; those that are for each broker stand together, the accounts in the order given."""
    data = known or guide()
    lines: list[Line] = []
    for step in data.step:
        what, how = Words(step.ja, step.en), Words(_flat(step.do_ja), _flat(step.do_en))
        if not step.each or not accounts:
            lines.append(Line(step.id, None, what, how, _banks(accounts) if step.id == "bank" else ()))
            continue
        lines += [Line(step.id, one.label, what, how, _notes(step.id, one, data)) for one in accounts]
    return lines


def _notes(step: str, account: Account, data: Guide) -> tuple[Words, ...]:
    lock = data.lock.get(account.broker or "")
    if step == "lock":
        if lock is None:
            return (UNKNOWN_LOCK,)
        return (Words(lock.ja, lock.en), *(() if lock.official else (DESCRIBED,)), _orders(lock))
    if step == "call" and account.phone:
        return (Words(f"控えてある番号: {account.phone}", f"the number you noted: {account.phone}"),)
    return ()


def _banks(accounts: Sequence[Account]) -> tuple[Words, ...]:
    return tuple(
        Words(f"{bank}({account.label} とつながっています)", f"{bank} (linked to {account.label})")
        for account in accounts
        for bank in account.banks
    )


def _orders(lock: Lock) -> Words:
    return KEEPS_ORDERS if lock.keeps_orders else UNSURE_ORDERS


def _flat(text: str) -> str:
    """The data file's line ends joined: in Japanese without a space, elsewhere with one."""
    lines = [line.strip() for line in text.strip().splitlines()]
    joined = lines[0] if lines else ""
    for line in lines[1:]:
        space = " " if joined[-1:].isascii() and line[:1].isascii() else ""
        joined += space + line
    return joined


def as_text(lines: Sequence[Line], language: Language, done: Iterable[Action] = (), known: Guide | None = None) -> str:
    """The whole guide as plain text, the offices at the end. done: the log; steps in it are ticked, with the time."""
    japanese = language == "ja"
    ticked = {(action.step, action.account): action.at for action in done if action.step is not None}
    out = ["最初の1時間にすること(上から順に)" if japanese else "The first hour, from top to bottom", ""]
    last, number = "", 0
    for line in lines:
        mark = _mark(ticked.get((line.step, line.account)))
        if line.step != last:
            last, number = line.step, number + 1
            out.append(f"{number}. {'' if line.account else mark}{line.what.ja if japanese else line.what.en}")
            out.append(f"   {line.how.ja if japanese else line.how.en}")
        if line.account is not None:
            out.append(f"   {mark}{line.account}")
        out += [f"       {note.ja if japanese else note.en}" for note in line.notes]
    out += ["", "相談窓口" if japanese else "Whom to call", ""]
    for office in (known or guide()).office:
        name, hours = (office.ja, office.hours_ja) if japanese else (office.en, office.hours_en)
        out.append(f"* {name}: {office.phone + ' ' if office.phone else ''}({hours})")
    return "\n".join(out) + "\n"


def _mark(at: datetime | None) -> str:
    """The box before a step, ticked with the time on the clock of Japan."""
    return "[ ] " if at is None else f"[x {at.astimezone(JAPAN):%m-%d %H:%M}] "


def as_data(lines: Sequence[Line], known: Guide | None = None) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "steps": [msgspec.to_builtins(line) for line in lines],
        "offices": [msgspec.to_builtins(office) for office in (known or guide()).office],
    }
