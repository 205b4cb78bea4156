"""Teaching: what a login or an order adds to an account's habits, how that is taken back, and how habits age."""

import math
from typing import Any

import numpy as np

from kuraban.core.books import claim_holding, find_holding
from kuraban.core.habits import HALF_LIFE_DAYS, find_device, hour_bin
from kuraban.core.jit import Flag, Float, Int, Row, jit
from kuraban.core.profile import (
    CLIENTS,
    DEVICES,
    HOUR_BINS,
    INSTRUMENTS,
    KINDS,
    LEAVES,
    LEVELS,
    MARKETS,
    NEW_MARKET,
    NOVEL,
    OFF_HOURS,
    ON_MARGIN,
    SYSTEMS,
)


@jit
def age(p: Row, day: Int) -> None:
    """Decay every count to `day`, so that what was usual a year ago is no longer."""
    gap = day - np.int64(p["decayed"])
    if gap <= 0:
        return
    p["decayed"] = day
    f = np.float64(math.pow(0.5, min(float(gap), 3650.0) / HALF_LIFE_DAYS))
    for i in range(LEAVES):
        p["leaf"][i]["weight"] *= f
    for i in range(SYSTEMS):
        p["system"][i]["weight"] *= f
    for i in range(CLIENTS):
        p["client"][i]["weight"] *= f
        p["client"][i]["acts"] *= f
    for i in range(DEVICES):
        p["device"][i]["weight"] *= f
    for i in range(INSTRUMENTS):
        p["holding"][i]["weight"] *= f
    for i in range(HOUR_BINS):
        p["hours"][i] *= f
    for i in range(KINDS):
        p["kinds"][i] *= f
    for i in range(MARKETS):
        p["markets"][i] *= f
    for i in range(LEVELS):
        p["novel"][i] *= f
        p["expected"][i] *= f
    p["logins"] *= f
    p["with_device"] *= f
    p["machine_logins"] *= f
    p["machine_acts"] *= f
    p["strong"] *= f
    p["challenged"] *= f
    p["sessions"] *= f
    p["logged_in"] *= f
    p["traded"] *= f
    p["buys"] *= f
    p["sells"] *= f
    p["novel_buys"] *= f
    p["novel_markets"] *= f
    p["margins"] *= f
    p["off_hours"] *= f
    p["order_days"] *= f
    p["liquidations"] *= f
    p["sweeps"] *= f
    p["withdrawals"] *= f
    p["executions"] *= f
    p["noticed"] *= f


@jit
def teach_login(
    p: Row,
    ip: Any,
    net: Any,
    asn: Any,
    country: Any,
    ua: Any,
    browser: Any,
    system: Any,
    device: Any,
    week_minute: Any,
    new: Int,
    minute: Int,
    sign: Int,
) -> None:
    """Add (`sign` 1) or take back (-1) what one login says of the owner."""
    if sign > 0:
        spare = 0
        found = -1
        for i in range(LEAVES):
            if p["leaf"][i]["ip"] == ip and p["leaf"][i]["weight"] > 0.0:
                found = i
            if p["leaf"][i]["weight"] < p["leaf"][spare]["weight"]:
                spare = i
        if found < 0:
            found = spare
            p["leaf"][found]["ip"] = ip
            p["leaf"][found]["net"] = net
            p["leaf"][found]["weight"] = 0.0
        p["leaf"][found]["weight"] += 1.0
        spare = 0
        found = -1
        for i in range(SYSTEMS):
            if p["system"][i]["asn"] == asn and p["system"][i]["weight"] > 0.0:
                found = i
            if p["system"][i]["weight"] < p["system"][spare]["weight"]:
                spare = i
        if found < 0:
            found = spare
            p["system"][found]["asn"] = asn
            p["system"][found]["country"] = country
            p["system"][found]["weight"] = 0.0
        p["system"][found]["weight"] += 1.0
        if ua != 0:
            spare = 0
            found = -1
            for i in range(CLIENTS):
                if p["client"][i]["ua"] == ua and p["client"][i]["weight"] > 0.0:
                    found = i
                if p["client"][i]["weight"] < p["client"][spare]["weight"]:
                    spare = i
            if found < 0:
                found = spare
                p["client"][found]["ua"] = ua
                p["client"][found]["browser"] = browser
                p["client"][found]["os"] = system
                p["client"][found]["weight"] = 0.0
                p["client"][found]["acts"] = 0.0
            p["client"][found]["weight"] += 1.0
        if device != 0:
            found = find_device(p, device)
            if found < 0:
                found = 0
                for i in range(DEVICES):
                    if p["device"][i]["weight"] < p["device"][found]["weight"]:
                        found = i
                p["device"][found]["id"] = device
                p["device"][found]["first"] = minute
                p["device"][found]["weight"] = 0.0
            p["device"][found]["weight"] += 1.0
    else:
        for i in range(LEAVES):
            if p["leaf"][i]["ip"] == ip:
                p["leaf"][i]["weight"] = max(0.0, p["leaf"][i]["weight"] - 1.0)
        for i in range(SYSTEMS):
            if p["system"][i]["asn"] == asn:
                p["system"][i]["weight"] = max(0.0, p["system"][i]["weight"] - 1.0)
        for i in range(CLIENTS):
            if p["client"][i]["ua"] == ua:
                p["client"][i]["weight"] = max(0.0, p["client"][i]["weight"] - 1.0)
        for i in range(DEVICES):
            if p["device"][i]["id"] == device:
                p["device"][i]["weight"] = max(0.0, p["device"][i]["weight"] - 1.0)
    here = hour_bin(week_minute)
    p["hours"][here] = max(0.0, p["hours"][here] + sign)
    p["logins"] = max(0.0, p["logins"] + sign)
    if device != 0:
        p["with_device"] = max(0.0, p["with_device"] + sign)


@jit
def teach_order(
    p: Row, buy: Flag, instrument: Any, kind: Int, market: Int, notional: Float, thin: Float, flags: Int, sign: Int
) -> None:
    """Add (`sign` 1) or take back (-1) what one order says of the owner."""
    if not buy:
        p["sells"] = max(0.0, p["sells"] + sign)
        return
    before = np.float64(p["buys"])
    p["buys"] = max(0.0, before + sign)
    p["kinds"][kind] = max(0.0, p["kinds"][kind] + sign)
    p["markets"][market] = max(0.0, p["markets"][market] + sign)
    if flags & NOVEL:
        p["novel_buys"] = max(0.0, p["novel_buys"] + sign)
    if flags & NEW_MARKET:
        p["novel_markets"] = max(0.0, p["novel_markets"] + sign)
    if flags & ON_MARGIN:
        p["margins"] = max(0.0, p["margins"] + sign)
    if flags & OFF_HOURS:
        p["off_hours"] = max(0.0, p["off_hours"] + sign)
    if instrument >= 0:
        if sign > 0:
            at = claim_holding(p, instrument)
            p["holding"][at]["weight"] += 1.0
        else:
            at = find_holding(p, instrument)
            if at >= 0:
                p["holding"][at]["weight"] = max(0.0, p["holding"][at]["weight"] - 1.0)
    if sign > 0 and notional > 0.0:
        step = max(1.0 / (before + 1.0), 0.02)
        size = math.log(notional)
        mean = np.float64(p["size_mean"]) + step * (size - np.float64(p["size_mean"]))
        p["size_mean"] = mean
        p["size_square"] += step * ((size - mean) * (size - mean) - np.float64(p["size_square"]))
        if not math.isnan(thin):
            p["thin_mean"] += step * (thin - np.float64(p["thin_mean"]))
