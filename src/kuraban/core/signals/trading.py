"""What is traded: selling out, buying the new and the thin, all-in, on margin, in haste, off price, out of hours.

Every rate of the owner is his own, drawn towards that of comparable accounts (`cohort`); on a day on which everybody
sells, selling says little. The thief's probabilities are a written playbook; see docs/signals.md for their sources.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core import layout
from kuraban.core.belief import lift, put
from kuraban.core.books import find_holding
from kuraban.core.habits import DAY, rate
from kuraban.core.jit import Flag, Float, Int, Row, jit
from kuraban.core.profile import (
    ALL_IN_BINS,
    GAP_BINS,
    INSTRUMENTS,
    MACHINE,
    MARKETS,
    NEW_MARKET,
    NOVEL,
    OFF_HOURS,
    ON_MARGIN,
    PRICE_BINS,
    SHARE_BINS,
    THIN_BINS,
    TRADED,
)
from kuraban.core.signals import ids

# Windows of selling, buying and taking are sums decayed with this half-life.
WINDOW_DAYS = 2.0

SHARES = np.array([0.2, 0.5, 0.8, 0.95])
# Share of takeovers that reach each: losses were 11–70 % of the account in 2025, some buy with the cash alone.
THIEF_REACHES = np.array([0.65, 0.55, 0.45, 0.32])
# Share of order days on which owners reach each, before the stream has shown it. Assumptions.
OWNER_REACHES = np.array([0.10, 0.04, 0.02, 0.012])

# log10(bought in two days / average daily value), half-decades from below 1e-5.5 to above 10^-0.5.
THIEF_THIN = np.array([0.010, 0.015, 0.025, 0.04, 0.06, 0.08, 0.11, 0.14, 0.16, 0.15, 0.12, 0.09])
OWNER_THIN = np.array([6.0, 6.0, 7.0, 7.0, 6.0, 5.0, 3.5, 2.2, 1.2, 0.6, 0.3, 0.2])

ALL_IN_EDGES = np.array([0.3, 0.6, 0.85, 0.95])
THIEF_ALL_IN = np.array([0.20, 0.15, 0.15, 0.15, 0.35])
OWNER_ALL_IN = np.array([6.0, 2.0, 1.0, 0.5, 1.0])

GAP_EDGES = np.array([10.0, 30.0, 120.0, 600.0, 3600.0])  # seconds
PAUSE_BIN = 4  # gaps from ten minutes on
THIEF_GAPS = np.array([0.06, 0.22, 0.38, 0.22, 0.08, 0.04])
OWNER_GAPS = np.array([1.0, 2.0, 4.0, 5.0, 4.0, 4.0])

# Share of a thief's visits that lead to an order; of owners' by cohort, before the stream shows. Assumptions.
THIEF_TRADES, THIEF_BUYS_FUNDS = 0.65, 0.02
OWNER_TRADES = np.array([0.06, 0.25, 0.45, 0.7, 0.35])

# Price of one share in account currency (yen): up to 30, 100, 250, 1,000, more. The wave bought at ¥40–200.
PRICE_EDGES = np.array([30.0, 100.0, 250.0, 1000.0])
THIEF_PRICES = np.array([0.10, 0.32, 0.28, 0.18, 0.12])
OWNER_PRICES = np.array([0.3, 0.7, 2.0, 7.0, 10.0])
# An account is known after so many days: until then nothing speaks for or against its having a habit.
KNOWN_DAYS = 10

THIEF_NOVEL, THIEF_NEW_MARKET, THIEF_MARGIN, THIEF_OFF_HOURS, THIEF_ROTATES = 0.97, 0.30, 0.20, 0.25, 0.75


@jit
def cohort(p: Row) -> Any:
    """Comparable accounts: by how many orders the last months have seen."""
    orders = np.float64(p["buys"]) + np.float64(p["sells"])
    if orders < 1.0:
        return 0 if np.int64(p["decayed"]) - np.int64(p["born"]) // DAY >= KNOWN_DAYS else 4
    if orders < 6.0:
        return 1
    return 2 if orders < 40.0 else 3


@jit
def fade_windows(p: Row, time: Int) -> None:
    """Decay the sums of the last days to `time`."""
    since = np.int64(p["window_at"])
    if since == 0:
        p["window_at"] = time
        return
    if time <= since:
        return
    p["window_at"] = time
    if p["sold"] == 0.0 and p["bought"] == 0.0 and p["taken"] == 0.0 and p["swept"] == 0.0:
        return
    f = np.float64(math.pow(0.5, (time - since) / DAY / WINDOW_DAYS))
    p["sold"] *= f
    p["bought"] *= f
    p["taken"] *= f
    p["swept"] *= f
    p["takes"] *= f
    p["thin_bought"] *= f
    if p["sold"] < 0.03 * np.float64(p["reference"]):
        p["sold"] = 0.0
        p["sold_since"] = 0
        p["sold_bin"] = 0
    if p["taken"] < 1.0:
        p["taken"] = 0.0
        p["takes"] = 0.0
    if p["bought"] < 1.0:
        p["bought"] = 0.0
    if p["swept"] < 1.0:
        p["swept"] = 0.0


@jit
def value_of(row: Row, currency_home: Flag) -> Any:
    """Notional in account currency; from quantity and price where those are in it too; NaN unknown."""
    notional = np.float64(row["notional"])
    if math.isnan(notional) and currency_home:
        return np.float64(row["quantity"]) * np.float64(row["price"])
    return notional


@jit
def score_activity(p: Row, s: Row, pop: Row, kind: Int) -> None:
    """The first order of a visit: how often visits of this account, and of comparable ones, lead to one."""
    if s["flags"] & TRADED:
        return
    group = cohort(p)
    everyone = rate(np.float64(pop["traded"][group]), np.float64(pop["visits"][group]), 60.0, OWNER_TRADES[group])
    usual = min(0.95, rate(np.float64(p["traded"]), np.float64(p["logins"]), 5.0, everyone))
    if s["flags"] & MACHINE:
        usual = min(0.95, rate(np.float64(p["machine_acts"]), np.float64(p["machine_logins"]), 4.0, 0.1))
    thief = THIEF_TRADES if kind != layout.FUND else THIEF_BUYS_FUNDS
    put(s, ids.ACTIVITY, math.log(thief / usual), 0)
    pop["traded"][group] += 1.0


@jit
def count_order_day(p: Row, pop: Row, day: Int) -> None:
    """Note the first order of a day, the base of all rates «per order day»."""
    if np.int64(p["counted_day"]) != day:
        p["counted_day"] = day
        p["order_days"] += 1.0
        pop["order_days"] += 1.0
        pop["today_days"] += 1.0


@jit
def held_names(p: Row) -> Any:
    """How many instruments the account holds."""
    n = 0
    for i in range(INSTRUMENTS):
        if p["holding"][i]["value"] > 0.0:
            n += 1
    return n


@jit
def sold_share(p: Row) -> Any:
    """Share of the holdings sold within the window, NaN when the holdings are unknown."""
    reference = np.float64(p["reference"])
    if math.isnan(np.float64(p["positions"])) or reference <= 0.0:
        return math.nan
    return min(1.0, np.float64(p["sold"]) / reference)


@jit
def reaches(p: Row, pop: Row, k: Int) -> Any:
    """Probability that this owner, on a day like today, sells the k-th share of his holdings.

    What he has sold in this window is left out: it would be its own excuse.
    """
    counted = np.int64(p["sold_bin"]) % 100
    reached = 1.0 if k < counted else 0.0
    half = 1.0 if counted >= 2 else 0.0
    usual = rate(
        max(0.0, np.float64(pop["reached"][k]) - reached), np.float64(pop["order_days"]), 100.0, OWNER_REACHES[k]
    )
    today = rate(max(0.0, np.float64(pop["today_reached"][k]) - reached), np.float64(pop["today_days"]), 15.0, usual)
    own = rate(max(0.0, np.float64(p["liquidations"]) - half), np.float64(p["order_days"]), 8.0, usual)
    names = max(1, held_names(p))
    crowd = max(1.0, today / usual)
    return min(0.6, max(usual, own) * crowd * (1.0 + 6.0 / (names * names)))


@jit
def score_sale(p: Row, s: Row, pop: Row, row: Row, notional: Float, time: Int) -> None:
    """A sale: how much of the account has now been turned into cash."""
    if math.isnan(notional) or notional <= 0.0:
        return
    if p["sold"] == 0.0:
        p["sold_since"] = time
        p["sold_bin"] = 0
        positions = np.float64(p["positions"])
        if not math.isnan(positions):
            p["reference"] = max(positions, notional)
    p["sold"] += notional
    share = sold_share(p)
    if math.isnan(share):
        return
    top = -1
    for k in range(SHARE_BINS):
        if share >= SHARES[k] - 1e-6:
            top = k
    if top < 0:
        put(s, ids.LIQUIDATION, -0.3, np.int64(share * 100.0 + 0.5))
        return
    put(s, ids.LIQUIDATION, math.log(THIEF_REACHES[top] / reaches(p, pop, top)), np.int64(share * 100.0 + 0.5))
    for k in range(np.int64(p["sold_bin"]), top + 1):
        pop["reached"][k] += 1.0
        pop["today_reached"][k] += 1.0
        if k == 1:
            p["liquidations"] += 1.0
            pop["half_sold"] += 1.0
    p["sold_bin"] = max(np.int64(p["sold_bin"]), top + 1)


@jit
def thin_bin(ratio: Float) -> Any:
    """Half-decade of bought / average daily value."""
    x = math.floor((math.log10(max(ratio, 1e-12)) + 6.0) * 2.0)
    return int(min(THIN_BINS - 1, max(0, x)))


@jit
def usual_thinness(p: Row, pop: Row, group: Int, at: Int) -> Any:
    """Probability of a thinness bin for this owner: his cohort's histogram and, with history, his own mean."""
    total = 45.0
    for i in range(THIN_BINS):
        total += np.float64(pop["thin"][group, i])
    everyone = (np.float64(pop["thin"][group, at]) + OWNER_THIN[at]) / total
    buys = np.float64(p["buys"])
    if buys < 3.0:
        return everyone
    centre = -5.75 + 0.5 * at
    z = (centre - np.float64(p["thin_mean"])) / 0.8
    own = 0.25 * math.exp(-0.5 * z * z)
    share = 0.6 * buys / (buys + 6.0)
    return (1.0 - share) * everyone + share * own


