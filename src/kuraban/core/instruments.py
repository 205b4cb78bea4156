"""The instrument operator: rings, accounts that suddenly buy the same name.

Keyed by instrument. A crowd alone is no ring: news, listings and crashes bring many buyers for whom the name is new.
What makes a ring is how many of those buyers are odd by their own evidence (an unusual login, holdings just sold). With
n other buyers for whom it is new in the last days, k of them odd (as a sum of oddness in 0..1), and q₀ the share of odd
ones among all such buyers of all names, today or lately,

    ℓ = k ln(k/e) − (k − e) + (k/n)·min(2, ln[NB(n | μ + ν) / NB(n | μ)]) − 1 − depth,   e = q₀ n + 0.15

for k > e, else 0: the likelihood ratio of a Poisson excess of odd buyers, and of a burst of buyers over the
instrument's own decayed expectation μ (negative binomial, dispersion 1, ν = 5). A member's own part is left out.
`depth` lets nobody see rings in names too deep to push: 0.8 for each tenfold above ¥1bn of daily value.
"""

import math
from typing import Any

import numpy as np

from kuraban.core.habits import DAY, rate
from kuraban.core.jit import Float, Int, Row, jit
from kuraban.core.profile import MEMBERS

RING_DAYS = 0.7  # half-life of the crowd: rings buy within hours
RATE_DAYS = 20.0
EXTRA = 5.0
NAMED_AT = 2.5
RING_AT = 2.0  # ℓ at which a ring is as likely as not
TAKES_IT = 0.5
NAMED_MEMBERS = 2.2
RING_ENDS_DAYS = 5


@jit
def advance(c: Row, time: Int) -> None:
    """Decay an instrument's crowd to `time`."""
    since = np.int64(c["organic_at"])
    if since == 0:
        c["organic_at"] = time
        c["first"] = time
        c["rate_at"] = time
        for i in range(MEMBERS):
            c["member"][i] = -1
        return
    gap = time - since
    if gap > 0:
        f = np.float64(math.pow(0.5, gap / DAY / RING_DAYS))
        c["organic"] *= f
        c["organic_odd"] *= f
        c["organic_at"] = time
        c["rate"] *= np.float64(math.pow(0.5, gap / DAY / RATE_DAYS))
        if c["ring_day"] != 0 and time - np.int64(c["ring_at"]) > RING_ENDS_DAYS * DAY:
            c["ring_day"] = 0


@jit
def odd_share(pop: Row) -> Any:
    """q₀: the share of odd sessions among those who buy something new, lately or today, whichever is more."""
    usual = rate(np.float64(pop["novel_odd"]), np.float64(pop["novel_all"]), 60.0, 0.02)
    today = rate(np.float64(pop["today_odd"]), np.float64(pop["today_novel"]), 15.0, usual)
    return min(0.5, max(usual, today))


@jit
def member_of(c: Row, account: Int) -> Any:
    """Slot of a member, -1."""
    for i in range(MEMBERS):
        if np.int64(c["member"][i]) == account:
            return i
    return -1


@jit
def ring_odds(c: Row, account: Int, adv: Float, time: Int, pop: Row) -> tuple[Any, Any]:
    """ℓ of the ring as seen by one member or newcomer, leaving out its own part: (ℓ, others that are odd)."""
    n = np.float64(c["organic"])
    k = np.float64(c["organic_odd"])
    at = member_of(c, account)
    if at >= 0:
        f = math.pow(0.5, max(0, time - np.int64(c["member_at"][at])) / DAY / RING_DAYS)
        n -= f
        k -= f * np.float64(c["odd"][at])
    k = min(k, n)
    if k < 0.7:
        return 0.0, 0.0
    expected = odd_share(pop) * n + 0.15
    if k <= expected:
        return 0.0, k
    excess = k * math.log(k / expected) - (k - expected)
    # Expected novel buyers within the crowd's memory (half-life / ln 2 days), at the instrument's usual rate.
    usual = max(0.1, np.float64(c["rate"]) / (RATE_DAYS / 0.6931) * (RING_DAYS / 0.6931))
    burst = math.log((1.0 + usual) / (1.0 + usual + EXTRA)) + n * math.log(
        (usual + EXTRA) / (1.0 + usual + EXTRA) * (1.0 + usual) / usual
    )
    depth = 0.8 * max(0.0, math.log10(adv / 1e9)) if adv > 0.0 else 0.0
    return max(0.0, excess + (k / n) * min(2.0, max(-1.0, burst)) - 1.0 - depth), k


