"""Which accounts of a ring or spray may be judged together, and which of them are chosen to begin with."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from kuraban.console.desk.shown import Shown, shown
from kuraban.journal import alerts
from kuraban.journal.alerts import Alert

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
    return sorted(found, key=lambda each: (-each.loss, each.id))


def choice(connection: sqlite3.Connection, group: str) -> Choice:
    """Who may be chosen: the likelier first."""
    found = gravest_first(alerts.members(connection, group))
    listed = [shown(each) for each in found[:MOST_LISTED]]
    listed.sort(key=lambda each: -each.decision.probability)
    return Choice(listed, len(found) - len(listed))
