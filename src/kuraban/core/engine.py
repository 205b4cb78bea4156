"""The engine: one event after another, (state, event, reference) → (state, decisions).

`run` walks the rows of a batch in order. For each it asks the network and the instrument what they know, scores the
account, decides, lets the account learn, and only then tells network and instrument what the event added. What they
find out about other accounts (a spray named, a ring growing) changes those accounts' belief at once and is answered by
decisions without an event. Nothing here depends on where a batch begins or ends.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core import instruments as rings
from kuraban.core import layout, networks
from kuraban.core.belief import (
    account_probability,
    evidence,
    fade_residual,
    first_odds,
    fold,
    lift,
    log_odds,
    logistic,
    put,
    return_to,
)
from kuraban.core.habits import (
    DAY,
    LOGIN_LESSONS,
    MINUTE,
    SEASONED,
    age,
    claim_holding,
    commit_clean,
    commit_session,
    country_index,
    experience,
    family_index,
    find_holding,
    holds_ripe_lesson,
    hour_bin,
    login_lesson,
    low32,
    spare_lesson,
    teach_login,
    teach_order,
    unlearn_session,
)
from kuraban.core.jit import Flag, Float, Int, Row, jit
from kuraban.core.policy import choose, exposure, reach
from kuraban.core.profile import (
    ACTED,
    ALL_IN_BINS,
    CHALLENGED,
    COHORTS,
    COUNTED,
    CROWD,
    DENIED,
    EXPERIENCES,
    GAP_BINS,
    HASHED_AGENTS,
    HASHED_FAMILIES,
    HASHED_SYSTEMS,
    HOUR_BINS,
    INSTRUMENTS,
    LATENCY_BINS,
    LEVELS,
    LINES,
    LOGGED_IN,
    MACHINE,
    MEMBERS,
    NETWORK,
    NETWORKS,
    ODD,
    PATTERNS,
    PENDING,
    POPULATION,
    PRICE_BINS,
    PROFILE,
    SESSION,
    SESSIONS,
    SHARE_BINS,
    STRONG,
    THIN_BINS,
    TRADED,
    VERY_ODD,
)
from kuraban.core.signals import access, cash, credentials, ids, notices, trading
from kuraban.core.signals.ids import COUNT

# A session without an id of its own goes on while its events follow one another within this time.
NAMELESS = np.uint64(1)
NAMELESS_GAP = 1_800_000_000
# After such a pause within a session who is there is weighed anew.
PAUSE = 6 * 3_600_000_000
NAMELESS_GAP_BLIND = 43_200_000_000

# Up to this belief a session teaches at once; beyond, its lessons are held back until proof or a clean day.
SURE = 1e-4
# And up to this one it counts among what owners do.
COMMON = 0.005
# A session this suspect is told to its network as suspicious.
SUSPECT = 0.03
VERY_SUSPECT = 0.3
# Evidence without the ring at which a buyer is as likely odd as not; about 2 in 100 of owners' new buys reach it.
ODD_AT = 2.0

HITS = 24


@dataclass
class State:
    """Everything the engine knows: four arrays, which are also the snapshot."""

    profiles: np.ndarray  # PROFILE by account code
    crowds: np.ndarray  # CROWD by instrument code
    networks: np.ndarray  # NETWORK, open addressing
    population: np.ndarray  # POPULATION, one record

    @classmethod
    def empty(cls, accounts: int = 1024, instruments: int = 1024) -> "State":
        """A state that has seen nothing, with room for so many accounts and instruments."""
        table = np.zeros(NETWORKS, NETWORK)
        return cls(np.zeros(accounts, PROFILE), np.zeros(instruments, CROWD), table, np.zeros(1, POPULATION))

    def ensure(self, accounts: int, instruments: int) -> None:
        """Make room for account and instrument codes below these numbers."""
        if accounts > self.profiles.size:
            self.profiles = _grown(self.profiles, accounts)
        if instruments > self.crowds.size:
            self.crowds = _grown(self.crowds, instruments)


def _grown(table: np.ndarray, least: int) -> np.ndarray:
    larger = np.zeros(max(least, table.size * 2), table.dtype)
    larger[: table.size] = table
    return larger


@jit
def new_day(pop: Row, day: Int) -> None:
    """Age the population's counts and begin a new day's."""
    gap = day - np.int64(pop["day"])
    if pop["day"] == 0:
        pop["day"] = day
        return
    if gap <= 0:
        return
    pop["day"] = day
    f = np.float64(math.pow(0.5, min(gap, 3650) / 60.0))
    for i in range(HASHED_SYSTEMS):
        pop["systems"][i] *= f
    for i in range(HASHED_AGENTS):
        pop["agents"][i] *= f
    for i in range(HASHED_FAMILIES):
        pop["browsers"][i] *= f
        pop["oses"][i] *= f
    for i in range(pop["countries"].size):
        pop["countries"][i] *= f
    for i in range(HOUR_BINS):
        pop["hours"][i] *= f
    for g in range(EXPERIENCES):
        pop["experienced"][g] *= f
        for i in range(LEVELS):
            pop["novel"][g, i] *= f
    for g in range(2):
        for i in range(PATTERNS):
            pop["pattern_seen"][g, i] *= f
            pop["pattern_expected"][g, i] *= f
    for g in range(COHORTS):
        pop["buys"][g] *= f
        pop["novel_buys"][g] *= f
        pop["novel_markets"][g] *= f
        pop["margins"][g] *= f
        pop["off_hours"][g] *= f
        pop["orders"][g] *= f
        for i in range(PRICE_BINS):
            pop["prices"][g, i] *= f
        pop["visits"][g] *= f
        pop["traded"][g] *= f
        for i in range(GAP_BINS):
            pop["gaps"][g, i] *= f
        for i in range(THIN_BINS):
            pop["thin"][g, i] *= f
        for i in range(ALL_IN_BINS):
            pop["all_in"][g, i] *= f
    for i in range(SHARE_BINS):
        pop["reached"][i] *= f
        pop["today_reached"][i] = 0.0
    for i in range(16):
        pop["changes"][i] *= f
    pop["logins"] *= f
    pop["with_device"] *= f
    for g in range(LINES):
        for i in range(LATENCY_BINS):
            pop["latency"][g, i] *= f
    pop["order_days"] *= f
    pop["rotated"] *= f
    pop["half_sold"] *= f
    pop["sessions"] *= f
    pop["linked"] *= f
    pop["sweeps"] *= f
    pop["withdrawals"] *= f
    pop["fresh_payouts"] *= f
    pop["novel_odd"] *= f
    pop["novel_all"] *= f
    pop["attempts"] *= f
    pop["failures"] *= f
    pop["today_days"] = 0.0
    pop["today_odd"] = 0.0
    pop["today_novel"] = 0.0


@jit
def first_seen(p: Row, time: Int) -> None:
    """Begin a profile."""
    p["born"] = time
    p["cash"] = math.nan
    p["linked_cash"] = math.nan
    p["margin_power"] = math.nan
    p["positions"] = math.nan
    p["decayed"] = time // DAY
    p["counted_day"] = -1


@jit
def find_session(p: Row, session: Any, time: Int, blind: Flag) -> Any:
    """Slot of a session, -1 when it is not known (or was nameless and is over)."""
    for i in range(SESSIONS):
        s = p["session"][i]
        if s["id"] == session:
            if session == NAMELESS:
                gap = NAMELESS_GAP_BLIND if blind else NAMELESS_GAP
                if time - np.int64(s["last"]) > gap:
                    return -1
            return i
    return -1


@jit
def same_actor(s: Row, net: Any, asn: Any, ua: Any, device: Any) -> Any:
    """Whether a session's device, or its network and software, are those of an earlier one.

    The same unusual place twice is one piece of evidence, not two: the later session replaces the earlier one.
    """
    if s["id"] == np.uint64(0) or s["flags"] & DENIED:
        return False
    if device != 0 and s["device"] == device:
        return True
    return net != 0 and (s["net"] == net or (s["asn"] == asn and s["ua"] == ua and ua != 0))


@jit
def open_session(
    p: Row, session: Any, row: Row, time: Int, ip: Any, net: Any, ua: Any, device: Any, hazard: Float, machine: Flag
) -> Any:
    """Begin a session: in its actor's slot where he is known, else in place of the one that matters least.

    What is given up stays with the account as suspicion.
    """
    at = -1
    returns = False
    lowest = 1e300
    for i in range(SESSIONS):
        s = p["session"][i]
        if s["id"] == session or same_actor(s, net, row["asn"], ua, device):
            at = i
            returns = s["id"] != np.uint64(0)
            break
        # Old and harmless first: a suspect session is worth keeping for days.
        worth = np.int64(s["last"]) / DAY + min(6.0, max(0.0, 0.5 * (log_odds(s) + 10.0)))
        if s["id"] == np.uint64(0):
            worth = -1.0
        if worth < lowest:
            lowest = worth
            at = i
    s = p["session"][at]
    changed = np.uint32(0)
    flags = 0
    if returns:
        factor = s["weight"][ids.FACTOR]
        return_to(s, time)
        if s["id"] == session:
            # The same session after a pause: a factor given just now counts for what follows.
            s["weight"][ids.FACTOR] = factor
            flags = s["flags"] & (STRONG | CHALLENGED | DENIED)
        # Only what is the same as then is still odd.
        if s["asn"] != row["asn"]:
            s["weight"][ids.NETWORK] = 0
        if s["ua"] != ua:
            s["weight"][ids.CLIENT] = 0
        if s["device"] != device or device == 0:
            s["weight"][ids.DEVICE] = 0
        if time - np.int64(s["last"]) < DAY:
            changed = s["changed"]
    else:
        if s["id"] != np.uint64(0):
            fold(p, s, time)
            s["id"] = np.uint64(0)
        for k in range(COUNT):
            s["weight"][k] = 0
            s["fact"][k] = 0
    s["base"], s["prior"] = first_odds(p, at, time, hazard, machine)
    s["id"] = session
    s["start"] = time
    s["last"] = time
    s["ip"] = ip
    s["net"] = net
    s["asn"] = row["asn"]
    s["ua"] = ua
    s["device"] = device
    s["changed"] = changed
    s["country"] = row["country"]
    s["browser"] = row["browser"]
    s["os"] = row["os"]
    s["flags"] = flags | (MACHINE if machine else 0)
    s["orders"] = 0
    s["hosting"] = row["net_flags"]
    return at


@jit
def silence(s: Row, pol: Row) -> None:
    """Take back what silenced signals said."""
    for k in range(COUNT):
        if pol["muted"][k]:
            s["weight"][k] = 0


@jit
def watch(p: Row, s: Row, minute: Int, pol: Row) -> None:
    """Closer watch for weeks after a takeover, and after a success out of a spray."""
    if minute < np.int64(p["watch_until"]):
        # Most thieves who return do so within days: the closer watch has a half-life of an eighth of its length.
        whole = max(1.0, np.float64(pol["watch_days"]) * 1440.0)
        gone = min(1.0, max(0.0, 1.0 - (np.int64(p["watch_until"]) - minute) / whole))
        put(s, ids.WATCH, math.log(np.float64(pol["watch"])) * math.pow(0.5, 8.0 * gone), 0)


@jit
def learn_population(pop: Row, row: Row, ua: Any, device: Any) -> None:
    """What one login adds to the shares and rates of all owners."""
    pop["logins"] += 1.0
    pop["systems"][np.int64(row["asn"]) % HASHED_SYSTEMS] += 1.0
    pop["countries"][country_index(row["country"])] += 1.0
    pop["agents"][np.int64(ua) % HASHED_AGENTS] += 1.0
    pop["browsers"][family_index(row["browser"], row["os"])] += 1.0
    pop["oses"][np.int64(row["os"]) % HASHED_FAMILIES] += 1.0
    pop["hours"][hour_bin(row["week_minute"])] += 1.0
    if device != 0:
        pop["with_device"] += 1.0


@jit
def keep_login_lesson(
    p: Row, s: Row, row: Row, minute: Int, ip: Any, net: Any, ua: Any, device: Any, new: Int, shape: Int, held: Flag
) -> None:
    """Remember what a login taught or would teach."""
    at = login_lesson(p, device, row["asn"], ua)
    if at < 0:
        return
    lesson = p["lesson"][at]
    lesson["id"] = row["id"]
    lesson["session"] = low32(s["id"])
    lesson["minute"] = minute
    lesson["ip"] = ip
    lesson["net"] = net
    lesson["asn"] = row["asn"]
    lesson["ua"] = ua
    lesson["device"] = device
    lesson["instrument"] = -1
    lesson["notional"] = 0.0
    lesson["thin"] = 0.0
    lesson["country"] = row["country"]
    lesson["browser"] = row["browser"]
    lesson["os"] = row["os"]
    lesson["week_minute"] = row["week_minute"]
    lesson["kind"] = 1
    lesson["held"] = 1 if held else 0
    lesson["market"] = shape
    lesson["flags"] = new


@jit
def keep_order_lesson(
    p: Row, s: Row, row: Row, minute: Int, market: Int, notional: Float, thin: Float, flags: Int, held: Flag
) -> None:
    """Remember what an order taught or would teach. The product kind rides in `os`."""
    lesson = p["lesson"][spare_lesson(p, LOGIN_LESSONS, PENDING)]
    lesson["id"] = row["id"]
    lesson["session"] = low32(s["id"])
    lesson["minute"] = minute
    lesson["ip"] = 0
    lesson["net"] = 0
    lesson["asn"] = 0
    lesson["ua"] = 0
    lesson["device"] = 0
    lesson["instrument"] = row["instrument"]
    lesson["notional"] = notional if notional > 0.0 else 0.0
    lesson["thin"] = thin
    lesson["country"] = 0
    lesson["browser"] = 0
    lesson["os"] = row["kind"]
    lesson["week_minute"] = row["week_minute"]
    lesson["kind"] = 2 if row["side"] == layout.BUY else 3
    lesson["held"] = 1 if held else 0
    lesson["market"] = market
    lesson["flags"] = flags


@jit
def take_snapshot(p: Row, row: Row, positions: NDArray[Any]) -> None:
    """The broker's books: what the account holds."""
    if not math.isnan(np.float64(row["cash"])):
        p["cash"] = row["cash"]
    if not math.isnan(np.float64(row["linked_cash"])):
        p["linked_cash"] = row["linked_cash"]
    if not math.isnan(np.float64(row["margin_power"])):
        p["margin_power"] = row["margin_power"]
    n = np.int64(row["positions_n"])
    if n < 0:
        return
    for i in range(INSTRUMENTS):
        p["holding"][i]["value"] = 0.0
    total = 0.0
    start = np.int64(row["positions_at"])
    for i in range(start, start + n):
        value = np.float64(positions[i]["value"])
        if value > 0.0:
            total += value
            if n <= INSTRUMENTS or value > 0.02 * total:
                at = claim_holding(p, np.int64(positions[i]["instrument"]))
                p["holding"][at]["value"] += value
    p["positions"] = total
    if p["sold"] == 0.0:
        p["reference"] = total
    else:
        p["reference"] = max(np.float64(p["reference"]), total)