@jit
def gap_bin(seconds: Float) -> Any:
    """Bin of the time since the session's last act."""
    for i in range(GAP_BINS - 1):
        if seconds < GAP_EDGES[i]:
            return i
    return GAP_BINS - 1


@jit
def score_pace(p: Row, s: Row, pop: Row, time: Int) -> None:
    """Haste: gaps between acts, each adding to a fading sum."""
    at = gap_bin(max(0, time - np.int64(s["last"])) / 1e6)
    group = cohort(p)
    everyone = 20.0
    own = 0.0
    for i in range(GAP_BINS):
        everyone += np.float64(pop["gaps"][group, i])
        own += np.float64(p["gaps"][i])
    share = (np.float64(pop["gaps"][group, at]) + OWNER_GAPS[at]) / everyone
    usual = (np.float64(p["gaps"][at]) + 8.0 * share) / (own + 8.0)
    held = np.float64(s["weight"][ids.HASTE]) / 1000.0
    # A long pause is no haste, however unusual for this owner.
    told = 0.5 * math.log(THIEF_GAPS[at] / usual) if at < PAUSE_BIN else 0.0
    put(s, ids.HASTE, 0.7 * held + told, 0)
    pop["gaps"][group, at] += 1.0
    p["gaps"][at] += 1.0
    if own > 60.0:
        for i in range(GAP_BINS):
            p["gaps"][i] *= np.float32(0.5)


