"""Who is there: network, client, device, hour, travel, failures, a session that changes hands, second factors.

The thief's side is a written mixture of ways to come in, never learned from attacks; the owner's side is this
account's own habits. The joint likelihood ratio of a login,

    ℓ = ln Σ_m w_m A_m(network) A_m(client) A_m(device) − ln U(network) U(client, device),

is split into its three signals exactly: with responsibilities r_m of the ways given the login, a part x gets
Σ_m r_m ln A_m(x) − ln U(x), and the network also the remainder Σ_m r_m ln(w_m / r_m).
"""

import math
from typing import Any

import numpy as np

from kuraban.core import layout
from kuraban.core.belief import keep, lift, put
from kuraban.core.habits import (
    ADDRESSES_IN_NET,
    DAY,
    MINUTE,
    NETS_IN_SYSTEM,
    base_novelty,
    expect_patterns,
    experience,
    find_device,
    novelty,
    pattern,
    rate,
    share_of_family,
    share_of_system,
    togetherness,
    usual_client,
    usual_hour,
    usual_network,
)
from kuraban.core.jit import Flag, Float, Int, Row, jit
from kuraban.core.profile import (
    ANOMALOUS,
    ASN,
    CHALLENGED,
    CLIENTS,
    COUNTRY,
    DEV,
    DEVICES,
    LATENCY_BINS,
    LEVELS,
    LOGGED_IN,
    NET,
    NEW_DEVICE,
    NEW_NETWORK,
    STRONG,
    UA,
)
from kuraban.core.signals import ids

# Ways in, and how often thieves use each. Assumptions within what the wave of 2025 shows: addresses abroad and in data
# centres at first, Japanese proxies after brokers blocked those, stolen cookies, control of the owner's own device.
ANYWHERE, SAME_COUNTRY, SAME_SYSTEM, REPLAYED, OWN_DEVICE, RETURNED = range(6)
WAYS = np.array([0.30, 0.30, 0.15, 0.13, 0.12])
# A thief who has been here before comes as whoever came then: what is known of the account only since that many days
# (half-life) may be his. It adds to the ways above.
RETURNS, STRANGER_DAYS = 0.35, 5.0

# Countries thieves' addresses are in, for the ways that do not choose the owner's. China strongly suspected in 2025;
# the rest an assumption. Anything else shares what is left.
ABROAD = np.array(
    [0x434E, 0x484B, 0x5347, 0x5457, 0x564E, 0x5553, 0x4B52, 0x5255], dtype=np.uint16
)  # CN HK SG TW VN US KR RU
ABROAD_SHARE = np.array([0.20, 0.12, 0.08, 0.04, 0.04, 0.09, 0.04, 0.03])
HOME_SHARE = 0.30
REST_SHARE = 0.0015

# A thief's chance to show a device id that is new, absent where owners have one, or copied from the owner.
DEVICE_NEW, DEVICE_ABSENT, DEVICE_COPIED = 0.93, 0.05, 0.02

# Round-trip times in steps of a factor 1.6 from 5 ms: of owners before the stream shows, by line; of relayed traffic,
# which crosses half the world twice. Assumptions.
OWNER_LATENCY = np.array(
    [
        [1.0, 2.0, 2.5, 2.5, 1.5, 1.0, 0.5, 0.3, 0.2, 0.2, 0.2, 0.1],
        [0.2, 0.4, 0.8, 1.5, 2.5, 2.5, 1.7, 1.0, 0.6, 0.4, 0.2, 0.2],
        [0.3, 0.5, 0.7, 1.0, 1.3, 1.7, 1.9, 1.8, 1.3, 0.8, 0.4, 0.3],
    ]
)
RELAYED_LATENCY = np.array([0.005, 0.005, 0.01, 0.01, 0.03, 0.06, 0.12, 0.22, 0.25, 0.17, 0.08, 0.04])

# What passing a second factor says of who passed it: ln((1 − β)/P(pass | owner)), lowered for codes because they are
# relayed in real time. Google WWW'19 gives −4.5 (device prompt, bulk), −2.2 (targeted), −1.3 (SMS); under a relay ≈ 0.
FACTOR = np.array([0.0, 0.0, 0.0, -0.5, -0.3, -0.6, -1.5, -0.2, -3.5, -3.5])
STRONG_FACTORS = (layout.PASSKEY, layout.PKI)


