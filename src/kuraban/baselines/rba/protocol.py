"""The protocol: logins in order, and after a user's 12th and 39th login one attack of each kind on what is known then.

For a true-positive rate t the threshold is the score that a share t of the attacks reaches. A user is asked to
re-authenticate at each of his own logins that reaches it; his rate after N logins is the share among the 2nd to the
N-th (the first has no history to be judged by). Logins the service found to be takeovers are not his own; they give a
second true-positive rate, of real attacks.

An attack takes place a day after the login, at the same hour: at once it would be an impossible journey, which the
published features cannot show.
"""

import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kuraban.baselines.rba.attackers import MODELS, Pools
from kuraban.baselines.rba.methods import ENGINE, FREEMAN, Engine, Freeman
from kuraban.baselines.rba.reading import Login, logins
from kuraban.baselines.rba.results import Attacks, Own, Results, results

_CHUNK = 8192
_LATER = timedelta(days=1)


class Settings(NamedTuple):
    """after: numbers of logins. share: of the users that are attacked, chosen by name. most: rows to read, None all."""

    after: tuple[int, ...] = (12, 39)
    share: float = 0.02
    country: str = "NO"
    seed: int = 1
    most: int | None = None


class _Waiting(NamedTuple):
    """An attack that is due."""

    profile: NDArray[Any]
    attack: Login
    kind: tuple[str, int]


class Protocol:
    """One pass over the data. Memory: about 2 KiB a user for the profiles, 25 bytes a login for the scores."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pools = Pools(settings.seed)
        self._engine, self._freeman = Engine(settings.country), Freeman()
        self._users: dict[str, int] = {}
        self._counts = array("i")
        self._chunk: list[Login] = []
        self._waiting: deque[_Waiting] = deque()
        self._attacks: dict[tuple[str, str, int], list[float]] = {}
        self._own = {name: array("i") for name in ("user", "number")}
        self._scores = {name: array("d") for name in (ENGINE, FREEMAN)}
        self._takeover = array("b")
        self._drawn = 0

    def take(self, login: Login) -> None:
        """The next login."""
        self._chunk.append(login)
        reached = 0
        if login.succeeded:
            user = self._users.setdefault(login.user, len(self._users))
            if user == len(self._counts):
                self._counts.append(0)
            self._counts[user] += 1
            reached = self._counts[user]
            self._own["user"].append(user)
            self._own["number"].append(reached)
            self._takeover.append(login.takeover)
            self._scores[FREEMAN].append(self._freeman.score(login))
        if reached in self._settings.after and not login.takeover and self._chosen(login.user):
            self._flush()
            self._draw(login, reached)
        elif len(self._chunk) >= _CHUNK:
            self._flush()
        self._pools.see(login)

    def finish(self, unreadable: list[str]) -> Results:
        """The end of the data: what still waits is played."""
        self._flush()
        self._play(list(self._waiting))
        own = Own(
            np.asarray(self._own["user"], dtype=np.int64),
            np.asarray(self._own["number"], dtype=np.int64),
            np.asarray(self._takeover, dtype=np.bool_),
            {name: np.asarray(scores, dtype=np.float64) for name, scores in self._scores.items()},
        )
        attacks: Attacks = {key: np.asarray(scores, dtype=np.float64) for key, scores in self._attacks.items()}
        return results(own, attacks, self._settings.after, unreadable)

    def _chosen(self, user: str) -> bool:
        return zlib.crc32(user.encode()) < self._settings.share * 2**32

    def _flush(self) -> None:
        if not self._chunk:
            return
        due = []
        while self._waiting and self._waiting[0].attack.time <= self._chunk[0].time:
            due.append(self._waiting.popleft())
        self._play(due)
        scores = self._engine.score(self._chunk)
        self._scores[ENGINE].extend(score for login, score in zip(self._chunk, scores, strict=True) if login.succeeded)
        self._chunk = []

    def _draw(self, login: Login, reached: int) -> None:
        profile = self._engine.profile(login.user)
        for model in MODELS:
            address, software = self._pools.attack(model, login)
            self._drawn += 1
            attack = software._replace(
                number=-self._drawn, time=login.time + _LATER, user=f"attack {self._drawn}", rtt=address.rtt,
                ip=address.ip, asn=address.asn, country=address.country, region=address.region, city=address.city,
                succeeded=True,
            )  # fmt: skip
            self._waiting.append(_Waiting(profile, attack, (model, reached)))
            score = self._freeman.attack(login.user, attack)
            self._attacks.setdefault((FREEMAN, model, reached), []).append(score)

    def _play(self, due: list[_Waiting]) -> None:
        scores = self._engine.attack([each.profile for each in due], [each.attack for each in due])
        for each, score in zip(due, scores, strict=True):
            self._attacks.setdefault((ENGINE, *each.kind), []).append(score)


def evaluate(path: Path, settings: Settings, progress: Callable[[int], None] | None = None) -> Results:
    """Run both methods over a copy of the data set.

    `progress` is called with the rows read, every so often. Raises OSError, and `FormatError` for another file.
    """
    protocol, unreadable = Protocol(settings), []
    for login in _told(logins(path, settings.most), progress):
        if isinstance(login, str):
            unreadable.append(login)
        else:
            protocol.take(login)
    return protocol.finish(unreadable)


def _told(rows: Iterator[Login | str], progress: Callable[[int], None] | None) -> Iterator[Login | str]:
    for number, row in enumerate(rows, 1):
        if progress is not None and number % 10_000 == 0:
            progress(number)
        yield row