@jit
def outside_hours(row: Row, hours: NDArray[Any]) -> tuple[Any, Any]:
    """Whether the market is closed at the order's time: (known, outside)."""
    minute = np.int64(row["market_minute"])
    if minute < 0 or hours[0, 1] <= 0:
        return False, False
    for i in range(hours.shape[0]):
        if hours[i, 0] <= minute < hours[i, 1]:
            return True, False
    return True, True


@jit
def score_purchase(
    p: Row,
    s: Row,
    pop: Row,
    row: Row,
    notional: Float,
    adv: Float,
    market: Int,
    hours: NDArray[Any],
    price: Float,
    time: Int,
) -> tuple[Any, Any]:
    """A purchase: what, how thin, how much of the money, on margin, at what price.

    Returns (flags of what was new, log10 of thinness or NaN).
    """
    instrument = np.int64(row["instrument"])
    kind = np.int64(row["kind"])
    group = cohort(p)
    buys = np.float64(p["buys"])
    orders = np.float64(pop["buys"][group])
    flags = 0

    novel = instrument >= 0 and find_holding(p, instrument) < 0
    everyone = rate(np.float64(pop["novel_buys"][group]), orders, 30.0, 0.45)
    usual = min(0.97, rate(np.float64(p["novel_buys"]), buys, 6.0, everyone))
    if kind == layout.FUND:
        # Nobody profits from pushing a fund: its price is its net asset value.
        put(s, ids.NOVEL_INSTRUMENT, -1.0, instrument + 1)
    elif novel:
        flags |= NOVEL
        lift(s, ids.NOVEL_INSTRUMENT, math.log(THIEF_NOVEL / usual), instrument + 1)
    elif instrument >= 0:
        lift(s, ids.NOVEL_INSTRUMENT, math.log((1.0 - THIEF_NOVEL) / (1.0 - usual)), instrument + 1)

    new_market = (market > 0 and p["markets"][market] == 0.0) or (kind > 0 and p["kinds"][kind] == 0.0)
    everyone = rate(np.float64(pop["novel_markets"][group]), orders, 30.0, 0.05 if group > 0 else 0.9)
    usual = min(0.97, rate(np.float64(p["novel_markets"]), buys, 6.0, everyone))
    if kind != layout.FUND:
        if new_market:
            lift(s, ids.NOVEL_MARKET, math.log(THIEF_NEW_MARKET / usual), 0)
        else:
            lift(s, ids.NOVEL_MARKET, math.log((1.0 - THIEF_NEW_MARKET) / (1.0 - usual)), 0)
    if new_market:
        flags |= NEW_MARKET

    thin = math.nan
    if notional > 0.0:
        if np.int64(p["thin_instrument"]) == instrument + 1:
            p["thin_bought"] += notional
        elif notional > 0.5 * np.float64(p["thin_bought"]) or not adv > 1e9:
            p["thin_instrument"] = instrument + 1
            p["thin_bought"] = notional
        p["bought"] += notional
        if adv > 0.0 and kind != layout.FUND:
            gathered = notional
            if np.int64(p["thin_instrument"]) == instrument + 1:
                gathered = np.float64(p["thin_bought"])
            ratio = gathered / adv
            thin = math.log10(ratio)
            at = thin_bin(ratio)
            lift(
                s,
                ids.THINNESS,
                math.log(THIEF_THIN[at] / usual_thinness(p, pop, group, at)),
                np.int64(ratio * 1000.0 + 0.5),
            )
            pop["thin"][group, at] += 1.0
        score_all_in(p, s, pop, group, notional, row["margin"] == layout.YES)
        score_size(p, s, notional)

    quantity = np.float64(row["quantity"])
    if notional > 0.0 and quantity > 0.0 and kind != layout.FUND:
        score_price_level(s, pop, group, notional / quantity)

    if row["margin"] == layout.YES:
        flags |= ON_MARGIN
        everyone = rate(np.float64(pop["margins"][group]), orders, 40.0, 0.08)
        usual = min(0.97, rate(np.float64(p["margins"]), buys, 6.0, everyone))
        lift(s, ids.MARGIN, math.log(THIEF_MARGIN / usual), 0)

    if price > 0.0 and np.float64(row["price"]) > 0.0:
        rise = np.float64(row["price"]) / price - 1.0
        if rise > 0.06:
            lift(s, ids.PRICE, min(1.2, 0.3 + 3.0 * (rise - 0.06)), np.int64(rise * 100.0))

    share = sold_share(p)
    if flags & NOVEL and not math.isnan(share) and share >= 0.5 and kind != layout.FUND:
        everyone = rate(np.float64(pop["rotated"]), np.float64(pop["half_sold"]), 10.0, 0.35)
        quick = 1.0 if time - np.int64(p["sold_since"]) < 2 * DAY // 24 else 0.4
        lift(s, ids.ROTATION, quick * math.log(THIEF_ROTATES / min(0.95, everyone)) + 0.3, 0)
        if np.int64(p["sold_bin"]) < 100:
            pop["rotated"] += 1.0
            p["sold_bin"] = np.int64(p["sold_bin"]) + 100

    pop["buys"][group] += 1.0
    if flags & NOVEL:
        pop["novel_buys"][group] += 1.0
    if flags & NEW_MARKET:
        pop["novel_markets"][group] += 1.0
    if flags & ON_MARGIN:
        pop["margins"][group] += 1.0
    return flags, thin


