"""The papers' three attackers, who know the password and more or less of the victim.

- *naive*: an address from anywhere, among those of known attackers; popular software.
- *VPN*: knows the victim's country: an address of another user there; popular software.
- *targeted*: knows the city, browser, system and kind of device: an address of another user of the same city, and the
  user agent of another user with the same three, or the victim's own where nobody else has them.

The papers say what each knows; how the values are drawn is written here: from the logins so far, the popular drawn as
often as they occur.
"""

from collections import deque
from collections.abc import Hashable

import numpy as np

from kuraban.baselines.rba.reading import Login

NAIVE, VPN, TARGETED = "naive", "VPN", "targeted"
MODELS = (NAIVE, VPN, TARGETED)
_POOL = 4096
_LOCAL = 64
_TRIES = 16


class Pools:
    """Logins lately seen, from which an attacker picks what he can know. Memory is bounded by places and software."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._everyone: deque[Login] = deque(maxlen=_POOL)
        self._attackers: deque[Login] = deque(maxlen=_POOL)
        self._places: dict[Hashable, deque[Login]] = {}
        self._software: dict[Hashable, deque[Login]] = {}

    def see(self, login: Login) -> None:
        """Take in one login."""
        if login.attack_ip:
            self._attackers.append(login)
            return
        if not login.succeeded:
            return
        self._everyone.append(login)
        self._places.setdefault((login.country,), deque(maxlen=_POOL)).append(login)
        city = (login.country, login.region, login.city)
        self._places.setdefault(city, deque(maxlen=_LOCAL)).append(login)
        self._software.setdefault(_kind(login), deque(maxlen=_LOCAL)).append(login)

    def attack(self, model: str, victim: Login) -> tuple[Login, Login]:
        """Logins to take the address and the software of; the victim's own where there is nothing better."""
        if model == NAIVE:
            return self._pick(self._attackers, victim) or self._popular(victim), self._popular(victim)
        country = self._places.get((victim.country,))
        if model == VPN:
            return self._pick(country, victim) or self._popular(victim), self._popular(victim)
        near = self._pick(self._places.get((victim.country, victim.region, victim.city)), victim)
        alike = self._pick(self._software.get(_kind(victim)), victim)
        return near or self._pick(country, victim) or self._popular(victim), alike or victim

    def _popular(self, victim: Login) -> Login:
        return self._pick(self._everyone, victim) or victim

    def _pick(self, pool: "deque[Login] | None", victim: Login) -> Login | None:
        """A random login of somebody else's, from another address."""
        if not pool:
            return None
        for _ in range(_TRIES):
            found = pool[int(self._random.integers(len(pool)))]
            if found.user != victim.user and found.ip != victim.ip:
                return found
        return None


def _kind(login: Login) -> Hashable:
    """Browser and system without their versions, and the kind of device."""
    return _unversioned(login.browser), _unversioned(login.system), login.device


def _unversioned(name: str) -> str:
    head, _, tail = name.rpartition(" ")
    return head if head and tail[:1].isdigit() else name
