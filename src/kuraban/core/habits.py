"""What an account usually does: decayed counts with normalised back-off, and how they are taught and untaught.

Usualness of a value v at level l, coarse to fine (parent level l+1):

    p(v_l) = [c(v_l) + α_l · p(v_{l+1}) · g(v_l | v_{l+1})] / (N + α_l)

which sums to one over v_l when p(v_{l+1}) and g do. α_l is learned for each account from how often its own logins
showed something new at that level (a Good–Turing estimate), so that a mobile user's ever new addresses weigh nothing
while a new address on a line that never changes weighs much.
"""

import math
from typing import Any

import numpy as np

from kuraban.core.jit import Float, Int, Row, jit
from kuraban.core.profile import (
    ASN,
    CLIENTS,
    COUNTRY,
    DEVICE_STATES,
    DEVICES,
    HASHED_AGENTS,
    HASHED_FAMILIES,
    HASHED_SYSTEMS,
    HOUR_BINS,
    IP,
    LEAVES,
    NET,
    PLACES,
    SOFTWARES,
    SYSTEMS,
    UA,
)

HALF_LIFE_DAYS = 120.0
MINUTE = 60_000_000
DAY = 86_400_000_000
# Shares of finer values inside a coarser one that nobody has counted; they stand on both sides of the ratio.
NETS_IN_SYSTEM = 1.0 / 1000.0
ADDRESSES_IN_NET = 1.0 / 256.0
# How often a login shows a new address, /24, ASN, country, user agent, device: by the account's recent logins (none,
# under 3, under 8, under 20, more). Assumptions, worth `POPULATION_STRENGTH` logins; the stream replaces them.
PRIOR_NOVELTY = np.array(
    [
        [0.95, 0.95, 0.95, 0.95, 0.95, 0.95],
        [0.60, 0.45, 0.25, 0.010, 0.35, 0.30],
        [0.45, 0.30, 0.12, 0.006, 0.20, 0.12],
        [0.40, 0.22, 0.06, 0.004, 0.12, 0.05],
        [0.30, 0.15, 0.03, 0.003, 0.08, 0.02],
    ]
)
POPULATION_STRENGTH = 30.0
# An account's own propensity to novelty, relative to comparable accounts, is drawn towards one by so many novelties.
OWN_STRENGTH = 1.5
MOST_NOVELTY = 0.95
SEASONED = 3  # experience from which an account counts as seasoned
# In an absence everything is replaced sooner or later: mean days until a new address, /24, ASN, country, software,
# device. Assumptions: leases of weeks, a provider for years, a telephone for two.
LIFETIME_DAYS = np.array([30.0, 90.0, 900.0, 30000.0, 30.0, 700.0])
PRESENT_DAYS = 3.0  # absences up to this are in the rates already


@jit
def low32(value: Float) -> Any:
    """The lower 32 bits of a 64-bit hash, 0 only for 0."""
    low = value & np.uint64(0xFFFFFFFF)
    if low == np.uint64(0) and value != np.uint64(0):
        return np.uint32(1)
    return np.uint32(low)


@jit
def backed_off(count: Float, total: Float, alpha: Float, parent: Float) -> Any:
    """(count + α·parent) / (total + α): a probability when `parent` is one and count ≤ total."""
    return (count + alpha * parent) / (total + alpha)


@jit
def rate(count: Float, total: Float, strength: Float, prior: Float) -> Any:
    """A rate seen `count` times in `total`, drawn towards `prior` as if seen `strength` times more."""
    return (count + strength * prior) / (total + strength)


@jit
def country_index(country: Any) -> Any:
    """Two letters to 1..676, anything else to 0."""
    first = (np.int64(country) >> 8) - 65
    second = (np.int64(country) & 255) - 65
    if 0 <= first < 26 and 0 <= second < 26:
        return first * 26 + second + 1
    return np.int64(0)


