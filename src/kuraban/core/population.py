"""The population: what every visit adds to the shares and rates of all owners, and how those age."""

import math
from typing import Any

import numpy as np

from kuraban.core.habits import country_index, family_index, hour_bin
from kuraban.core.jit import Int, Row, jit
from kuraban.core.profile import (
    ALL_IN_BINS,
    COHORTS,
    EXPERIENCES,
    GAP_BINS,
    HASHED_AGENTS,
    HASHED_FAMILIES,
    HASHED_SYSTEMS,
    HOUR_BINS,
    LATENCY_BINS,
    LEVELS,
    LINES,
    PATTERNS,
    PRICE_BINS,
    SHARE_BINS,
    THIN_BINS,
)


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
