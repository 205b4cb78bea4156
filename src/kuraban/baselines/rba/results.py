"""What the protocol measured, beside what the papers printed."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from kuraban.baselines.rba.attackers import MODELS, NAIVE, TARGETED, VPN
from kuraban.baselines.rba.methods import METHODS
from kuraban.evaluate.render import percent, table
from kuraban.evaluate.report import Share
from kuraban.evaluate.statistics import wilson
from kuraban.plurals import counted

RATES = (0.98, 0.99, 0.995)
Attacks = dict[tuple[str, str, int], NDArray[np.float64]]  # by method, attacker and number of logins

# Median re-authentication rates of Freeman's method after 12 and 39 logins, read off a figure of Wiefling et al.
# (TOPS 2022), ± 0.03.
PUBLISHED = {
    (NAIVE, 0.995): {12: 0.25, 39: 0.05},
    (NAIVE, 0.99): {12: 0.17, 39: 0.03},
    (NAIVE, 0.98): {12: 0.08, 39: 0.03},
    (VPN, 0.995): {12: 0.33, 39: 0.08},
    (VPN, 0.99): {12: 0.25, 39: 0.08},
    (VPN, 0.98): {12: 0.17, 39: 0.05},
    (TARGETED, 0.995): {12: 0.42, 39: 0.10},
    (TARGETED, 0.99): {12: 0.33, 39: 0.08},
    (TARGETED, 0.98): {12: 0.17, 39: 0.05},
}


class Own(NamedTuple):
    """Successful logins in order: whose, his how-manieth from 1, whether a known takeover, and each method's score."""

    user: NDArray[np.int64]
    number: NDArray[np.int64]
    takeover: NDArray[np.bool_]
    scores: dict[str, NDArray[np.float64]]


class Line(msgspec.Struct):
    """One method against one attacker: at a true-positive rate, after so many logins.

    `median` and `mean`: over users, of the share of logins at which they are asked. `takeovers`: real ones caught at
    this threshold. `published`: the median the papers give for Freeman's method, None where they give none.
    """

    method: str
    attacker: str
    true_positive_rate: float
    after: int
    attacks: int
    threshold: float
    users: int
    median: float
    mean: float
    takeovers: Share
    published: float | None


class Results(msgspec.Struct):
    """All lines, and what was read."""

    logins: int
    users: int
    takeovers: int
    unreadable: int
    first_unreadable: str | None
    lines: list[Line]


def limit(attacks: NDArray[np.float64], rate: float) -> float:
    """The highest score that a share `rate` of the attacks reaches or exceeds. Ties are asked, never let through."""
    allowed = int(np.floor((1.0 - rate) * len(attacks) + 1e-9))
    return float(np.sort(attacks)[allowed])


def results(own: Own, attacks: Attacks, after: Sequence[int], unreadable: list[str]) -> Results:
    """Hold the users' own logins against the attacks."""
    lines = [
        _line(own, method, model, rate, number, attacks[method, model, number])
        for method in METHODS
        for model in MODELS
        for rate in RATES
        for number in after
        if len(attacks.get((method, model, number), ()))
    ]
    users = int(own.user.max()) + 1 if len(own.user) else 0
    first = unreadable[0] if unreadable else None
    return Results(len(own.user), users, int(own.takeover.sum()), len(unreadable), first, lines)


def _line(own: Own, method: str, model: str, rate: float, number: int, attacks: NDArray[np.float64]) -> Line:
    threshold = limit(attacks, rate)
    asked = own.scores[method] >= threshold
    enough = np.zeros(int(own.user.max()) + 1, dtype=np.bool_)
    enough[own.user[own.number == number]] = True
    counted = enough[own.user] & (own.number >= 2) & (own.number <= number) & ~own.takeover
    total = np.bincount(own.user[counted], minlength=len(enough))
    hits = np.bincount(own.user[counted], weights=asked[counted], minlength=len(enough))
    shares = hits[total > 0] / total[total > 0]
    real = own.takeover & (own.number >= 2)
    caught, known = int((asked & real).sum()), int(real.sum())
    found = Share(caught, known, caught / known if known else None, *wilson(caught, known))
    median, mean = (float(np.median(shares)), float(shares.mean())) if len(shares) else (float("nan"), float("nan"))
    published = PUBLISHED.get((model, rate), {}).get(number) if method == METHODS[1] else None
    return Line(method, model, rate, number, len(attacks), threshold, len(shares), median, mean, found, published)


def render(found: Results) -> str:
    """A table for a terminal."""
    rows = [
        (
            line.method,
            line.attacker,
            f"{line.true_positive_rate:g}",
            str(line.after),
            f"{line.attacks:,}",
            f"{line.users:,}",
            percent(line.median),
            percent(line.mean),
            percent(line.takeovers.share),
            percent(line.published),
        )
        for line in found.lines
    ]
    head = ("method", "attacker", "TPR", "logins", "attacks", "users", "median rate", "mean", "real takeovers")
    words = [
        f"{counted(found.logins, 'successful login')} of {counted(found.users, 'user')}, "
        f"{counted(found.takeovers, 'known takeover')}, "
        f"{counted(found.unreadable, 'row')} that could not be read",
        *([f"the first: {found.first_unreadable}"] if found.first_unreadable else []),
        table((*head, "published median"), rows),
    ]
    return "\n\n".join(words) + "\n"
