"""`reach.toml`: what the owner has and what hangs on what. Names only: no password, code or number is asked for."""

from collections.abc import Iterator
from typing import Annotated, Literal

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


def problems(mine: Belongings) -> list[Words]:
    """What does not fit together: names given twice or nowhere, codes that come to nothing. Empty where all is well."""
    names = mine.names()
    found = [
        Words(f"「{name}」という名前が二つあります", f"two things are called “{name}”")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if len(names) > MAX_THINGS:
        found.append(Words(f"{MAX_THINGS}個までしか書けません", f"at most {MAX_THINGS} things can be listed"))
    devices, phones = {d.name for d in mine.device}, {p.name for p in mine.phone}
    mailboxes, banks = {m.name for m in mine.mailbox}, {b.name for b in mine.bank}
    for phone in mine.phone:
        found += _unknown(phone.name, "device", [phone.device] if phone.device else [], devices)
    for account in mine.accounts():
        found += _unknown(account.name, "saved_in", account.saved_in, devices)
        found += _unknown(account.name, "signed_in", account.signed_in, devices)
        found += _unknown(account.name, "reset_by", account.reset_by, mailboxes | phones)
        takes = {"sms": phones, "email": mailboxes, "app": devices}.get(account.login)
        if takes is not None:
            found += _unknown(account.name, "code_to", [account.code_to or ""], takes)
    for broker in mine.broker:
        found += _unknown(broker.name, "sweep", broker.sweep, banks)
    everything = {account.name for account in mine.accounts()}
    for aggregator in mine.aggregator:
        found += _unknown(aggregator.name, "keeps", aggregator.keeps, everything)
    return found


def _unknown(owner: str, key: str, named: list[str], known: set[str]) -> list[Words]:
    return [
        Words(
            f"「{owner}」の {key} にある「{name}」は、このファイルに正しい種類で書かれていません",
            f"“{owner}”: {key} names “{name}”, which is not in this file as a thing of the right kind",
        )
        for name in named
        if name not in known
    ]
