"""The steps of hardening, the things they are done to, and the record of what was done."""

import tomllib
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from kuraban.home.model import Words
from kuraban.home.reach.model import Belongings

Scope = Literal["device", "mailbox", "phone", "broker", "bank", "aggregator", "home"]


class Step(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One step, as the data file has it.

    after: ids of steps that come first. every: days until it is due again, 0 once. ask: the key of the broker's own
    name for the menu.
    """

    id: str
    name_ja: str
    name_en: str
    scope: Scope
    ja: str
    en: str
    why_ja: str
    why_en: str
    after: list[str] = []
    every: Annotated[int, Meta(ge=0, le=3650)] = 0
    ask: str | None = None


class Menu(Struct, frozen=True, forbid_unknown_fields=True):
    """What a broker calls it. official: so named on the broker's own pages, otherwise by customers only."""

    ja: str
    en: str
    official: bool


class Steps(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole data file; steps in the order in which to do them. menu: broker → key → name."""

    step: list[Step]
    menu: dict[str, dict[str, Menu]]


class Thing(Struct, frozen=True):
    """Something that steps are done to. name: the owner's label; broker: the broker's key, for brokers; weight: yen."""

    scope: Scope
    name: str
    broker: str | None = None
    weight: float = 0.0


class Done(Struct, frozen=True, kw_only=True):
    """One line of the record. on: the day it was done; noted: when that was written down; state `not_needed` where the
    step does not apply, with the reason in `note`; `undone` takes back an earlier line."""

    step: str
    thing: str
    on: date
    noted: datetime
    state: Literal["done", "not_needed", "undone"] = "done"
    note: Annotated[str, Meta(max_length=500)] = ""


@cache
def steps() -> Steps:
    """The steps that ship with the program."""
    text = files("kuraban.home.hardening").joinpath("steps.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Steps)


def things_of(mine: Belongings) -> list[Thing]:
    """What the owner has, as `reach.toml` says; brokers and banks with most money first, his home last."""
    found = [Thing("device", device.name) for device in mine.device]
    found += [Thing("mailbox", mailbox.name) for mailbox in mine.mailbox]
    found += [Thing("phone", phone.name) for phone in mine.phone]
    brokers = [Thing("broker", one.name, one.broker, one.yen + one.margin) for one in mine.broker]
    found += sorted(brokers, key=lambda one: (-one.weight, one.name))
    banks = [Thing("bank", one.name, None, one.yen) for one in mine.bank]
    found += sorted(banks, key=lambda one: (-one.weight, one.name))
    found += [Thing("aggregator", one.name) for one in mine.aggregator]
    return [*found, HOME]


HOME = Thing("home", "home")


def step_words(step: Step) -> Words:
    """What to do."""
    return Words(step.ja, step.en)