@jit
def family_index(browser: Any, system: Any) -> Any:
    """Browser and operating system together, folded into the population's table."""
    return (np.int64(browser) * 131 + np.int64(system)) % HASHED_FAMILIES


@jit
def hour_bin(week_minute: Any) -> Any:
    """Weekday or weekend × three-hour bins: 0..15."""
    minute = np.int64(week_minute)
    weekend = 8 if minute >= 5 * 1440 else 0
    return weekend + (minute % 1440) // 180


@jit
def experience(p: Row) -> Any:
    """Comparable accounts: by how many logins the last months have seen; 0 where nothing is known of any."""
    logins = np.float64(p["logins"])
    if logins < 0.5:
        # Long away is not new: where he logged in from a year ago is still known.
        for i in range(SYSTEMS):
            if p["system"][i]["weight"] > 0.0:
                return 1
        return 0
    if logins < 3.0:
        return 1
    if logins < 8.0:
        return 2
    return 3 if logins < 20.0 else 4


@jit
def base_novelty(pop: Row, group: Int, level: Int) -> Any:
    """How often a login of comparable accounts shows something new at `level`."""
    seen = np.float64(pop["experienced"][group])
    return rate(np.float64(pop["novel"][group, level]), seen, POPULATION_STRENGTH, PRIOR_NOVELTY[group, level])


@jit
def novelty(p: Row, pop: Row, level: Int) -> Any:
    """How often this account's next login shows something new at `level`.

    Its cohort's rate times its own propensity, and what an absence adds.
    """
    own = (np.float64(p["novel"][level]) + OWN_STRENGTH) / (np.float64(p["expected"][level]) + OWN_STRENGTH)
    usual = min(MOST_NOVELTY, max(1e-4, base_novelty(pop, experience(p), level) * own))
    if p["last_login"] == 0:
        return usual
    away = (np.int64(p["last"]) - np.int64(p["last_login"])) / DAY - PRESENT_DAYS
    if away <= 0.0:
        return usual
    return min(MOST_NOVELTY, usual + (1.0 - usual) * (1.0 - math.exp(-away / LIFETIME_DAYS[level])))


@jit
def alpha_of(total: Float, share_new: Float) -> Any:
    """α so large that a new value has the probability `share_new`."""
    u = min(MOST_NOVELTY, max(1e-4, share_new))
    return max(1e-3, total * u / (1.0 - u))


@jit
def share_of_country(pop: Row, country: Any, home: Any) -> Any:
    """Share of all owners' logins from `country`; before any was seen, 95 in 100 come from `home`."""
    prior = 95.0 if country == home else 0.02
    return (np.float64(pop["countries"][country_index(country)]) + prior) / (np.float64(pop["logins"]) + 107.0)


@jit
def share_of_system(pop: Row, asn: Any, country: Any, home: Any) -> Any:
    """Share of one network (ASN) among all owners' logins from its country."""
    total = np.float64(pop["countries"][country_index(country)])
    count = np.float64(pop["systems"][np.int64(asn) % HASHED_SYSTEMS])
    return min(1.0, (count + 0.05) / (total + 5.0))


@jit
def share_of_family(pop: Row, browser: Any, system: Any) -> Any:
    """Share of a browser on an operating system among all owners' logins."""
    return (np.float64(pop["browsers"][family_index(browser, system)]) + 0.2) / (np.float64(pop["logins"]) + 20.0)


@jit
def share_of_os(pop: Row, system: Any) -> Any:
    """Share of an operating system among all owners' logins."""
    return (np.float64(pop["oses"][np.int64(system) % HASHED_FAMILIES]) + 0.5) / (np.float64(pop["logins"]) + 10.0)


@jit
def share_of_agent(pop: Row, ua: Any, browser: Any, system: Any) -> Any:
    """Share of one full user agent among the logins of its browser and operating system."""
    total = np.float64(pop["browsers"][family_index(browser, system)])
    count = np.float64(pop["agents"][np.int64(ua) % HASHED_AGENTS])
    return min(1.0, (count + 0.1) / (total + 2.0))