@jit
def settle(p: Row, row: Row, notional: Float, minute: Int) -> None:
    """An execution: books follow, and a notice is due."""
    notices.executed(p, minute)
    if not notional > 0.0:
        return
    sign = 1.0 if row["side"] == layout.BUY else -1.0
    if row["side"] == 0:
        return
    if row["margin"] != layout.YES and not math.isnan(np.float64(p["cash"])):
        p["cash"] -= sign * notional
    if not math.isnan(np.float64(p["positions"])):
        p["positions"] = max(0.0, np.float64(p["positions"]) + sign * notional)
    instrument = np.int64(row["instrument"])
    if instrument >= 0:
        if sign > 0.0:
            p["holding"][claim_holding(p, instrument)]["value"] += notional
        else:
            at = find_holding(p, instrument)
            if at >= 0:
                p["holding"][at]["value"] = max(0.0, np.float64(p["holding"][at]["value"]) - notional)


@jit
def take_back(p: Row, row: Row, notional: Float) -> None:
    """A cancelled order leaves the windows it had entered."""
    if notional > 0.0:
        if row["side"] == layout.SELL:
            p["sold"] = max(0.0, np.float64(p["sold"]) - notional)
        elif row["side"] == layout.BUY:
            p["bought"] = max(0.0, np.float64(p["bought"]) - notional)
            if np.int64(p["thin_instrument"]) == np.int64(row["instrument"]) + 1:
                p["thin_bought"] = max(0.0, np.float64(p["thin_bought"]) - notional)


