"""Freeman, Jain, Dürmuth, Biggio, Giacinto: «Who Are You? A Statistical Approach to Measuring User Authenticity».

NDSS 2016, equation 7 without per-member attack data, in the form of the public implementation das-group/rba-algorithm:

  S = Π_k [p(x_k) / p(x_k|u)] · p(u|A) / p(u|L),   p(u|A) = 1/|U|,   p(u|L) = N_u/N

Each feature is a hierarchy, IP → AS → country and user agent → browser → system → device class, whose levels are mixed
with the weights of Wiefling et al. (TOPS 2022): p(x) = Σ_l w_l p(v_l).
Population side, smoothed: seen (c/N)(1 − M/(N+M)), unseen 1/(N+M), M = distinct values at the coarser levels + 1.
User side, not smoothed: c_u/N_u; a feature of which no level was ever seen counts as p(x)/4.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

from kuraban.baselines.stream import Event, Surroundings

IP_WEIGHTS = (0.6, 0.3, 0.1)
UA_WEIGHTS = (0.53867, 0.26805, 0.18818, 0.0051)
NEVER_SEEN = 4.0


class _Feature:
    """Counts of one feature's levels, fine to coarse, in the population and per user."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = weights
        self._everyone: list[dict[Hashable, int]] = [defaultdict(int) for _ in weights]
        self._user: dict[str, list[dict[Hashable, int]]] = {}

    def _global(self, values: Sequence[Hashable], total: int) -> float:
        share = 0.0
        for level, (weight, value) in enumerate(zip(self._weights, values, strict=True)):
            unseen = 1 + sum(len(coarser) for coarser in self._everyone[level + 1 :])
            count = self._everyone[level].get(value, 0)
            smoothed = count / total * (1 - unseen / (total + unseen)) if count else 1 / (total + unseen)
            share += weight * smoothed
        return share

    def log_ratio(self, user: str, values: Sequence[Hashable], total: int, own: int) -> float:
        """ln p(x)/p(x|u)."""
        everyone = self._global(values, total)
        levels = self._user.get(user)
        mine = 0.0
        if levels is not None:
            mine = sum(w * known.get(v, 0) / own for w, known, v in zip(self._weights, levels, values, strict=True))
        return math.log(everyone / (mine or everyone / NEVER_SEEN))

    def learn(self, user: str, values: Sequence[Hashable]) -> None:
        own = self._user.setdefault(user, [{} for _ in self._weights])
        for everyone, mine, value in zip(self._everyone, own, values, strict=True):
            everyone[value] += 1
            mine[value] = mine.get(value, 0) + 1


class Risk:
    """The method itself: S of a login by its address and user agent, fine to coarse, and what it learns from one."""

    def __init__(self) -> None:
        self._address, self._agent = _Feature(IP_WEIGHTS), _Feature(UA_WEIGHTS)
        self._logins: dict[str, int] = defaultdict(int)
        self._total = 0

    def score(self, user: str, address: Sequence[Hashable], agent: Sequence[Hashable]) -> float | None:
        """ln S; the first login of an account has no history to be scored by."""
        own = self._logins.get(user, 0)
        if not own:
            return None
        score = math.log(self._total / (own * len(self._logins)))
        score += self._address.log_ratio(user, address, self._total, own)
        return score + self._agent.log_ratio(user, agent, self._total, own)

    def learn(self, user: str, address: Sequence[Hashable], agent: Sequence[Hashable]) -> None:
        """Count a login."""
        self._address.learn(user, address)
        self._agent.learn(user, agent)
        self._logins[user] += 1
        self._total += 1


class Freeman:
    """Scores logins by ln S. It publishes no limit: the rate of re-authentication is the operator's choice."""

    alarm: float | None = None

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._risk = Risk()

    def observe(self, event: Event, time: int) -> float | None:
        """Scores successful logins."""
        if event.type != "login.succeeded":
            return None
        place = self._around.place(event.client.ip)
        client = self._around.client(event.client.user_agent)
        address = (event.client.ip, place.asn, place.country)
        agent = (event.client.user_agent, (client.browser, client.version), client.os, client.device_class)
        score = self._risk.score(event.account, address, agent)
        self._risk.learn(event.account, address, agent)
        return score
