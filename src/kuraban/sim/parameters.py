"""What the simulator assumes: every unknown number, its range in each of the three worlds, and where it comes from.

A world draws each number once, uniformly from its own range and from a stream of its own, so that a new parameter
leaves the others as they are. `source` is «fact: …» where the 2025 wave of takeovers in
Japan was reported with figures (official statements of FSA, SESC and the brokers, court papers of the SEC), else
«assumption». The ranges of everything about attackers do not overlap between the worlds, so that what is tuned on
development is judged on habits it has not seen; those about owners and the market differ, but may overlap.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from kuraban.sim.draws import Draws

WORLDS = ("development", "validation", "locked")

BASE_RATE = (2e-6, 7e-6)  # takeovers per account and day; fact: FSA monthly tables, mean and peak of 2025

Range = tuple[float, float]


class Parameter(NamedTuple):
    """One number a world draws."""

    name: str
    ranges: tuple[Range, Range, Range]  # development, validation, locked
    meaning: str
    source: str


A = "assumption"

ATTACKER = (
    Parameter("warmup", ((0.30, 0.38), (0.38, 0.45), (0.25, 0.30)), "share of the days before the first attack", A),
    Parameter("careful", ((0.10, 0.20), (0.20, 0.35), (0.35, 0.60)), "share of crews that take every care", A),
    Parameter("careless", ((0.40, 0.60), (0.25, 0.40), (0.05, 0.25)), "share of crews that take little care", A),
    Parameter("phones", ((0.30, 0.40), (0.40, 0.50), (0.20, 0.30)), "share of thieves that show a telephone", A),
    Parameter("deviceless", ((0.0, 0.04), (0.04, 0.08), (0.08, 0.12)), "share of thieves without a device id", A),
    Parameter("keeps_hours", ((0.1, 0.3), (0.3, 0.5), (0.5, 0.8)), "share that comes at the owner's own hours", A),
    Parameter("look_s", ((60, 200), (200, 500), (20, 60)), "median seconds from login to the first order", A),
    Parameter("pace_s", ((12, 25), (25, 50), (6, 12)), "median seconds between two acts of a thief", A),
    Parameter("ring_accounts", ((10, 12), (12, 13.5), (13.5, 15)), "accounts of one ring", "fact: 10 to 15 a name"),
    Parameter("ring_names", ((1, 1.9), (2, 2.9), (3, 6)), "mean number of names a ring buys", "fact: 1, 2, 3 or 9"),
    Parameter("ring_hours", ((1.2, 2.0), (2.0, 3.5), (0.5, 1.2)), "length of the buying", "fact: ½ to 2 hours"),
    Parameter("ring_foreign", ((0.35, 0.5), (0.5, 0.65), (0.1, 0.35)), "share of rings in Hong Kong names", A),
    Parameter("ring_reserve", ((0.0, 0.15), (0.15, 0.3), (0.3, 0.45)), "share of members that come hours late", A),
    Parameter("stolen", ((0.5, 0.7), (0.3, 0.5), (0.11, 0.3)), "share of the account used", "fact: losses 11–70 %"),
    Parameter("sells_first", ((0.8, 0.95), (0.6, 0.8), (0.35, 0.6)), "share of ring members that sell first", A),
    Parameter("uses_margin", ((0.1, 0.25), (0.25, 0.4), (0.4, 0.6)), "share that uses margin where there is any", A),
    Parameter("uses_sweep", ((0.2, 0.4), (0.4, 0.6), (0.6, 0.9)), "share that pulls the linked bank where linked", A),
    Parameter("home_proxy", ((0.2, 0.35), (0.35, 0.5), (0.5, 0.7)), "share of logins through homes in Japan", A),
    Parameter("vpn", ((0.18, 0.25), (0.1, 0.18), (0.04, 0.1)), "share of logins through VPN shops", A),
    Parameter("hosting", ((0.25, 0.35), (0.15, 0.25), (0.08, 0.15)), "share of logins from hosting networks", A),
    Parameter("own_network", ((0.0, 0.1), (0.1, 0.25), (0.25, 0.4)), "of home proxies: in the owner's network", A),
    Parameter("mimics", ((0.2, 0.35), (0.35, 0.55), (0.55, 0.8)), "share that imitates the owner's browser", A),
    Parameter("fresh_device", ((0.5, 0.65), (0.65, 0.8), (0.8, 0.95)), "share with a new device id per victim", A),
    Parameter("visits_before", ((0.25, 0.35), (0.35, 0.5), (0.05, 0.25)), "share that looks in on an earlier day", A),
    Parameter("mutes", ((0.15, 0.3), (0.3, 0.45), (0.45, 0.6)), "share that switches notices off", A),
    Parameter("mutes_ahead_days", ((0.0, 0.5), (0.5, 2.0), (2.0, 6.0)), "how long before", A),
    Parameter("changes_password", ((0.25, 0.4), (0.4, 0.5), (0.1, 0.25)), "share that changes the password", A),
    Parameter("night_orders", ((0.05, 0.12), (0.12, 0.2), (0.2, 0.35)), "share of rings ordered the night before", A),
    Parameter("returns", ((0.1, 0.2), (0.2, 0.3), (0.3, 0.5)), "share that comes back after a reset", A),
    Parameter("slow_days", ((3, 4.9), (5, 7.9), (8, 14)), "days over which a slow thief spreads", A),
    Parameter(
        "slow_share", ((0.15, 0.25), (0.1, 0.15), (0.05, 0.1)), "share of the account a slow thief moves a day", A
    ),
    Parameter("spray_accounts", ((0.02, 0.05), (0.05, 0.1), (0.005, 0.02)), "share of accounts a list is tried on", A),
    Parameter("checked", ((0.5, 0.7), (0.7, 0.9), (0.2, 0.5)), "share of stuffed accounts the spray entered itself", A),
    Parameter("accumulates", ((0.1, 0.3), (0.3, 0.6), (0.6, 1.5)), "what a ring's own accounts buy before, in days", A),
    Parameter("spray_networks", ((2, 6), (6, 20), (20, 60)), "addresses a list is tried from", A),
    Parameter(
        "payouts", ((1, 2.5), (2.5, 4), (4, 6)), "withdrawals of one payout thief", "fact: 4 in one case of 2020"
    ),
    Parameter("flood", ((5, 15), (15, 30), (40, 200)), "events in a flood", "fact: over 500 SMS in ten minutes, 2016"),
)

OWNERS = (
    Parameter("dormant", ((0.22, 0.30), (0.20, 0.30), (0.25, 0.35)), "share of accounts hardly ever opened", A),
    Parameter("saver", ((0.20, 0.28), (0.22, 0.30), (0.18, 0.26)), "share with little but a monthly fund plan", A),
    Parameter("casual", ((0.20, 0.26), (0.18, 0.26), (0.18, 0.24)), "share that looks in once a week", A),
    Parameter("active", ((0.10, 0.15), (0.10, 0.15), (0.08, 0.14)), "share that looks in most days", A),
    Parameter("day_trader", ((0.015, 0.03), (0.01, 0.03), (0.015, 0.035)), "share that trades all day", A),
    Parameter("margin_user", ((0.03, 0.05), (0.03, 0.06), (0.02, 0.05)), "share that buys on margin", A),
    Parameter("foreign_fan", ((0.05, 0.08), (0.04, 0.08), (0.05, 0.09)), "share with a taste for foreign shares", A),
    Parameter("penny_fan", ((0.015, 0.03), (0.01, 0.03), (0.02, 0.04)), "share with a taste for thin, cheap shares", A),
    Parameter("passkeys", ((0.06, 0.15), (0.10, 0.20), (0.10, 0.25)), "share of owners with a passkey", A),
    Parameter("no_factor", ((0.25, 0.4), (0.2, 0.35), (0.15, 0.3)), "share of owners without a second factor", A),
    Parameter("linked", ((0.25, 0.35), (0.3, 0.45), (0.25, 0.4)), "share with a linked bank", A),
    Parameter("couple", ((0.05, 0.09), (0.04, 0.08), (0.06, 0.12)), "share that shares machine and line", A),
    Parameter("office", ((0.03, 0.06), (0.02, 0.06), (0.04, 0.08)), "share that logs in from a company network", A),
    Parameter("vpn_user", ((0.02, 0.04), (0.02, 0.05), (0.03, 0.06)), "share that always uses a VPN", A),
    Parameter("aggregator", ((0.04, 0.08), (0.03, 0.08), (0.05, 0.10)), "share with an account aggregator", A),
    Parameter("app", ((0.3, 0.5), (0.3, 0.5), (0.4, 0.6)), "share of telephones with the broker's app", A),
    Parameter("private", ((0.02, 0.05), (0.03, 0.06), (0.03, 0.07)), "share whose browser forgets the device id", A),
    Parameter(
        "robots", ((0.001, 0.004), (0.001, 0.004), (0.001, 0.006)), "share that trades by program from a data centre", A
    ),
    Parameter("stays", ((0.3, 0.5), (0.2, 0.6), (0.3, 0.7)), "share of app users whose sessions live on for days", A),
    Parameter("wealth", ((1.5e6, 3e6), (1.5e6, 3e6), (1.2e6, 3.5e6)), "median of an account, JPY", A),
    Parameter("busyness", ((0.8, 1.2), (0.7, 1.3), (0.7, 1.3)), "factor on all owners' sessions", A),
    Parameter("turns", ((1.5, 2.5), (1.0, 2.5), (1.0, 3.0)), "enrichment of the rare turns of owners' lives", A),
    Parameter("notices_read", ((0.3, 0.5), (0.2, 0.4), (0.15, 0.35)), "chance a robbed owner reacts within hours", A),
)

MARKET = (
    Parameter("crashes", ((0.5, 2.0), (0.5, 2.5), (0.5, 3.0)), "mean number of crash days in 40 days", A),
    Parameter("crash_sellers", ((0.03, 0.08), (0.03, 0.10), (0.03, 0.12)), "share that sells out on a crash day", A),
    Parameter("crowds", ((6, 10), (5, 10), (6, 14)), "mean number of crowded thin names in 40 days", A),
    Parameter("circles", ((1, 3), (1, 4), (1, 5)), "chat circles in 40 days and 20,000 accounts that buy a name", A),
    Parameter("crowd_size", ((0.001, 0.005), (0.001, 0.005), (0.001, 0.008)), "median share of accounts in a crowd", A),
    Parameter(
        "chasers", ((0.3, 1.0), (0.3, 1.5), (0.5, 2.5)), "owners that follow a pumped name, per member of the ring", A
    ),
    Parameter("scares", ((0.5, 1.5), (0.3, 2.0), (0.5, 2.5)), "mean number of days in 40 with news of thefts", A),
    Parameter("outages", ((0.3, 1.0), (0.3, 1.5), (0.3, 2.0)), "mean number of aggregator outages in 40 days", A),
    Parameter("volatility", ((0.014, 0.02), (0.013, 0.022), (0.014, 0.025)), "daily volatility of a typical share", A),
    Parameter(
        "impact", ((0.3, 0.6), (0.4, 0.8), (0.3, 0.9)), "price impact of a day's volume, in daily volatilities", A
    ),
)

FEED = (
    Parameter("rtt_given", ((0.6, 1.0), (0.0, 1.0), (0.0, 1.0)), "above ½: the broker reports round-trip times", A),
    Parameter("ends_given", ((0.5, 1.0), (0.0, 1.0), (0.0, 1.0)), "above ½: the end of sessions is reported", A),
    Parameter("notices_given", ((0.5, 1.0), (0.3, 1.0), (0.2, 1.0)), "above ½: notices are reported", A),
    Parameter("pin_asked", ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)), "above ½: a trading PIN opens trading", A),
    Parameter("challenge_always", ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)), "above ½: second factor at every login", A),
    Parameter("changes_challenged", ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)), "above ½: a second factor guards changes", A),
    Parameter(
        "first_books", ((0.5, 1.0), (0.4, 1.0), (0.3, 1.0)), "above ½: all holdings are sent on the first day", A
    ),
)

PARAMETERS = ATTACKER + OWNERS + MARKET + FEED


@dataclass(frozen=True, slots=True)
class World:
    """The numbers one world has drawn; the fields are the names of `PARAMETERS`."""

    name: str
    seed: int
    values: Mapping[str, float]

    @property
    def key(self) -> tuple[int, int]:
        """What every stream of this world begins with: no two worlds share a stream."""
        return WORLDS.index(self.name) + 1, self.seed

    def __getitem__(self, name: str) -> float:
        """The number drawn for a parameter."""
        return self.values[name]

    def draws(self, purpose: int, *index: int) -> Draws:
        """The stream of one actor or purpose."""
        return Draws(*self.key, purpose, *index)


def draw_world(name: str, seed: int) -> World:
    """Draw every parameter of a world from its own ranges.

    Raises:
        ValueError: there is no world of this name, or the seed is out of range.
    """
    if name not in WORLDS:
        raise ValueError(f"unknown world {name!r}: one of {', '.join(WORLDS)}")
    if not 0 <= seed < 2**32:  # a longer one would be taken for several keys, and meet another world's streams
        raise ValueError("the seed must lie between 0 and 4294967295")
    at = WORLDS.index(name)
    values = {p.name: Draws(at + 1, seed, 0, crc32(p.name.encode())).between(*p.ranges[at]) for p in PARAMETERS}
    return World(name, seed, values)