@jit
def owner_said(p: Row, row: Row, about: NDArray[Any], time: Int, minute: Int, mine: Flag, pol: Row, pop: Row) -> None:
    """Feedback: unlearn what denied sessions taught; prove or condemn them; watch for weeks."""
    start = np.int64(row["about_at"])
    hit = False
    for i in range(start, start + np.int64(row["about_n"])):
        for k in range(PENDING):
            lesson = p["lesson"][k]
            if lesson["kind"] == 0 or lesson["id"] != about[i]:
                continue
            for j in range(SESSIONS):
                s = p["session"][j]
                if s["id"] != np.uint64(0) and low32(s["id"]) == lesson["session"]:
                    hit = True
                    put(s, ids.OWNER, -9.0 if mine else 14.0, 0)
                    if not mine:
                        s["flags"] |= DENIED
            if mine:
                commit_session(p, np.uint32(lesson["session"]), pop)
            else:
                unlearn_session(p, np.uint32(lesson["session"]), pop)
    if row["session"] != np.uint64(0):
        at = find_session(p, row["session"], time, False)
        if at >= 0:
            hit = True
            put(p["session"][at], ids.OWNER, -9.0 if mine else 14.0, 0)
            if mine:
                commit_session(p, low32(row["session"]), pop)
            else:
                p["session"][at]["flags"] |= DENIED
                unlearn_session(p, low32(row["session"]), pop)
    if mine:
        if not hit:
            # About something no longer remembered: the live sessions stay as they are, the old suspicion goes.
            p["residual"] = 0.1 * np.float64(p["residual"])
        return
    if not hit:
        # Which session it was is no longer known: the newest suspect one answers for it, else the account.
        worst = -1
        for j in range(SESSIONS):
            s = p["session"][j]
            lately = s["id"] != np.uint64(0) and time - np.int64(s["last"]) < 14 * DAY
            if lately and (worst < 0 or log_odds(s) > log_odds(p["session"][worst])):
                worst = j
        if worst >= 0 and log_odds(p["session"][worst]) > -6.0:
            put(p["session"][worst], ids.OWNER, 14.0, 0)
            unlearn_session(p, low32(p["session"][worst]["id"]), pop)
        p["residual"] = max(np.float64(p["residual"]), 0.98)
    p["watch_until"] = minute + np.int64(np.float64(pol["watch_days"]) * 1440.0)


