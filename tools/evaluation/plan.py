"""How large the evaluation is: which worlds, which seeds, how many accounts, days and thieves.

Seeds are written here once, before anything is measured. What is trained on labels is trained on development worlds
only; validation worlds are for looking at while building; locked worlds, which have families of attackers of their
own, are for the last word.
"""

from typing import NamedTuple

from kuraban.core.signals.ids import NAMES

SETS = ("development", "validation", "locked")
FAMILIES = tuple(dict.fromkeys(name.partition(".")[0] for name in NAMES))


class Spec(NamedTuple):
    """One world to be made; `attacks` is how many takeovers it is to have."""

    world: str
    seed: int
    accounts: int
    days: int
    attacks: int

    @property
    def name(self) -> str:
        """Unique among the worlds of an evaluation."""
        return f"{self.world}-{self.seed}"


class Size(NamedTuple):
    """One size for all worlds of an evaluation."""

    accounts: int
    days: int
    attacks: int
    worlds: int


FULL = Size(accounts=10_000, days=30, attacks=200, worlds=2)
QUICK = Size(accounts=400, days=12, attacks=24, worlds=1)


def specs(names: list[str], size: Size) -> dict[str, list[Spec]]:
    """The worlds of each set. Raises ValueError for a set that does not exist."""
    unknown = sorted(set(names) - set(SETS))
    if unknown:
        raise ValueError(f"no such worlds: {', '.join(unknown)}; there are {', '.join(SETS)}")
    return {
        name: [
            Spec(name, 100 * (SETS.index(name) + 1) + number, size.accounts, size.days, size.attacks)
            for number in range(1, size.worlds + 1)
        ]
        for name in SETS
        if name in names
    }