@jit
def score_price_level(s: Row, pop: Row, group: Int, price: Float) -> None:
    """How cheap one share is, against what comparable accounts buy."""
    at = 0
    while at < PRICE_BINS - 1 and price > PRICE_EDGES[at]:
        at += 1
    total = 20.0
    for i in range(PRICE_BINS):
        total += np.float64(pop["prices"][group, i])
    usual = (np.float64(pop["prices"][group, at]) + OWNER_PRICES[at]) / total
    lift(s, ids.CHEAP, math.log(THIEF_PRICES[at] / usual), np.int64(min(price, 65535.0)))
    pop["prices"][group, at] += 1.0


@jit
def score_all_in(p: Row, s: Row, pop: Row, group: Int, notional: Float, on_margin: Flag) -> None:
    """Share of the money at hand that goes into the buying of these days."""
    cash = np.float64(p["cash"])
    if math.isnan(cash):
        return
    if on_margin and not math.isnan(np.float64(p["margin_power"])):
        cash += np.float64(p["margin_power"])
    before = np.float64(p["bought"]) - notional
    share = np.float64(p["bought"]) / max(1.0, before + max(cash, notional))
    at = ALL_IN_BINS - 1
    for i in range(ALL_IN_BINS - 2, -1, -1):
        if share < ALL_IN_EDGES[i]:
            at = i
    total = 10.5
    for i in range(ALL_IN_BINS):
        total += np.float64(pop["all_in"][group, i])
    usual = (np.float64(pop["all_in"][group, at]) + OWNER_ALL_IN[at]) / total
    lift(s, ids.ALL_IN, math.log(THIEF_ALL_IN[at] / usual), np.int64(share * 100.0 + 0.5))
    pop["all_in"][group, at] += 1.0