@jit
def reset_credentials(p: Row, time: Int, minute: Int, pol: Row) -> None:
    """The broker has identified the owner anew: nobody else's session lives on, but thieves return."""
    suspected = account_probability(p, time)
    for i in range(SESSIONS):
        p["session"][i]["id"] = np.uint64(0)
    p["residual"] = 0.002 * suspected  # the closer watch says the rest
    p["reset_at"] = minute
    if suspected > 0.05:
        p["watch_until"] = minute + np.int64(np.float64(pol["watch_days"]) * 1440.0)


@jit
def emit(
    out: NDArray[Any],
    n: Int,
    p: Row,
    s: Row,
    row_index: Int,
    cause: Int,
    row: Row,
    time: Int,
    account: Int,
    before: Float,
    ratio: Float,
    pol: Row,
    costs: NDArray[Any],
    ring_day: Any,
) -> Any:
    """Write one decision and return it."""
    d = out[n]
    believed = logistic(log_odds(s))
    if row_index < 0:
        total, act = reach(p, pol), 0.0  # the row is an act in another account
    else:
        total, act = exposure(p, row, ratio, pol)
    d["row"] = row_index
    d["cause"] = cause
    d["time"] = time
    d["account"] = account
    d["probability"] = believed
    d["exposure"] = total
    d["action"] = choose(believed, total, act, pol, costs)
    for k in range(5):
        d["cost"][k] = costs[k]
    d["before"] = before
    d["after"] = log_odds(s)
    d["prior"] = s["prior"]
    d["asn"] = s["asn"]
    d["country"] = s["country"]
    d["browser"] = s["browser"]
    d["os"] = s["os"]
    d["hosting"] = s["hosting"]
    d["instrument"] = row["instrument"]
    d["flags"] = s["flags"]
    d["changed"] = s["changed"]
    d["cold"] = 1 if p["logins"] < 3.0 else 0
    d["selling"] = (time - np.int64(p["sold_since"])) // MINUTE if p["sold"] > 0.0 else 0
    for k in range(COUNT):
        d["weight"][k] = s["weight"][k]
        d["fact"][k] = s["fact"][k]
    d["group_kind"] = 0
    d["group_day"] = 0
    d["group_key"] = 0
    if ring_day != 0 and s["weight"][ids.RING] >= IN_RING:
        d["group_kind"] = 1
        d["group_day"] = ring_day
        d["group_key"] = row["instrument"]
    elif s["weight"][ids.SPRAY] > 2000:
        d["group_kind"] = 2
        d["group_key"] = np.int64(s["asn"])
        d["group_day"] = time // DAY
    return d


