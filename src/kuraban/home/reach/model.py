"""`reach.toml`: what the owner has and what hangs on what. Names only: no password, code or number is asked for."""

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from kuraban.home.model import Words

MAX_THINGS = 200

Label = Annotated[str, Meta(min_length=1, max_length=64)]
Yen = Annotated[float, Meta(ge=0, le=1e13)]
CutKind = Literal["unlink", "passkey", "unique", "unsave", "signout", "unkeep", "separate", "reset_off"]
Login = Literal["password", "sms", "email", "app", "passkey"]


class Thing(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Anything that can fall. name: the owner's own label of it."""

    name: Label


class Device(Thing, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A computer, telephone or tablet; who holds it unlocked, or has a spying program on it, uses what is signed in."""


class Phone(Thing, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A telephone number. device: the one its messages arrive on."""

    device: Label | None = None


class Account(Thing, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Anything one signs in to.

    login: what signing in takes: a password alone, or with it a code by `sms`, `email` or from an `app`; or a passkey
    (or PKI certificate), which a false page cannot relay. code_to: the phone, mailbox or device the code comes to.
    password_group: accounts with the same or a similar password share a name of the owner's choosing; never the
    password. saved_in: devices whose browser keeps the password. signed_in: devices on which it opens without more.
    reset_by: mailboxes and phones each of which is enough to set a new password. cannot: kinds of
    cuts that are not to be had for this account, as a passkey where none is offered.
    """

    login: Login = "password"
    code_to: Label | None = None
    password_group: Label | None = None
    saved_in: list[Label] = []
    signed_in: list[Label] = []
    reset_by: list[Label] = []
    cannot: list[CutKind] = []


class Mailbox(Account, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mailbox."""


class Bank(Account, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bank account. yen: what lies in it."""

    yen: Yen = 0.0


class Broker(Account, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A brokerage account.

    yen: its value. margin: what more could be bought on margin or lost. sweep: banks whose money it can pull in without
    a further check (マネーブリッジ, ハイブリッド預金 and the like); sweep_limit: at most so much, None all of it.
    broker: the broker's key, for the words of its menus.
    """

    yen: Yen = 0.0
    margin: Yen = 0.0
    sweep: list[Label] = []
    sweep_limit: Yen | None = None
    broker: Label | None = None


class Aggregator(Account, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A household account book or the like. keeps: accounts whose passwords it stores; reading alone is no reach."""

    keeps: list[Label] = []


class Belongings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    device: list[Device] = []
    phone: list[Phone] = []
    mailbox: list[Mailbox] = []
    bank: list[Bank] = []
    broker: list[Broker] = []
    aggregator: list[Aggregator] = []

    def accounts(self) -> Iterator[Account]:
        """Everything that one signs in to."""
        yield from self.mailbox
        yield from self.aggregator
        yield from self.broker
        yield from self.bank

    def names(self) -> list[str]:
        """The names of all things, in the order of the file's kinds."""
        return [thing.name for thing in self.things()]

    def things(self) -> Iterator[Thing]:
        """Everything that can fall."""
        yield from self.device
        yield from self.phone
        yield from self.accounts()


class Fault(NamedTuple):
    """What does not fit together, and the thing (its kind and place among those) and key where that is written."""

    kind: str
    at: int
    key: str
    words: Words


def problems(mine: Belongings) -> list[Words]:
    """What does not fit together: names given twice or nowhere, codes that come to nothing. Empty where all is well."""
    return [fault.words for fault in faults(mine)]


def faults(mine: Belongings) -> list[Fault]:
    """As `problems`, with the places."""
    devices, phones = {d.name for d in mine.device}, {p.name for p in mine.phone}
    mailboxes, banks = {m.name for m in mine.mailbox}, {b.name for b in mine.bank}
    everything = {account.name for account in mine.accounts()}
    takes = {"sms": phones, "email": mailboxes, "app": devices}
    found: list[Fault] = []
    seen: set[str] = set()
    for count, (kind, at, thing) in enumerate(placed(mine), 1):
        wrong = _Finds(kind, at, thing.name, found)
        if thing.name in seen:
            wrong.say("name", f"「{thing.name}」という名前が二つあります", f"two things are called “{thing.name}”")
        if count == MAX_THINGS + 1:
            wrong.say("name", f"{MAX_THINGS}個までしか書けません", f"at most {MAX_THINGS} things can be listed")
        seen.add(thing.name)
        if isinstance(thing, Phone):
            wrong.unknown("device", [thing.device] if thing.device else [], devices)
        if isinstance(thing, Account):
            wrong.unknown("saved_in", thing.saved_in, devices)
            wrong.unknown("signed_in", thing.signed_in, devices)
            wrong.unknown("reset_by", thing.reset_by, mailboxes | phones)
            if thing.login in takes:
                wrong.unknown("code_to", [thing.code_to or ""], takes[thing.login])
        if isinstance(thing, Broker):
            wrong.unknown("sweep", thing.sweep, banks)
        if isinstance(thing, Aggregator):
            wrong.unknown("keeps", thing.keeps, everything)
    return found


def placed(mine: Belongings) -> Iterator[tuple[str, int, Thing]]:
    """Everything that can fall, with its kind and its place among those of that kind."""
    for kind in mine.__struct_fields__:
        for at, thing in enumerate(getattr(mine, kind)):
            yield kind, at, thing


class _Finds(NamedTuple):
    kind: str
    at: int
    name: str
    found: list[Fault]

    def say(self, key: str, ja: str, en: str) -> None:
        """One fault."""
        self.found.append(Fault(self.kind, self.at, key, Words(ja, en)))

    def unknown(self, key: str, named: list[str], known: set[str]) -> None:
        """Names that a key gives and the file does not have."""
        for name in named:
            if name not in known:
                self.say(
                    key,
                    f"「{self.name}」の {key} にある「{name}」は、このファイルに正しい種類で書かれていません",
                    f"“{self.name}”: {key} names “{name}”, which is not in this file as a thing of the right kind",
                )