@jit
def thief_country(country: Any, home: Any) -> Any:
    """Probability that a thief who does not choose the owner's country comes from `country`."""
    if country == home:
        return HOME_SHARE
    for i in range(ABROAD.size):
        if ABROAD[i] == country:
            return ABROAD_SHARE[i]
    return REST_SHARE


@jit
def thief_network(
    way: Int, row_country: Any, asn: Any, flags: Int, own_system: Float, at_address: Float, pop: Row, home: Any
) -> Any:
    """A_m of the network, down to the address."""
    below = NETS_IN_SYSTEM * ADDRESSES_IN_NET
    hosted = (flags & (layout.NET_HOSTING | layout.NET_ANONYMISER)) != 0
    within = share_of_system(pop, asn, row_country, home)
    if way in (ANYWHERE, REPLAYED):
        share = 0.5 * max(within, 0.03) if hosted else 0.5 * max(within, 0.002)
        return thief_country(row_country, home) * share * below
    if way == SAME_COUNTRY:
        if row_country != home:
            return 0.0
        return (0.2 * max(within, 0.03) if hosted else 0.8 * within) * below
    if way == SAME_SYSTEM:
        return own_system * below
    return at_address


@jit
def place_of(new: Int) -> Any:
    """How new a place is: 0 a known address, 1 a new address, 2 a new /24, 3 a new network (ASN), 4 a new country."""
    if (new >> COUNTRY) & 1:
        return 4
    if (new >> ASN) & 1:
        return 3
    if (new >> NET) & 1:
        return 2
    return new & 1