@jit
def score_size(p: Row, s: Row, notional: Float) -> None:
    """The order's size in standard deviations above the owner's mean of ln(notional)."""
    buys = np.float64(p["buys"])
    if buys < 3.0:
        return
    spread = math.sqrt((np.float64(p["size_square"]) * buys + 0.7 * 4.0) / (buys + 4.0))
    excess = math.log(notional) - np.float64(p["size_mean"])
    z = excess / max(0.3, spread)
    if z > 1.0:
        lift(s, ids.SIZE, min(1.5, 0.5 * (z - 1.0)), np.int64(math.exp(min(10.0, excess))))
    else:
        lift(s, ids.SIZE, -0.1, 1)


@jit
def score_hours(p: Row, s: Row, pop: Row, row: Row, hours: NDArray[Any]) -> Any:
    """Orders while the market is closed, for owners who do not place such; returns the OFF_HOURS flag."""
    known, outside = outside_hours(row, hours)
    if not known:
        return 0
    group = cohort(p)
    orders = np.float64(p["buys"]) + np.float64(p["sells"])
    everyone = rate(np.float64(pop["off_hours"][group]), np.float64(pop["orders"][group]), 30.0, 0.35)
    usual = min(0.97, rate(np.float64(p["off_hours"]), orders, 8.0, everyone))
    pop["orders"][group] += 1.0
    if outside:
        lift(s, ids.HOURS, math.log(THIEF_OFF_HOURS / usual), 0)
        pop["off_hours"][group] += 1.0
        return OFF_HOURS
    lift(s, ids.HOURS, math.log((1.0 - THIEF_OFF_HOURS) / (1.0 - usual)), 0)
    return 0


@jit
def market_slot(market: Int) -> Any:
    """An instrument's market folded into the profile's table."""
    return min(np.int64(market), MARKETS - 1)
