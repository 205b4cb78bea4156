"""The two methods that are compared: Kuraban's engine and Freeman's formula, both on logins alone.

An attack must be scored without teaching anybody. Freeman's formula is asked without being told afterwards; the
engine, which learns as it scores, plays the attack on a copy of the victim's profile under another account's code, and
forgets what it told of its network and of users in general.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.baselines.freeman import Risk
from kuraban.baselines.rba.reading import Login
from kuraban.columns import Batch
from kuraban.core.layout import NET_PRIVATE
from kuraban.replay import Replay

ENGINE, FREEMAN = "Kuraban", "Freeman (NDSS 2016)"
METHODS = (ENGINE, FREEMAN)
NAN = float("nan")


class Engine:
    """Kuraban's engine with the data's own networks and countries laid over the shipped table's."""

    def __init__(self, country: str) -> None:
        self._replay = Replay(timezone="UTC", lateness_s=0.0)
        self._replay.policy["home"] = _letters(country)

    def score(self, logins: Sequence[Login]) -> list[float]:
        """The probability after each login, NaN for failed ones, and learn from them."""
        return self._decide(self._rows(logins), len(logins)) if logins else []

    def profile(self, user: str) -> NDArray[Any]:
        """A copy of what is known of a user; raises KeyError for one who was never seen."""
        code = self._replay.reader.accounts.find(user)
        if code is None:
            raise KeyError(user)
        return self._replay.state.profiles[code : code + 1].copy()

    def attack(self, profiles: Sequence[NDArray[Any]], attacks: Sequence[Login]) -> list[float]:
        """Score attacks on copies of profiles, each as if it were the only one; each has a user name of its own.

        What an attack tells the engine of networks and of the population is taken back before the next.
        """
        state, scores = self._replay.state, []
        kept = state.networks.copy(), state.population.copy()
        for profile, attack in zip(profiles, attacks, strict=True):
            batch = self._rows([attack])
            code = int(batch.rows["account"][0])
            state.ensure(code + 1, 1)
            state.profiles[code] = profile[0]
            scores += self._decide(batch, 1)
            state.networks[:], state.population[:] = kept
        return scores

    def _rows(self, logins: Sequence[Login]) -> Batch:
        batch = self._replay.reader.event_rows([login.event() for login in logins])
        batch.rows["asn"] = [login.asn for login in logins]
        batch.rows["country"] = [_letters(login.country) for login in logins]
        # Private addresses of the data set stand for public ones that could not be made up consistently.
        batch.rows["net_flags"] &= 0xFF ^ NET_PRIVATE
        return batch

    def _decide(self, batch: Batch, count: int) -> list[float]:
        found = self._replay.decide(batch)
        scores = np.full(count, NAN)
        own = found[found["row"] >= 0]
        scores[own["row"]] = own["probability"]
        return [float(score) for score in scores]


class Freeman:
    """Freeman's formula on the data's own columns, as in the papers."""

    def __init__(self) -> None:
        self._risk = Risk()

    def score(self, login: Login) -> float:
        """ln S of a successful login, NaN for the first of a user, and learn from it."""
        score = self._risk.score(login.user, login.address, login.software)
        self._risk.learn(login.user, login.address, login.software)
        return NAN if score is None else score

    def attack(self, user: str, attack: Login) -> float:
        """ln S of an attack on a user, without learning."""
        score = self._risk.score(user, attack.address, attack.software)
        return NAN if score is None else score


def _letters(country: str) -> int:
    return ord(country[0]) << 8 | ord(country[1]) if len(country) == 2 else 0