@jit
def member_odds(c: Row, value: Float, odd_others: Float, own: Float, time: Int, pop: Row) -> Any:
    """What a ring's existence (ℓ = `value`) says of somebody who now buys its name, which is new to him.

    A ring's thief buys this name every other time, an owner with the name's share of all new buys of these hours:
    ln(1 + P(ring)·½ / share). Where the whole crowd buys, buying says little. `own`: his own oddness, 0..1; somebody
    with nothing odd of his own gets half, being perhaps one who follows the price.
    """
    everyone = np.float64(pop["recent_novel"]) * math.pow(
        0.5, max(0, time - np.int64(pop["recent_at"])) / DAY / RING_DAYS
    )
    share = (max(0.0, np.float64(c["organic"]) - odd_others) + 0.3) / (everyone + 30.0)
    ring = 1.0 / (1.0 + math.exp(-1.2 * (value - RING_AT)))
    return math.log(1.0 + ring * TAKES_IT / min(1.0, share)) * min(1.0, 0.5 + own)


@jit
def join(c: Row, account: Int, session: Any, odd: Float, time: Int, adv: Float, pop: Row) -> Any:
    """An account for which buying this was new has bought; its oddness may also have grown. True when new."""
    at = member_of(c, account)
    if at >= 0 and time - np.int64(c["member_at"][at]) < 6 * DAY:
        f = math.pow(0.5, max(0, time - np.int64(c["member_at"][at])) / DAY / RING_DAYS)
        grown = odd - np.float64(c["odd"][at])
        if grown > 0.0:
            c["odd"][at] = odd
            c["organic_odd"] += np.float64(f * grown)
        c["member_session"][at] = session
        new = False
    else:
        at = np.int64(c["at"])
        c["at"] = (at + 1) % MEMBERS
        c["member"][at] = account
        c["member_at"][at] = time
        c["member_session"][at] = session
        c["odd"][at] = odd
        c["told"][at] = 0.0
        c["organic"] += 1.0
        c["organic_odd"] += np.float64(odd)
        c["rate"] += 1.0
        gap = max(0, time - np.int64(pop["recent_at"]))
        pop["recent_novel"] = np.float64(pop["recent_novel"]) * math.pow(0.5, gap / DAY / RING_DAYS) + 1.0
        pop["recent_at"] = max(np.int64(pop["recent_at"]), time)
        new = True
    if c["ring_day"] == 0:
        value, others = ring_odds(c, -1, adv, time, pop)
        if value >= NAMED_AT and others >= NAMED_MEMBERS:
            c["ring_day"] = time // DAY
    if c["ring_day"] != 0 and odd > 0.5:
        c["ring_at"] = time
    return new


@jit
def note_price(c: Row, price: Float, time: Int) -> None:
    """Follow the traded price slowly: an average with a half-life of two days."""
    if not price > 0.0:
        return
    since = np.int64(c["priced"])
    if since == 0 or not c["price"] > 0.0:
        c["price"] = price
    else:
        # Each trade counts little by itself, so that a burst of purchases does not become its own normal.
        share = max(0.02, 1.0 - math.pow(0.5, max(0, time - since) / DAY / 2.0))
        c["price"] += share * (price - np.float64(c["price"]))
    c["priced"] = time
