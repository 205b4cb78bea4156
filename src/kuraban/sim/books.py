"""What the broker keeps of an account: its books, its settings, its orders at work, its sessions."""

from dataclasses import dataclass, field
from typing import NamedTuple

from kuraban.sim.stream import Group, Takeover


class Client(NamedTuple):
    """How somebody reaches the broker."""

    ip: str
    user_agent: str
    device: str  # empty: none stored
    channel: str
    rtt: int


@dataclass(slots=True)
class Visit:
    """A session as one party sees it: the same session may be continued by another party from elsewhere."""

    account: "Account"
    session: str
    client: Client
    by: Takeover | None
    groups: Group
    pin_given: bool = False
    ended: bool = False
    login: str = ""  # id of the login that opened it
    seen: int = 0  # when it was last used
    answers: bool = True  # whether this party can answer a second factor


@dataclass(slots=True, eq=False)
class Order:
    """An order at work."""

    name: str
    account: "Account"
    instrument: int
    side: str
    quantity: int
    limit: float | None
    margin: bool
    recurring: bool
    by: Takeover | None
    reserved: float
    left: int
    is_open: bool = True


@dataclass(slots=True, eq=False)
class Account:
    """An account's books and settings."""

    number: str
    index: int
    cash: float = 0.0
    reserved: float = 0.0
    settling: list[tuple[int, float]] = field(default_factory=list)  # (day from which it may leave, amount)
    positions: dict[int, int] = field(default_factory=dict)
    promised: dict[int, int] = field(default_factory=dict)  # in open sell orders
    margin_ratio: float = 0.0  # 0: no margin account
    on_margin: dict[int, tuple[int, float]] = field(default_factory=dict)  # quantity and cost
    linked: bool = False
    linked_cash: float = 0.0
    sweeps: bool = False  # pulls from the linked bank by itself when cash is short
    destination: str = ""
    factor: str = ""  # second factor, empty: none; passkey replaces the password
    notices: dict[str, bool] = field(default_factory=dict)
    mail: str = "email"
    known: set[str] = field(default_factory=set)  # devices that passed before
    last: Visit | None = None
    credentials: int = 0  # counts new passwords: what a thief knows dies with each
    resets: int = 0  # by the broker
    taken: bool = False  # a thief has changed the password: the owner is locked out
    knocked: bool = False  # the owner has found himself locked out
    orders: list[Order] = field(default_factory=list)
    touched: bool = True  # books changed since the last snapshot
    is_open: bool = True

    @property
    def free(self) -> float:
        """Cash that no order has claimed."""
        return self.cash - self.reserved

    def may_leave(self, day: int) -> float:
        """Cash that can be withdrawn: what has settled."""
        self.settling = [(when, amount) for when, amount in self.settling if when > day]
        return max(0.0, self.free - sum(amount for _, amount in self.settling))

    def held(self, instrument: int) -> int:
        """What can still be sold of a position."""
        return self.positions.get(instrument, 0) - self.promised.get(instrument, 0)
