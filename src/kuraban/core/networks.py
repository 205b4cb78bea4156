"""The network operator: sprays, and connections or devices shared by takeovers.

Keyed by address, /24, client software within a network (ASN), and device. It is asked before an event of one of its
keys is decided, and told afterwards. Rows live in a fixed table: of the rows that collide the longest silent goes, so
memory is bounded whatever an attacker sends.

A spray is many accounts failing where few succeed. With d_f and d_s distinct accounts (linear counting over 64 bits,
six-hour windows), q₁ = 0.85 and q₀ the failing share everywhere,

    ℓ = d_f ln(q₁/q₀) + d_s ln((1 − q₁)/(1 − q₀)) − 3.

The 3 pays for a family or an office sharing an address. A sketch that is nearly full no longer counts: where more than
`CROWDED` accounts come in, as at a mobile carrier's gateway, a connection is everybody's and says nothing either way;
no list of passwords is good for so many of the accounts it is tried on. Compare Araña's rule (> 7 tries, > 80 %
failing a day) and the label-free odds of Herley and Schechter, NDSS 2019.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core.habits import DAY, rate
from kuraban.core.jit import Flag, Float, Int, Row, jit

WINDOW = 6 * 3_600_000_000
PROBES = 16
FAILING_IN_SPRAY = 0.85
SUSPICION_DAYS = 5.0
NAMED_AT = 3.0
CROWDED = 175.0  # 60 bits of 64 are set

SALT_NET = np.uint64(0x9E3779B97F4A7C15)
SALT_CLIENT = np.uint64(0xC2B2AE3D27D4EB4F)
SALT_DEVICE = np.uint64(0x165667B19E3779F9)


@jit
def find(table: NDArray[Any], key: Any, time: Int, claim: Flag) -> Any:
    """Row of a key, or -1; with `claim` a row is made, taking the longest silent of its neighbourhood."""
    mask = table.shape[0] - 1
    start = np.int64(key & np.uint64(mask))
    oldest: Int = -1
    quiet: Int = 9223372036854775807
    for step in range(PROBES):
        at = (start + step) & mask
        if table[at]["key"] == key:
            return at
        last = np.int64(table[at]["last"]) if table[at]["key"] != np.uint64(0) else -1
        if last < quiet:
            quiet = last
            oldest = at
    if not claim:
        return -1
    r = table[oldest]
    r["key"] = key
    r["last"] = time
    r["failed"] = np.uint64(0)
    r["succeeded"] = np.uint64(0)
    r["failed_old"] = np.uint64(0)
    r["succeeded_old"] = np.uint64(0)
    r["window"] = time // WINDOW
    r["suspicion"] = 0.0
    r["visitors"] = 0.0
    r["by"] = -1
    r["named"] = 0
    r["at"] = 0
    for i in range(8):
        r["member"][i] = -1
        r["member_at"][i] = 0
    return oldest


@jit
def advance(r: Row, time: Int) -> None:
    """Move a row's windows and decayed sums to `time`."""
    window = time // WINDOW
    if window > np.int64(r["window"]):
        if window == np.int64(r["window"]) + 1:
            r["failed_old"] = r["failed"]
            r["succeeded_old"] = r["succeeded"]
        else:
            r["failed_old"] = np.uint64(0)
            r["succeeded_old"] = np.uint64(0)
        r["failed"] = np.uint64(0)
        r["succeeded"] = np.uint64(0)
        r["window"] = window
    gap = time - np.int64(r["last"])
    if gap > 0:
        f = np.float64(math.pow(0.5, gap / DAY / SUSPICION_DAYS))
        r["suspicion"] *= f
        r["visitors"] *= f
        r["last"] = time


@jit
def bit(account: Int) -> Any:
    """The bit that stands for an account in a 64-bit sketch."""
    return np.uint64(1) << np.uint64(((np.int64(account) * 40503) & 0xFFFF) >> 10)


@jit
def distinct(sketch: Any) -> Any:
    """Linear-counting estimate of distinct accounts, 0 to about 266."""
    ones = 0
    left = sketch
    while left != np.uint64(0):
        left = left & (left - np.uint64(1))
        ones += 1
    if ones >= 64:
        return 266.0
    return -64.0 * math.log(1.0 - ones / 64.0)


