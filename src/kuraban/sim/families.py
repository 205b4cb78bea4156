"""The families of attackers: how they get in, what they want, and in which worlds they appear.

Three families and more appear in the locked world only, so that nothing can have been tuned on them.
"""

from dataclasses import dataclass

from kuraban.sim.parameters import WORLDS

EVERYWHERE = WORLDS
LOCKED = ("locked",)


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of attacker (weights are assumptions; press reports name the kinds, not their shares)."""

    name: str
    entry: str  # stuffing relay cookie remote insider
    goal: str  # ring payout slow sweep margin look
    weight: float
    worlds: tuple[str, ...]
    victims: str = "any"  # any dormant linked margin desk
    crew: bool = False  # many accounts at a time for one name
    flood: bool = False
    near: bool = False  # only through the owner's own carrier or neighbourhood
    sells: bool = True


FAMILIES = (
    Family("stuffing_ring", "stuffing", "ring", 3.0, EVERYWHERE, crew=True),
    Family("relay_ring", "relay", "ring", 3.0, EVERYWHERE, crew=True),
    Family("dormant_ring", "stuffing", "ring", 1.0, EVERYWHERE, victims="dormant", crew=True, sells=False),
    Family("payout", "relay", "payout", 1.6, EVERYWHERE),
    Family("cookie_theft", "cookie", "ring", 1.3, EVERYWHERE),
    Family("remote_control", "remote", "ring", 1.3, EVERYWHERE, victims="desk"),
    Family("slow_split", "relay", "slow", 1.3, EVERYWHERE),
    Family("sweep_only", "relay", "sweep", 1.3, EVERYWHERE, victims="linked", sells=False),
    Family("rehearsal", "stuffing", "look", 0.8, EVERYWHERE),
    Family("margin_only", "relay", "margin", 1.3, LOCKED, victims="margin", sells=False),
    Family("insider_home", "insider", "payout", 1.3, LOCKED, victims="desk"),
    Family("notice_flood_return", "relay", "ring", 1.3, LOCKED, flood=True),
    Family("carrier_neighbour", "relay", "ring", 1.3, LOCKED, near=True),
)


def families_of(world: str) -> tuple[Family, ...]:
    """The families that appear in a world."""
    return tuple(family for family in FAMILIES if world in family.worlds)