@jit
def score_login(
    p: Row, s: Row, pop: Row, row: Row, ip: Any, net: Any, ua: Any, device: Any, home: Any
) -> tuple[Any, Any]:
    """Set the network, client and device signals of a session from one event.

    Returns what was new, as bits, and the pattern of novelty. What is new together (a new telephone brings new
    software) is one surprise for an owner, not two: see `habits.togetherness`.
    """
    country = row["country"]
    at_address, own_system, new = usual_network(p, pop, ip, net, row["asn"], country, home)
    full, family, software = usual_client(p, pop, ua, row["browser"], row["os"])
    anyone = share_of_family(pop, row["browser"], row["os"])
    agent_in_family = min(1.0, full / family)
    if software > 0:
        new |= 1 << UA

    everyone = rate(np.float64(pop["with_device"]), np.float64(pop["logins"]), 20.0, 0.9)
    with_device = np.float64(p["with_device"])
    present = min(0.995, max(0.005, rate(with_device, np.float64(p["logins"]), 4.0, everyone)))
    p_new = novelty(p, pop, DEV)
    slot = find_device(p, device) if device != 0 else -1
    total = 0.0
    for i in range(DEVICES):
        total += np.float64(p["device"][i]["weight"])
    known = np.float64(p["device"][slot]["weight"]) / total if slot >= 0 else 0.0
    state = 0
    if device == 0:
        state = 2
        own_device = 1.0 - present
    elif slot < 0:
        state = 1
        new |= 1 << DEV
        own_device = present * p_new
    else:
        own_device = present * (1.0 - p_new) * known

    since = np.int64(p["device"][slot]["first"]) if slot >= 0 else np.int64(p["born"]) // MINUTE
    age = max(np.int64(0), np.int64(p["last"]) // MINUTE - since) / 1440.0
    strange = RETURNS * math.pow(0.5, age / STRANGER_DAYS)
    place = place_of(new)
    together = togetherness(p, pop, place, state, software)
    joint = np.empty(6)
    nets = np.empty(6)
    clients = np.empty(6)
    devices = np.empty(6)
    absent = max(DEVICE_ABSENT, 1.0 - everyone)
    total_joint = 0.0
    for way in range(6):
        nets[way] = thief_network(
            way, country, row["asn"], np.int64(row["net_flags"]), own_system, at_address, pop, home
        )
        if way in (ANYWHERE, SAME_COUNTRY):
            clients[way] = max(0.9 * anyone, 0.002) * agent_in_family + 0.1 * full
        elif way == SAME_SYSTEM:
            clients[way] = 0.5 * family * agent_in_family + 0.5 * max(anyone, 0.002) * agent_in_family
        else:
            clients[way] = full
        if way == REPLAYED:
            devices[way] = absent if device == 0 else (0.45 if slot < 0 else 0.5 * known)
        elif way >= OWN_DEVICE:
            devices[way] = own_device * together
        else:
            devices[way] = absent if device == 0 else (DEVICE_NEW if slot < 0 else DEVICE_COPIED * known)
        joint[way] = (WAYS[way] if way < RETURNED else strange) * nets[way] * clients[way] * devices[way]
        total_joint += joint[way]
    network_part = -math.log(at_address)
    client_part = -math.log(full)
    device_part = -math.log(own_device * together)
    for way in range(6):
        r = joint[way] / total_joint
        if r > 0.0:
            network_part += r * (math.log(nets[way]) + math.log((WAYS[way] if way < RETURNED else strange) / r))
            client_part += r * math.log(clients[way])
            device_part += r * math.log(devices[way])
    keep(s, ids.NETWORK, network_part, 0)
    keep(s, ids.CLIENT, client_part, 0)
    keep(s, ids.DEVICE, device_part, 1 if device == 0 else 0)
    if (new >> NET) & 1:
        s["flags"] |= NEW_NETWORK
    if (new >> DEV) & 1 or device == 0:
        s["flags"] |= NEW_DEVICE
    if network_part + client_part + device_part > 3.0:
        s["flags"] |= ANOMALOUS
    return new, pattern(place, state, software)


@jit
def is_machine(row: Row) -> Any:
    """Whether a program logs in: an aggregator on the owner's behalf, the owner's own, or a thief's."""
    return row["channel"] == layout.API or np.int64(row["client_flags"]) & layout.CLIENT_LIBRARY != 0


@jit
def score_machine(p: Row, s: Row, pop: Row, row: Row, ua: Any) -> Any:
    """A program's login against the one this account has; people's habits say nothing of it.

    Returns True where it is the one known.
    """
    if p["machine_logins"] > 0.5 and p["machine_asn"] == row["asn"]:
        same = p["machine_ua"] == ua
        keep(s, ids.NETWORK, -2.0, 0)
        keep(s, ids.CLIENT, -1.5 if same else 0.5, 0)
        return True
    # Thieves use programs for one login in twelve (to try lists); owners sign up with an aggregator once in years.
    fresh = rate(
        np.float64(pop["machine_new"]), np.float64(pop["logins"]) + np.float64(pop["machine_logins"]), 2000.0, 1e-3
    )
    weight = math.log(0.08 / min(0.5, fresh))
    if p["machine_logins"] > 0.5:
        weight += 1.0
    keep(s, ids.NETWORK, 0.5 * weight, 0)
    keep(s, ids.CLIENT, 0.5 * weight, 0)
    return False


@jit
def learn_machine(p: Row, pop: Row, row: Row, ua: Any, minute: Int, known: Flag, unsure: Flag) -> None:
    """What a program's login adds."""
    pop["machine_logins"] += 1.0
    if not known:
        pop["machine_new"] += 1.0
    if unsure and known:
        return
    if unsure:
        # On probation: the same program a day later, undenied, is the owner's.
        if p["machine_next"] != row["asn"]:
            p["machine_next"] = row["asn"]
            p["machine_next_at"] = minute
        if minute - np.int64(p["machine_next_at"]) < 1440:
            return
    if not known:
        p["machine_logins"] = 0.0
        p["machine_acts"] = 0.0
    p["machine_asn"] = row["asn"]
    p["machine_ua"] = ua
    p["machine_logins"] += 1.0
    p["machine_at"] = minute


@jit
def expect(p: Row, pop: Row, new: Int, device: Any) -> None:
    """Count a login among the population's novelties, and what was to be expected of this account."""
    group = experience(p)
    everyone = rate(np.float64(pop["with_device"]), np.float64(pop["logins"]), 20.0, 0.9)
    present = min(0.995, max(0.005, rate(np.float64(p["with_device"]), np.float64(p["logins"]), 4.0, everyone)))
    if group > 0:
        total = 0.0
        for i in range(CLIENTS):
            total += np.float64(p["client"][i]["weight"])
        expect_patterns(p, pop, present, novelty(p, pop, DEV), total / (total + 1.0))
    for level in range(LEVELS):
        if level != DEV or device != 0:
            p["expected"][level] += np.float32(base_novelty(pop, group, level))
    pop["experienced"][group] += 1.0
    # How often an owner shows new things is learned at once, what they were only when it is sure to be him.
    for level in range(LEVELS):
        if (new >> level) & 1:
            pop["novel"][group, level] += 1.0
            p["novel"][level] += 1.0


@jit
def score_hour(p: Row, s: Row, pop: Row, row: Row) -> None:
    """Hour against habit; a thief works around the clock, a little more in market hours."""
    minute = np.int64(row["week_minute"])
    hour = (minute % 1440) / 60.0
    busy = minute < 5 * 1440 and 9.0 <= hour < 15.0
    thief = (0.5 * 3.0 / 6.0 * 0.7 if busy else 0.0) * 0.5 + 0.6 / 16.0
    put(s, ids.HOUR, 0.6 * math.log(thief / usual_hour(p, pop, row["week_minute"])), minute % 1440)


@jit
def score_latency(s: Row, pop: Row, row: Row, home: Any) -> None:
    """Round-trip time against the lines of owners: fixed at home, mobile, abroad or hosted.

    Half of the thieves are taken to show it: proxies that only forward packets add to the time, remote browsers do not.
    """
    rtt = np.float64(row["rtt_ms"])
    if not rtt > 0.0:
        return
    line = 0
    if row["country"] != home or np.int64(row["net_flags"]) & (layout.NET_HOSTING | layout.NET_ANONYMISER):
        line = 2
    elif np.int64(row["net_flags"]) & layout.NET_MOBILE:
        line = 1
    at = min(LATENCY_BINS - 1, max(0, math.floor(math.log(rtt / 5.0) / 0.47)))
    total = 12.0
    for i in range(LATENCY_BINS):
        total += np.float64(pop["latency"][line, i])
    usual = (np.float64(pop["latency"][line, at]) + OWNER_LATENCY[line, at]) / total
    put(s, ids.LATENCY, math.log((0.5 * RELAYED_LATENCY[at] + 0.5 * usual) / usual), np.int64(min(rtt, 65535.0)))
    pop["latency"][line, at] += 1.0


@jit
def score_travel(p: Row, s: Row, row: Row, minute: Int, new: Int) -> None:
    """A country that cannot be reached in the time since the last login."""
    if p["country"] == 0 or row["country"] == 0 or p["country"] == row["country"]:
        return
    if (np.int64(row["net_flags"]) & (layout.NET_HOSTING | layout.NET_ANONYMISER | layout.NET_MOBILE)) != 0:
        return
    gap = minute - np.int64(p["country_at"])
    if gap < 180 and (new >> COUNTRY) & 1:
        put(s, ids.TRAVEL, 2.0, gap)
    elif gap < 600 and (new >> COUNTRY) & 1:
        put(s, ids.TRAVEL, 1.0, gap)


@jit
def score_failures(p: Row, s: Row, minute: Int, net: Any, new: Int) -> None:
    """Failures before this success, decayed over an hour; an owner mistypes on his own line."""
    gap = max(0, minute - np.int64(p["failures_at"]))
    count = np.float64(p["failures"]) * math.pow(0.5, gap / 60.0)
    if count < 0.3:
        return
    strange = (new >> NET) & 1
    if strange and p["failures_net"] == net:
        put(s, ids.FAILURES, 0.5 + 0.35 * min(count, 4.0), np.int64(count + 0.5))
    elif p["failures_net"] != net and count >= 2.5:
        put(s, ids.FAILURES, 0.8, np.int64(count + 0.5))


@jit
def session_changed(p: Row, s: Row, pop: Row, row: Row, ip: Any, net: Any, ua: Any, device: Any, home: Any) -> None:
    """A session that goes on from elsewhere without a login: what the new place is worth, and who could have moved."""
    moved_device = device != 0 and s["device"] != 0 and device != s["device"]
    lost_device = device == 0 and s["device"] != 0 and row["channel"] != layout.PHONE
    moved_client = (row["browser"] != s["browser"] or row["os"] != s["os"]) and ua != 0 and s["ua"] != 0
    moved_agent = ua != s["ua"] and ua != 0 and s["ua"] != 0
    moved_network = row["asn"] != 0 and row["asn"] != s["asn"]
    if not (moved_device or moved_client or moved_network or moved_agent or lost_device):
        return
    value = 0.0
    same_device = device != 0 and device == s["device"]
    if moved_client:
        value += 4.0
    elif moved_device or lost_device:
        # Browsers that forget the device id lose it in mid-session too.
        value += min(4.0, math.log(0.5 / (0.25 * novelty(p, pop, DEV) + 0.005)))
    elif moved_agent:
        value += 1.5
    if moved_network:
        at_address, own_system, new = usual_network(p, pop, ip, net, row["asn"], row["country"], home)
        strange = thief_network(
            REPLAYED, row["country"], row["asn"], np.int64(row["net_flags"]), own_system, at_address, pop, home
        ) + 0.5 * thief_network(
            SAME_COUNTRY, row["country"], row["asn"], np.int64(row["net_flags"]), own_system, at_address, pop, home
        )
        # Owners change between their line and their mobile carrier in mid-session; one in fifty sessions does. An app's
        # session is hardly ever stolen; a browser's cookies are, device id and all.
        copied = 0.1 if same_device and row["channel"] == layout.APP else 0.6
        value += min(4.5, max(-1.0, math.log(copied * strange + 1e-30) - math.log(at_address))) - 0.5
        if (new >> NET) & 1:
            s["flags"] |= NEW_NETWORK
    if value > 0.0:
        lift(s, ids.SESSION_CHANGE, value, 0)
        if value > 1.5:
            # How the session began says no longer who goes on with it.
            for k in range(ids.SESSION_CHANGE):
                s["weight"][k] = max(np.int16(0), s["weight"][k])
            s["weight"][ids.LATENCY] = 0
            score_latency(s, pop, row, home)
            s["flags"] |= ANOMALOUS
            s["country"] = row["country"]
            s["asn"] = row["asn"]
            s["hosting"] = row["net_flags"]


@jit
def passed(s: Row, method: Any) -> None:
    """A second factor passed: what kind it was decides what that is worth."""
    s["flags"] |= CHALLENGED
    if method == layout.PASSKEY or method == layout.PKI:
        s["flags"] |= STRONG
    held = np.float64(s["weight"][ids.FACTOR]) / 1000.0
    value = FACTOR[method]
    if value < held or held == 0.0:
        put(s, ids.FACTOR, value, method)


@jit
def failed(s: Row, method: Any) -> None:
    """A second factor failed: owners mistype, thieves guess."""
    put(s, ids.FACTOR, min(2.5, np.float64(s["weight"][ids.FACTOR]) / 1000.0 + 0.8), method)


@jit
def missing_factor(p: Row, s: Row) -> None:
    """Acting without the factor this owner always gives, or without having logged in at all."""
    sessions = np.float64(p["sessions"])
    value = 0.0
    if not s["flags"] & STRONG:
        usual = rate(np.float64(p["strong"]), sessions, 3.0, 0.05)
        if usual > 0.5:
            value = max(value, math.log(0.9 / (1.0 - usual)) * 0.8)
    if not s["flags"] & CHALLENGED:
        usual = rate(np.float64(p["challenged"]), sessions, 3.0, 0.3)
        if usual > 0.7:
            value = max(value, math.log(0.5 / (1.0 - usual)) * 0.8)
    if value > 0.3:
        lift(s, ids.FACTOR, value, 0)
    if not s["flags"] & LOGGED_IN:
        usual = rate(np.float64(p["logged_in"]), sessions, 3.0, 0.8)
        lift(s, ids.SESSION_CHANGE, max(0.0, min(2.0, 0.5 * math.log(0.5 / max(1.0 - usual, 1e-3)))), 0)


@jit
def dormant(p: Row, s: Row, time: Int) -> None:
    """An account unused far longer than its own habit."""
    since = max(np.int64(p["last_login"]), np.int64(p["last_act"]))
    if since == 0:
        since = np.int64(p["born"])
    gap = (time - since) / DAY
    if gap < 60.0:
        return
    # Decayed logins over the half-life give the usual gap between logins.
    usual = 170.0 / max(0.5, np.float64(p["logins"]))
    if gap > 3.0 * usual or gap > 300.0:
        put(s, ids.DORMANT, min(1.5, 0.5 + 0.3 * math.log(gap / 60.0)), np.int64(gap))


@jit
def remember_place(p: Row, row: Row, minute: Int) -> None:
    """Keep the country of the last login, for travel."""
    if row["country"] != 0 and (np.int64(row["net_flags"]) & (layout.NET_HOSTING | layout.NET_ANONYMISER)) == 0:
        p["country"] = row["country"]
        p["country_at"] = minute