@jit
def spray_odds(r: Row, account: Int, pop: Row) -> Any:
    """ℓ of a row without what `account` itself did there."""
    own = bit(account)
    failed = distinct((r["failed"] | r["failed_old"]) & ~own)
    if failed < 2.5:
        return 0.0
    succeeded = distinct((r["succeeded"] | r["succeeded_old"]) & ~own)
    if succeeded > CROWDED:
        return 0.0
    q0 = min(0.25, max(0.08, rate(np.float64(pop["failures"]), np.float64(pop["attempts"]), 200.0, 0.12)))
    return failed * math.log(FAILING_IN_SPRAY / q0) + succeeded * math.log((1.0 - FAILING_IN_SPRAY) / (1.0 - q0)) - 3.0


@jit
def keys_of(row: Row, keys: NDArray[Any]) -> None:
    """The event's keys: address, /24, client within network, device; 0 where it has none."""
    zero = np.uint64(0)
    keys[0] = row["ip"]
    keys[1] = row["net"] ^ SALT_NET if row["net"] != zero else zero
    keys[2] = row["ua"] ^ SALT_CLIENT ^ (np.uint64(row["asn"]) << np.uint64(20)) if row["ua"] != zero else zero
    keys[3] = row["device"] ^ SALT_DEVICE if row["device"] != zero else zero


@jit
def ask(table: NDArray[Any], row: Row, keys: NDArray[Any], account: Int, time: Int, pop: Row) -> tuple[Any, Any]:
    """What is known of an event's connection: (spray evidence, neighbour evidence)."""
    spray = 0.0
    neighbour = 0.0
    for k in range(4):
        if keys[k] == np.uint64(0):
            continue
        at = find(table, keys[k], time, False)
        if at < 0:
            continue
        r = table[at]
        advance(r, time)
        if k < 3:
            value = spray_odds(r, account, pop)
            if k == 2:
                # Much software is everybody's: a network and a browser are a weak mark, and only a mark.
                value = min(2.0, 0.4 * value)
            if value > spray:
                spray = value
        if r["suspicion"] > 0.05 and np.int64(r["by"]) != account:
            weight = math.log(1.0 + 30.0 * np.float64(r["suspicion"]) / (1.0 + np.float64(r["visitors"])))
            # A crew's software on a crew's network is a weaker mark than its address or device.
            neighbour = max(neighbour, weight if k in (0, 3) else weight - (0.7 if k == 1 else 1.0))
    return spray, neighbour


@jit
def tell_login(
    table: NDArray[Any],
    keys: NDArray[Any],
    account: Int,
    time: Int,
    success: Flag,
    minute: Int,
    pop: Row,
    hits: Int,
    hit_accounts: NDArray[Any],
) -> Any:
    """Count a login; fills `hit_accounts` with earlier successes of a spray named just now and returns how many."""
    n = 0
    for k in range(4):
        if keys[k] == np.uint64(0):
            continue
        r = table[find(table, keys[k], time, True)]
        advance(r, time)
        if success:
            r["succeeded"] = r["succeeded"] | bit(account)
            r["visitors"] += 1.0
            if k < 3:
                r["member"][r["at"] & 7] = account
                r["member_at"][r["at"] & 7] = minute
                r["at"] = (np.int64(r["at"]) + 1) & 7
        else:
            r["failed"] = r["failed"] | bit(account)
            if k < 3 and np.int64(r["named"]) == 0:
                value = spray_odds(r, -1, pop)
                if value >= NAMED_AT:
                    r["named"] = time // DAY
                    for i in range(8):
                        if r["member"][i] >= 0 and minute - np.int64(r["member_at"][i]) < 1440 and n < hits:
                            hit_accounts[n] = r["member"][i]
                            n += 1
    return n


@jit
def tell_suspicion(table: NDArray[Any], keys: NDArray[Any], account: Int, time: Int, probability: Float) -> None:
    """A session here is now believed not to be its owner's."""
    for k in range(4):
        if keys[k] == np.uint64(0):
            continue
        r = table[find(table, keys[k], time, True)]
        advance(r, time)
        r["suspicion"] += np.float64(probability)
        r["by"] = account