@jit
def usual_network(p: Row, pop: Row, ip: Any, net: Any, asn: Any, country: Any, home: Any) -> tuple[Any, Any, Any]:
    """How usual a place is: (probability down to the address, of its ASN by own counts alone, what was new).

    The last value has bit n set where level n had never been seen on this account.
    """
    addresses = 0.0
    ip_count = 0.0
    net_count = 0.0
    for i in range(LEAVES):
        weight = np.float64(p["leaf"][i]["weight"])
        addresses += weight
        if weight > 0.0:
            if p["leaf"][i]["ip"] == ip:
                ip_count += weight
            if p["leaf"][i]["net"] == net:
                net_count += weight
    systems = 0.0
    asn_count = 0.0
    country_count = 0.0
    for i in range(SYSTEMS):
        weight = np.float64(p["system"][i]["weight"])
        systems += weight
        if weight > 0.0:
            if p["system"][i]["asn"] == asn:
                asn_count += weight
            if p["system"][i]["country"] == country:
                country_count += weight
    of_address = novelty(p, pop, IP)
    of_net = min(MOST_NOVELTY, novelty(p, pop, NET) / of_address)
    of_system = min(MOST_NOVELTY, novelty(p, pop, ASN) / novelty(p, pop, NET))
    of_country = min(MOST_NOVELTY, novelty(p, pop, COUNTRY) / novelty(p, pop, ASN))
    # The parent's share of a value not seen here before is its share among what is left when the known are taken out.
    left = 1.0
    for i in range(SYSTEMS):
        if p["system"][i]["weight"] > 0.0:
            first = True
            for j in range(i):
                if p["system"][j]["weight"] > 0.0 and p["system"][j]["country"] == p["system"][i]["country"]:
                    first = False
            if first:
                left -= share_of_country(pop, p["system"][i]["country"], home)
    left = min(1.0, max(left, 0.01))
    elsewhere = share_of_country(pop, country, home)
    if country_count == 0.0:
        elsewhere = min(1.0, elsewhere / left)
    in_country = backed_off(country_count, systems, alpha_of(systems, of_country), elsewhere)
    in_system = backed_off(
        asn_count,
        systems,
        alpha_of(systems, of_system),
        in_country * share_of_system(pop, asn, country, home),
    )
    in_net = backed_off(net_count, addresses, alpha_of(addresses, of_net), in_system * NETS_IN_SYSTEM)
    at_address = backed_off(ip_count, addresses, alpha_of(addresses, of_address), in_net * ADDRESSES_IN_NET)
    new = 0
    if ip_count == 0.0:
        new |= 1 << IP
    if net_count == 0.0:
        new |= 1 << NET
    if asn_count == 0.0:
        new |= 1 << ASN
    if country_count == 0.0:
        new |= 1 << COUNTRY
    own_system = asn_count / systems if systems > 0.0 else 0.0
    return at_address, own_system, new


@jit
def usual_client(p: Row, pop: Row, ua: Any, browser: Any, system: Any) -> tuple[Any, Any, Any]:
    """How usual the software is: (probability of the full user agent, of its family, how new).

    How new: 0 a known user agent, 1 a new one of a known browser and system (an update), 2 of an unknown one.
    """
    total = 0.0
    ua_count = 0.0
    family_count = 0.0
    os_count = 0.0
    for i in range(CLIENTS):
        weight = np.float64(p["client"][i]["weight"])
        total += weight
        if weight > 0.0:
            if p["client"][i]["ua"] == ua:
                ua_count += weight
            if p["client"][i]["os"] == system:
                os_count += weight
                if p["client"][i]["browser"] == browser:
                    family_count += weight
    os_share = share_of_os(pop, system)
    on_os = backed_off(os_count, total, 1.0, os_share)
    family = backed_off(family_count, total, 1.0, on_os * min(1.0, share_of_family(pop, browser, system) / os_share))
    full = backed_off(
        ua_count, total, alpha_of(total, novelty(p, pop, UA)), family * share_of_agent(pop, ua, browser, system)
    )
    state = 0
    if ua_count == 0.0:
        state = 2 if family_count == 0.0 else 1
    return full, family, state


