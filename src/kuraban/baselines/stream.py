"""What a baseline sees of a stream: events with their network and client described, one at a time, in order."""

from functools import lru_cache
from typing import Protocol

import msgspec

from kuraban.core.layout import DECIDABLE
from kuraban.evaluate.files import Time
from kuraban.reference.clients import Client as Described
from kuraban.reference.clients import Clients
from kuraban.reference.networks import Networks, Place

HOUR = 3_600_000_000
NOWHERE = Place(0, 0, 0)
DECIDED_UPON = frozenset(DECIDABLE)


class Client(msgspec.Struct, frozen=True, gc=False):
    """`client` of an event."""

    ip: str | None = None
    user_agent: str | None = None
    device: str | None = None
    channel: str | None = None
    rtt_ms: float | None = None


class Auth(msgspec.Struct, frozen=True, gc=False):
    """`auth` of an event."""

    method: str | None = None


class Order(msgspec.Struct, frozen=True, gc=False):
    """`order` of an event; money in account currency."""

    instrument: str | None = None
    side: str | None = None
    kind: str | None = None
    quantity: float | None = None
    price: float | None = None
    notional: float | None = None
    margin: bool | None = None
    recurring: bool | None = None


class Cash(msgspec.Struct, frozen=True, gc=False):
    """`cash` of an event; money in account currency."""

    amount: float | None = None
    destination: str | None = None


class Setting(msgspec.Struct, frozen=True, gc=False):
    """`setting` of an event."""

    name: str | None = None
    to: str | None = None


class Position(msgspec.Struct, gc=False):
    """One holding."""

    instrument: str
    value: float | None = None


class Holdings(msgspec.Struct, gc=False):
    """`holdings` of an event; money in account currency."""

    cash: float | None = None
    linked_cash: float | None = None
    margin_power: float | None = None
    positions: list[Position] | None = None


class Event(msgspec.Struct, gc=False):
    """An event, without what no baseline uses."""

    id: str
    time: Time
    account: str
    type: str
    session: str | None = None
    client: Client = Client()
    auth: Auth = Auth()
    order: Order = Order()
    cash: Cash = Cash()
    setting: Setting = Setting()
    holdings: Holdings | None = None


class Baseline(Protocol):
    """A method from the literature. `observe` scores an event and then learns from it, in stream order.

    A score is any real number, larger meaning more suspicious; None where the method has nothing to say. From
    `alarm` on the method's own published rule would act; None where it publishes no such limit.
    """

    alarm: float | None

    def observe(self, event: Event, time: int) -> float | None:
        """The score of an event at `time` (µs), by what was seen before it."""
        ...


class Surroundings:
    """Places of addresses and descriptions of user agents, remembered."""

    def __init__(self) -> None:
        networks = Networks.load()
        self.client = Clients().describe

        @lru_cache(maxsize=1 << 18)
        def place(address: str | None) -> Place:
            if not address:
                return NOWHERE
            try:
                return networks.find(address)
            except ValueError:
                return NOWHERE

        self.place = place


def prefix(address: str | None) -> str | None:
    """The /24 of an IPv4 address, the /48 of an IPv6 address (as written), None of none."""
    if not address:
        return None
    return ":".join(address.split(":")[:3]) if ":" in address else address.rpartition(".")[0]


def notional(order: Order) -> float:
    """The order's value in account currency, 0 where it cannot be told."""
    return order.notional or (order.quantity or 0.0) * (order.price or 0.0)


__all__ = ["DECIDED_UPON", "HOUR", "Baseline", "Described", "Event", "Order", "Surroundings", "notional", "prefix"]