@jit
def emit_plain(
    out: NDArray[Any],
    n: Int,
    p: Row,
    row_index: Int,
    row: Row,
    time: Int,
    account: Int,
    pol: Row,
    costs: NDArray[Any],
    blank: Row,
) -> Any:
    """A decision on an act outside any session (a plan's order, a batch): the account's own belief decides."""
    blank["id"] = np.uint64(0)
    blank["prior"] = -16.0
    blank["asn"] = row["asn"]
    blank["country"] = row["country"]
    blank["browser"] = row["browser"]
    blank["os"] = row["os"]
    blank["hosting"] = row["net_flags"]
    return emit(out, n, p, blank, row_index, row_index, row, time, account, -16.0, math.nan, pol, costs, 0)


@jit
def spread_ring(
    out: NDArray[Any],
    n: Int,
    profiles: NDArray[Any],
    c: Row,
    account: Int,
    adv: Float,
    time: Int,
    pop: Row,
    pol: Row,
    costs: NDArray[Any],
    cause: Int,
    row: Row,
    least: Float,
    named: Flag,
) -> Any:
    """Tell a ring's other members what has become known; those whose belief moves get a decision of their own.

    When the ring has just been named, every member it counts against gets one: else none of theirs would say its name.
    """
    for i in range(MEMBERS):
        other = np.int64(c["member"][i])
        if other < 0 or other == account or time - np.int64(c["member_at"][i]) > 5 * DAY:
            continue
        value, others = rings.ring_odds(c, other, adv, time, pop)
        if not named and value < np.float64(c["told"][i]) + 0.7:
            continue
        worth = rings.member_odds(c, value, others, np.float64(c["odd"][i]), time, pop)
        q = profiles[other]
        for j in range(SESSIONS):
            s = q["session"][j]
            if s["id"] != np.uint64(0) and low32(s["id"]) == c["member_session"][i]:
                before = log_odds(s)
                lift(s, ids.RING, worth, np.int64(others + 0.5))
                if pol["mutes"]:
                    silence(s, pol)
                c["told"][i] = max(value, np.float64(c["told"][i]))
                news = log_odds(s) - before >= 0.5 or (named and s["weight"][ids.RING] >= IN_RING)
                if news and logistic(log_odds(s)) >= least and n < out.size:
                    emit(
                        out,
                        n,
                        q,
                        s,
                        -1,
                        cause,
                        row,
                        time,
                        other,
                        before,
                        math.nan,
                        pol,
                        costs,
                        np.int64(c["ring_day"]),
                    )
                    n += 1
    return n


@jit
def spread_spray(
    out: NDArray[Any],
    n: Int,
    profiles: NDArray[Any],
    hits: Int,
    hit_accounts: NDArray[Any],
    account: Int,
    time: Int,
    minute: Int,
    pol: Row,
    costs: NDArray[Any],
    cause: Int,
    row: Row,
    least: Float,
) -> Any:
    """A spray has been named: earlier successes out of it are believed stolen."""
    for i in range(hits):
        other = np.int64(hit_accounts[i])
        if other == account:
            continue
        q = profiles[other]
        q["spray_at"] = minute
        q["spray"] = max(np.float64(q["spray"]), 3.0)
        for j in range(SESSIONS):
            s = q["session"][j]
            if s["id"] != np.uint64(0) and (
                (s["ip"] == low32(row["ip"]) and s["ip"] != 0) or (s["net"] == low32(row["net"]) and s["net"] != 0)
            ):
                before = log_odds(s)
                lift(s, ids.SPRAY, 3.5, 0)
                if pol["mutes"]:
                    silence(s, pol)
                if log_odds(s) - before >= 0.5 and logistic(log_odds(s)) >= least and n < out.size:
                    emit(out, n, q, s, -1, cause, row, time, other, before, math.nan, pol, costs, 0)
                    n += 1
    return n


# Evidence (thousandths of a nat) from which somebody is said to belong to a ring; who follows the price has less.
IN_RING = 1000
# Belief below which evidence found after the fact is kept but not announced.
ANNOUNCE = 1e-5
# Room that must be left in the output before an event is taken: its own decision and those it spreads.
ROOM = 1 + MEMBERS + HITS