@jit
def pattern(place: Int, device: Any, software: Int) -> Any:
    """Number of what was new at once: place 0 to 4 (known, address, /24, ASN, country), device and software 0 to 2."""
    return (place * DEVICE_STATES + device) * SOFTWARES + software


@jit
def expect_patterns(p: Row, pop: Row, present: Any, new_device: Any, family: Any) -> None:
    """Add what an account's own rates expect of its next login, one novelty telling nothing of another."""
    of_address = novelty(p, pop, IP)
    of_net = min(MOST_NOVELTY, novelty(p, pop, NET) / of_address)
    of_system = min(MOST_NOVELTY, novelty(p, pop, ASN) / novelty(p, pop, NET))
    of_country = min(MOST_NOVELTY, novelty(p, pop, COUNTRY) / novelty(p, pop, ASN))
    of_agent = novelty(p, pop, UA)
    half = 0 if experience(p) < SEASONED else 1
    reached = 1.0
    for place in range(PLACES):
        stays = 1.0
        if place == 0:
            stays = 1.0 - of_address
        elif place == 1:
            stays = 1.0 - of_net
        elif place == 2:
            stays = 1.0 - of_system
        elif place == 3:
            stays = 1.0 - of_country
        here = reached * stays
        reached *= 1.0 - stays
        for device in range(DEVICE_STATES):
            with_device = here * (1.0 - present)
            if device == 0:
                with_device = here * present * (1.0 - new_device)
            elif device == 1:
                with_device = here * present * new_device
            at = pattern(place, device, 0)
            pop["pattern_expected"][half, at] += with_device * (1.0 - of_agent)
            pop["pattern_expected"][half, at + 1] += with_device * of_agent * family
            pop["pattern_expected"][half, at + 2] += with_device * of_agent * (1.0 - family)


@jit
def togetherness(p: Row, pop: Row, place: Int, device: Any, software: Int) -> Any:
    """How much oftener owners show these novelties at once than each by itself would make them.

    A new telephone is a new device and new software, often on a new line. The ratio of seen to expected over all
    owners' logins; before there are any, novelties are taken to come together three times oftener for each pair,
    nine times at most.
    """
    group = experience(p)
    if group == 0:
        return 1.0  # at the first login everything is new
    half = 0 if group < SEASONED else 1
    at = pattern(place, device, software)
    pairs = 0
    if device == 1 and software > 0:
        pairs += 2
    if device == 1 and place >= 2:
        pairs += 1
    if software > 0 and place >= 2:
        pairs += 1
    prior = min(9.0, math.pow(3.0, pairs))
    seen = np.float64(pop["pattern_seen"][half, at])
    return (seen + prior) / (np.float64(pop["pattern_expected"][half, at]) + 1.0)


@jit
def usual_hour(p: Row, pop: Row, week_minute: Any) -> Any:
    """Probability of the hour under this account's own logins, backed off to everybody's."""
    own = 0.0
    everyone = 0.0
    for i in range(HOUR_BINS):
        own += np.float64(p["hours"][i])
        everyone += np.float64(pop["hours"][i])
    here = hour_bin(week_minute)
    share = (np.float64(pop["hours"][here]) + 2.0) / (everyone + 2.0 * HOUR_BINS)
    return backed_off(np.float64(p["hours"][here]), own, 6.0, share)


@jit
def find_device(p: Row, device: Any) -> Any:
    """Slot of a device id, -1 when unknown."""
    for i in range(DEVICES):
        if p["device"][i]["id"] == device and p["device"][i]["weight"] > 0.0:
            return i
    return -1
