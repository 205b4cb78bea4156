"""Addresses of people: home lines that renew, telephones that change with nearly every session, places far away."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from kuraban.sim.draws import Draws
from kuraban.sim.networks import ABROAD, HOME, HOSTING, MOBILE, OFFICE, ROUND_TRIP_MS, VPN, Network

_SUMS = {id(table): list(accumulate(n.share for n in table)) for table in (HOME, MOBILE, OFFICE, HOSTING, VPN, ABROAD)}
_BLOCKS: dict[str, tuple[int, int]] = {}


class Place(NamedTuple):
    """Where a network hands out addresses to one neighbourhood: a range of `2**bits` of them."""

    network: Network
    base: int
    bits: int
    base6: int  # first address of the neighbourhood's IPv6 range, 0 for none


def draw_network(draws: Draws, table: Sequence[Network]) -> Network:
    """A network of the table in proportion to its share."""
    return draws.cumulative(table, _SUMS[id(table)])


def _block(text: str) -> tuple[int, int]:
    if text not in _BLOCKS:
        network = ipaddress.ip_network(text)
        _BLOCKS[text] = int(network.network_address), network.max_prefixlen - network.prefixlen
    return _BLOCKS[text]


def draw_place(draws: Draws, network: Network, bits: int = 13) -> Place:
    """A neighbourhood of the network."""
    base, size = _block(draws.pick(network.blocks))
    bits = min(bits, size)
    base += draws.integer(0, 2 ** (size - bits) - 1) << bits
    base6 = 0
    if network.blocks6:
        first, size6 = _block(draws.pick(network.blocks6))
        base6 = first + (draws.integer(0, 2 ** max(0, size6 - 84) - 1) << 84)
    return Place(network, base, bits, base6)


def address(draws: Draws, place: Place) -> str:
    """An IPv4 address of the neighbourhood; never the first or last of its /24."""
    number = place.base + draws.integer(0, 2**place.bits - 1)
    if number & 255 in (0, 255):
        number ^= 1 + draws.integer(1, 200)
    return _dotted(number)


def address6(draws: Draws, prefix: int) -> str:
    """An IPv6 address with a random interface part behind a line's prefix."""
    low = draws.integer(0, 2**32 - 1) << 32 | draws.integer(0, 2**32 - 1)
    return str(ipaddress.IPv6Address(prefix | low))


def prefix6(draws: Draws, place: Place) -> int:
    """The prefix a line or a telephone gets from its neighbourhood (a /64)."""
    return place.base6 | draws.integer(0, 2**20 - 1) << 64 if place.base6 else 0


def _dotted(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@dataclass(slots=True)
class Line:
    """A line at home or in an office: one address until it renews."""

    place: Place
    renews_days: float  # mean; 0: never
    six: bool  # whether this line prefers IPv6
    current: str = ""
    prefix: int = 0
    until: float = -1.0

    def get(self, draws: Draws, day: int) -> str:
        """The line's address on this day."""
        if day >= self.until:
            self.current = address(draws, self.place)
            self.prefix = prefix6(draws, self.place) if self.six else 0
            self.until = day + 1 + draws.exponential(self.renews_days) if self.renews_days else float("inf")
        return address6(draws, self.prefix) if self.prefix and draws.chance(0.8) else self.current


@dataclass(slots=True)
class Sim:
    """A telephone's data line: nearly every session has another address from a few pools of the carrier."""

    pools: list[Place]
    six: bool
    current: str = ""
    names: list[str] = field(default_factory=list)

    def get(self, draws: Draws) -> str:
        """The address of the next session."""
        if not self.current or draws.chance(0.88):
            place = draws.pick(self.pools)
            if self.six and place.base6 and draws.chance(0.6):
                self.current = address6(draws, prefix6(draws, place))
            else:
                self.current = address(draws, place)
        return self.current


def draw_line(draws: Draws, network: Network, renews_days: float) -> Line:
    """A line of this network."""
    place = draw_place(draws, network)
    return Line(place, renews_days, six=place.base6 != 0 and draws.chance(0.35))


def draw_sim(draws: Draws, network: Network) -> Sim:
    """A telephone contract with this carrier."""
    return Sim([draw_place(draws, network, 11) for _ in range(draws.integer(2, 4))], draws.chance(0.35))


def round_trip(draws: Draws, network: Network, *, mobile: bool) -> int:
    """Milliseconds to the broker and back."""
    median = ROUND_TRIP_MS.get(network.country, 150.0) + (32.0 if mobile else 0.0)
    return max(3, round(draws.lognormal(median, 0.28)))
