"""Kinds of owners, told from their events alone, to see who bears the friction.

Membership is by what the owner does over the whole stream (the attacker's own events left out). An account may belong
to several. It is hindsight on purpose: it describes people, it never feeds a decision. Age is in no event, so nothing
is said of the old.
"""

from collections.abc import Callable
from functools import cache
from sys import intern
from typing import TypeVar

from kuraban.core.layout import NET_ANONYMISER, NET_HOSTING
from kuraban.evaluate import files
from kuraban.reference.networks import Networks, Place

REGULAR_LOGINS = 5
MANY_NETWORKS = 6
NEWCOMER_AFTER_DAYS = 7
DORMANT_LOGINS_PER_30_DAYS = 1.0
DAY_TRADER_ORDERS_PER_DAY = 3.0
T = TypeVar("T")


class Habits:
    """What an owner was seen to do: counters and short tuples (sets would take kilobytes an account)."""

    __slots__ = (
        *("channels", "countries", "devices", "factors", "foreign", "logins", "margin", "networks", "orders"),
        *("recurring", "relayed"),
    )

    def __init__(self) -> None:
        self.logins = 0
        self.orders = 0
        self.recurring = 0
        self.foreign = 0
        self.relayed = 0
        self.countries: tuple[int, ...] = ()
        self.margin = False
        self.channels: tuple[str, ...] = ()
        self.devices: tuple[str, ...] = ()
        self.networks: tuple[str, ...] = ()
        self.factors: tuple[str, ...] = ()

    def learn(self, event: files.Event) -> None:
        """Count one event of the owner."""
        if event.type == "login.succeeded":
            self._login(event)
        elif event.type == "challenge.passed" and event.auth is not None and event.auth.method is not None:
            self.factors = joined(self.factors, intern(event.auth.method))
        elif event.type == "order.placed" and event.order is not None:
            self._order(event.order)

    def _login(self, event: files.Event) -> None:
        self.logins += 1
        if event.auth is not None and event.auth.method is not None:
            self.factors = joined(self.factors, intern(event.auth.method))
        client = event.client
        if client is None:
            return
        if client.channel is not None:
            self.channels = joined(self.channels, intern(client.channel))
        if client.device is not None:
            self.devices = joined(self.devices, client.device)
        if client.ip is not None:
            near = intern(network(client.ip))
            self.networks = joined(self.networks, near)
            place = whereabouts(near)
            self.relayed += bool(place.flags & (NET_HOSTING | NET_ANONYMISER))
            if place.country and not place.flags & (NET_HOSTING | NET_ANONYMISER):
                self.countries = joined(self.countries, place.country)

    def _order(self, order: files.Order) -> None:
        self.orders += 1
        self.recurring += order.recurring is True
        self.margin = self.margin or order.margin is True
        name = order.instrument or ""
        self.foreign += name.endswith(".HK") or (name.isascii() and name.isalpha() and name.isupper())


def joined(known: tuple[T, ...], value: T) -> tuple[T, ...]:
    """With one value more, unless it is known already or there are `MANY_NETWORKS`: more are never counted."""
    return known if value in known or len(known) >= MANY_NETWORKS else (*known, value)


def network(ip: str) -> str:
    """The first address of the /24 of an IPv4 address, of the /48 of an IPv6 address; other text as it is."""
    if ":" in ip:
        return ":".join(ip.split("::")[0].split(":")[:3]) + "::"
    return ip.rpartition(".")[0] + ".0"


@cache
def _networks() -> Networks:
    return Networks.load()


@cache
def whereabouts(near: str) -> Place:
    """Country and kind of a network by its first address; nothing known of what is no address."""
    try:
        return _networks().find(near)
    except ValueError:
        return Place(0, 0, 0)


Member = Callable[[Habits, int, int], bool]

# name → membership from (habits, days the account was seen for, days the stream had run at its first event)
SEGMENTS: dict[str, Member] = {
    "all": lambda own, days, since: True,
    "newcomers": lambda own, days, since: since >= NEWCOMER_AFTER_DAYS,
    "dormant": lambda own, days, since: own.logins * 30 < DORMANT_LOGINS_PER_30_DAYS * days,
    "regular": lambda own, days, since: own.logins >= REGULAR_LOGINS,
    "app only": lambda own, days, since: own.channels == ("app",),
    "web only": lambda own, days, since: own.channels == ("web",),
    "aggregator or API": lambda own, days, since: "api" in own.channels,
    "many networks": lambda own, days, since: len(own.networks) >= MANY_NETWORKS,
    "travellers": lambda own, days, since: len(own.countries) > 1,
    "hosting or VPN": lambda own, days, since: 0 < own.logins <= 2 * own.relayed,
    "several devices": lambda own, days, since: len(own.devices) >= 3,
    "device never known": lambda own, days, since: own.logins > 0 and not own.devices,
    "passkey or PKI": lambda own, days, since: not {"passkey", "pki"}.isdisjoint(own.factors),
    "password alone": lambda own, days, since: own.factors == ("password",),
    "fund savers": lambda own, days, since: 0 < own.orders == own.recurring,
    "day traders": lambda own, days, since: own.orders >= DAY_TRADER_ORDERS_PER_DAY * days,
    "margin users": lambda own, days, since: own.margin,
    "foreign stocks": lambda own, days, since: own.foreign > 0,
}