@jit
def run(
    profiles: NDArray[Any],
    crowds: NDArray[Any],
    table: NDArray[Any],
    population: NDArray[Any],
    reference: NDArray[Any],
    market_hours: NDArray[Any],
    policy: NDArray[Any],
    rows: NDArray[Any],
    positions: NDArray[Any],
    about: NDArray[Any],
    out: NDArray[Any],
    begin: Any,
) -> tuple[Any, Any]:
    """Process `rows[begin:]` until they end or `out` has no more room: (next row, decisions written).

    profiles: PROFILE (accounts,); crowds: CROWD (instruments,); table: NETWORK (a power of two,); population:
    POPULATION (1,); reference: INSTRUMENT (instruments,); market_hours: minutes (markets, periods, 2); policy: POLICY
    (1,); rows: EVENT; positions: POSITION; about: uint64; out: DECISION with more than `ROOM` places.
    """
    pop = population[0]
    pol = policy[0]
    hazard = np.float64(pol["hazard"]) / np.float64(pol["overcount"])
    home = pol["home"]
    costs = np.zeros(5)
    keys = np.zeros(4, np.uint64)
    hit_accounts = np.zeros(HITS, np.int64)
    blank = np.zeros(1, SESSION)[0]
    n = 0
    for index in range(begin, rows.size):
        if n + ROOM > out.size:
            return index, n
        row = rows[index]
        kind = np.int64(row["type"])
        account = np.int64(row["account"])
        p = profiles[account]
        if p["born"] == 0:
            first_seen(p, np.int64(row["time"]))
        # Time never runs backwards for one account: what comes late counts as now.
        time = max(np.int64(row["time"]), np.int64(p["last"]))
        minute = time // MINUTE
        day = time // DAY
        pop["events"] += 1
        new_day(pop, day)
        fade_residual(p, time)
        p["last"] = time
        age(p, day)
        trading.fade_windows(p, time)
        if holds_ripe_lesson(p, minute):
            commit_clean(p, minute, account_probability(p, time) > 0.9, pop)

        if kind == layout.ACCOUNT_SNAPSHOT:
            take_snapshot(p, row, positions)
            continue
        instrument = np.int64(row["instrument"])
        home_currency = instrument < 0 or reference[instrument]["currency"] <= 1
        notional = trading.value_of(row, home_currency)
        if kind == layout.ORDER_EXECUTED:
            settle(p, row, notional, minute)
            continue
        if kind == layout.NOTICE_SENT or kind == layout.NOTICE_RECEIVED:
            if row["notice"] == layout.NOTICE_EXECUTION:
                notices.noticed(p)
            continue
        if kind == layout.ORDER_CANCELLED:
            take_back(p, row, notional)
            continue
        if kind == layout.CASH_DEPOSITED:
            if row["amount"] > 0.0 and not math.isnan(np.float64(p["cash"])):
                p["cash"] += row["amount"]
            continue
        if kind == layout.WITHDRAWAL_PAID:
            continue
        if kind == layout.OWNER_CONFIRMED or kind == layout.OWNER_DENIED:
            owner_said(p, row, about, time, minute, kind == layout.OWNER_CONFIRMED, pol, pop)
            continue
        if kind == layout.CREDENTIALS_RESET:
            reset_credentials(p, time, minute, pol)
            continue

        ip = low32(row["ip"])
        net = low32(row["net"])
        ua = low32(row["ua"])
        device = low32(row["device"])
        placed = ip != 0 or ua != 0
        networks.keys_of(row, keys)

        if kind == layout.LOGIN_FAILED:
            gap = max(np.int64(0), minute - np.int64(p["failures_at"]))
            p["failures"] = np.float64(p["failures"]) * math.pow(0.5, gap / 60.0) + 1.0
            p["failures_at"] = minute
            p["failures_net"] = net
            pop["attempts"] += 1.0
            pop["failures"] += 1.0
            hits = networks.tell_login(table, keys, account, time, False, minute, pop, HITS, hit_accounts)
            if hits > 0:
                n = spread_spray(
                    out, n, profiles, hits, hit_accounts, account, time, minute, pol, costs, index, row, ANNOUNCE
                )
            continue

        session = row["session"] if row["session"] != np.uint64(0) else NAMELESS
        planned = row["recurring"] == layout.YES or (row["channel"] == layout.BATCH and row["session"] == np.uint64(0))
        if planned:
            if kind == layout.ORDER_PLACED or kind == layout.CASH_SWEPT or kind == layout.WITHDRAWAL_REQUESTED:
                emit_plain(out, n, p, index, row, time, account, pol, costs, blank)
                n += 1
                if instrument >= 0 and row["side"] == layout.BUY:
                    p["holding"][claim_holding(p, instrument)]["weight"] += 1.0
            continue

        at = find_session(p, session, time, not placed)
        if kind == layout.CHALLENGE_PASSED or kind == layout.CHALLENGE_FAILED:
            if at >= 0:
                s = p["session"][at]
                if time - np.int64(s["last"]) <= PAUSE:
                    s["last"] = time
                if kind == layout.CHALLENGE_PASSED:
                    access.passed(s, np.int64(row["method"]))
                    if s["flags"] & STRONG and log_odds(s) < 0.0:
                        commit_session(p, low32(session), pop)
                else:
                    access.failed(s, np.int64(row["method"]))
            continue
        if kind == layout.SESSION_ENDED:
            if at >= 0:
                p["session"][at]["last"] = time
            continue

        # Only logins and acts are left, each of which is decided upon.
        login = kind == layout.LOGIN_SUCCEEDED
        machine = access.is_machine(row)
        # A visit begins with a login, or with an act after a long pause: apps keep their sessions for days.
        fresh = at < 0 or (login and np.int64(p["session"][at]["start"]) < time)
        fresh = fresh or time - np.int64(p["session"][at]["last"]) > PAUSE
        known = False
        spray = 0.0
        neighbour = 0.0
        new = 0
        shape = 0
        if fresh:
            at = open_session(p, session, row, time, ip, net, ua, device, hazard, machine)
        s = p["session"][at]
        before = log_odds(s)
        if fresh:
            watch(p, s, minute, pol)
            access.dormant(p, s, time)
            notices.score_missing(p, s, minute)
            if placed and machine:
                known = access.score_machine(p, s, pop, row, ua)
            elif placed:
                new, shape = access.score_login(p, s, pop, row, ip, net, ua, device, home)
                access.score_hour(p, s, pop, row)
                access.score_latency(s, pop, row, home)
                access.score_travel(p, s, row, minute, new)
            if placed:
                access.score_failures(p, s, minute, net, new)
                spray, neighbour = networks.ask(table, row, keys, account, time, pop)
                if spray > 0.0 and (new & 2):
                    put(s, ids.SPRAY, 0.9 * spray, 0)
                elif p["spray"] > 0.0 and new & 34:
                    ago = (minute - np.int64(p["spray_at"])) / 1440.0
                    if ago < 60.0:
                        put(s, ids.SPRAY, 0.8 * np.float64(p["spray"]) * math.pow(0.5, ago / 21.0), 0)
                if neighbour > 0.0:
                    put(s, ids.NEIGHBOUR, neighbour, 0)
        if login:
            s["flags"] |= LOGGED_IN
            if row["method"] == layout.PASSKEY or row["method"] == layout.PKI:
                access.passed(s, np.int64(row["method"]))
            pop["attempts"] += 1.0
        elif placed and not fresh:
            access.session_changed(p, s, pop, row, ip, net, ua, device, home)

        ratio = math.nan
        flags = 0
        thin = math.nan
        market = 0
        novel_buy = False
        adv = math.nan
        if not login:
            if not s["flags"] & ACTED:
                s["flags"] |= ACTED
                if placed:
                    access.missing_factor(p, s)
                pop["sessions"] += 1.0
                if p["linked_cash"] > 0.0:
                    pop["linked"] += 1.0
            if kind == layout.SETTING_CHANGED:
                credentials.score_change(p, s, pop, row, minute)
            elif kind == layout.ORDER_PLACED:
                trading.count_order_day(p, pop, day)
                trading.score_activity(p, s, pop, np.int64(row["kind"]))
                trading.score_pace(p, s, pop, time)
                hours = market_hours[0]
                price = 0.0
                if instrument >= 0:
                    adv = np.float64(reference[instrument]["adv"])
                    market = trading.market_slot(np.int64(reference[instrument]["market"]))
                    hours = market_hours[min(np.int64(reference[instrument]["market"]), market_hours.shape[0] - 1)]
                    rings.advance(crowds[instrument], time)
                    price = np.float64(crowds[instrument]["price"])
                    if not price > 0.0:
                        price = np.float64(reference[instrument]["price"])
                if row["kind"] != layout.FUND:
                    flags = trading.score_hours(p, s, pop, row, hours)
                if row["side"] == layout.SELL:
                    trading.score_sale(p, s, pop, row, notional, time)
                elif row["side"] == layout.BUY:
                    bought, thin = trading.score_purchase(p, s, pop, row, notional, adv, market, hours, price, time)
                    flags |= bought
                    if not math.isnan(thin):
                        ratio = math.pow(10.0, thin)
                    novel_buy = bool((bought & 1) != 0 and row["kind"] != layout.FUND and instrument >= 0)
                    if instrument >= 0 and row["kind"] != layout.FUND:
                        c = crowds[instrument]
                        member = rings.member_of(c, account)
                        if novel_buy or member >= 0:
                            value, others = rings.ring_odds(c, account, adv, time, pop)
                            if value > 0.0:
                                worth = rings.member_odds(c, value, others, oddness(s), time, pop)
                                lift(s, ids.RING, worth, np.int64(others + 0.5))
                            novel_buy = True
            elif kind == layout.CASH_SWEPT:
                cash.score_sweep(p, s, pop, np.float64(row["amount"]))
            elif kind == layout.WITHDRAWAL_REQUESTED:
                cash.score_withdrawal(p, s, pop, row, np.float64(row["amount"]), low32(row["destination"]), minute)
        if pol["mutes"]:
            silence(s, pol)
        s["last"] = time
        ring_day = np.int64(crowds[instrument]["ring_day"]) if instrument >= 0 else 0
        d = emit(out, n, p, s, index, index, row, time, account, before, ratio, pol, costs, ring_day)
        n += 1

        # Score first, learn then.
        belief = logistic(log_odds(s))
        unsure = (belief > SURE and not (s["flags"] & STRONG and belief < 0.01)) or s["flags"] & DENIED != 0
        if fresh and machine:
            access.learn_machine(p, pop, row, ua, minute, known, unsure)
        elif fresh:
            pop["visits"][trading.cohort(p)] += 1.0
            if placed:
                group = experience(p)
                if group > 0 and belief < COMMON:
                    pop["pattern_seen"][0 if group < SEASONED else 1, shape] += 1.0
                access.expect(p, pop, new, device)
                learn_population(pop, row, ua, device)
                if not unsure:
                    teach_login(
                        p,
                        ip,
                        net,
                        row["asn"],
                        row["country"],
                        ua,
                        row["browser"],
                        row["os"],
                        device,
                        row["week_minute"],
                        new,
                        minute,
                        1,
                    )
                if unsure or new != 0:
                    keep_login_lesson(p, s, row, minute, ip, net, ua, device, new, shape, unsure)
                if not unsure:
                    access.remember_place(p, row, minute)
                if spray > 2.0 and new & 2:
                    p["spray"] = max(np.float64(p["spray"]), min(5.0, spray))
                    p["spray_at"] = minute
            p["last_login"] = time
        if login:
            p["failures"] = 0.0
        else:
            p["last_act"] = time
            if s["flags"] & COUNTED == 0 and not unsure:
                s["flags"] |= COUNTED
                p["sessions"] += 1.0
                if s["flags"] & LOGGED_IN:
                    p["logged_in"] += 1.0
                if s["flags"] & STRONG:
                    p["strong"] += 1.0
                if s["flags"] & CHALLENGED:
                    p["challenged"] += 1.0
            if kind == layout.ORDER_PLACED:
                if s["flags"] & TRADED == 0:
                    if machine and p["machine_logins"] > 0.5 and p["machine_asn"] == row["asn"]:
                        p["machine_acts"] += 1.0
                    elif not machine and not unsure:
                        p["traded"] += 1.0
                s["flags"] |= TRADED
                s["orders"] += 1 if s["orders"] < 60000 else 0
                if row["side"] != 0:
                    if not unsure:
                        teach_order(
                            p,
                            row["side"] == layout.BUY,
                            instrument,
                            np.int64(row["kind"]),
                            market,
                            notional,
                            thin,
                            flags,
                            1,
                        )
                    if unsure or flags & 1:
                        keep_order_lesson(p, s, row, minute, market, notional, thin, flags, unsure)
            elif kind == layout.CASH_SWEPT:
                if not unsure:
                    p["sweeps"] += 1.0
                if row["amount"] > 0.0:
                    p["swept"] += row["amount"]
                    p["linked_cash"] = max(0.0, np.float64(p["linked_cash"]) - np.float64(row["amount"]))
                    if not math.isnan(np.float64(p["cash"])):
                        p["cash"] += row["amount"]
            elif kind == layout.WITHDRAWAL_REQUESTED:
                if not unsure:
                    p["withdrawals"] += 1.0
                    if row["destination"] != np.uint64(0):
                        p["destination"] = low32(row["destination"])
                if row["amount"] > 0.0:
                    p["taken"] += row["amount"]
                    p["takes"] += 1.0
                    if not math.isnan(np.float64(p["cash"])):
                        p["cash"] = max(0.0, np.float64(p["cash"]) - np.float64(row["amount"]))

        # Tell the network and the instrument what the event added.
        if login and placed:
            networks.tell_login(table, keys, account, time, True, minute, pop, 0, hit_accounts)
        belief = logistic(log_odds(s))
        if placed and belief > SUSPECT and not s["flags"] & ODD:
            s["flags"] |= ODD
            networks.tell_suspicion(table, keys, account, time, belief)
        if placed and belief > VERY_SUSPECT and not s["flags"] & VERY_ODD:
            s["flags"] |= VERY_ODD
            networks.tell_suspicion(table, keys, account, time, belief)
        if kind == layout.ORDER_PLACED and instrument >= 0 and row["side"] == layout.BUY:
            c = crowds[instrument]
            if novel_buy:
                odd = oddness(s)
                unnamed = c["ring_day"] == 0
                if rings.join(c, account, low32(session), odd, time, adv, pop):
                    pop["novel_all"] += 1.0
                    pop["novel_odd"] += odd
                    pop["today_novel"] += 1.0
                    pop["today_odd"] += odd
                if d["group_kind"] == 0 and c["ring_day"] != 0 and s["weight"][ids.RING] >= IN_RING:
                    d["group_kind"] = 1
                    d["group_day"] = c["ring_day"]
                    d["group_key"] = instrument
                named = bool(unnamed and c["ring_day"] != 0)
                n = spread_ring(out, n, profiles, c, account, adv, time, pop, pol, costs, index, row, ANNOUNCE, named)
            rings.note_price(c, np.float64(row["price"]), time)
    return rows.size, n


@jit
def oddness(s: Row) -> Any:
    """How odd a session is by its own evidence, 0..1: without the ring's, and without what the instrument itself tells.

    Everybody in a crowd buys the same cheap, thin name.
    """
    shared = np.float64(s["weight"][ids.RING]) + np.float64(s["weight"][ids.CHEAP]) + np.float64(s["weight"][ids.PRICE])
    shared += np.float64(s["weight"][ids.THINNESS]) + np.float64(s["weight"][ids.NOVEL_MARKET])
    own = evidence(s) - shared / 1000.0
    return logistic(1.5 * (own - ODD_AT))
