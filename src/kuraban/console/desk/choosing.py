"""Which accounts of a ring or spray may be judged together, and which of them are chosen to begin with."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from kuraban.console.desk.shown import Shown, shown
from kuraban.journal import worklist
from kuraban.journal.alerts import Alert
from kuraban.journal.worklist import Wanted

LEVEL = 0.01  # accounts of at least this probability are chosen unless somebody chooses otherwise
MOST_LISTED = 400


@dataclass(frozen=True)
class Choice:
    """A group's waiting accounts, to be chosen from. listed: those with most to lose; rest: how many more there are."""

    listed: list[Shown]
    rest: int

    @property
    def level(self) -> float:
        """Where the boxes stop being ticked by themselves."""
        return LEVEL

    def picked(self, each: Shown) -> bool:
        """Whether an account is chosen unless somebody chooses otherwise."""
        return each.decision.probability >= LEVEL

    @property
    def likely(self) -> int:
        """How many are chosen so."""
        return sum(map(self.picked, self.listed))


def gravest_first(found: Iterable[Alert]) -> list[Alert]:
    """Alerts by expected loss, in the order in which they are listed."""
    return sorted(found, key=lambda each: (-each.loss, -each.id))


def choice(connection: sqlite3.Connection, group: str, waiting: int) -> Choice:
    """Who may be chosen, the likelier first; of a group of thousands only those listed are read. waiting: how many
    there are."""
    found = worklist.page(connection, Wanted(group=group), None, MOST_LISTED).alerts
    listed = sorted(map(shown, found), key=lambda each: -each.decision.probability)
    return Choice(listed, max(0, waiting - len(listed)))
