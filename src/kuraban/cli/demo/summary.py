"""What the demo found, in sums."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from kuraban.cli.demo.broker import Broker
from kuraban.cli.demo.home import Looked, Told
from kuraban.cli.demo.owner import trades_told
from kuraban.cli.demo.player import Played
from kuraban.cli.demo.world import World
from kuraban.core.policy import CHALLENGE
from kuraban.home.findings import Kind, Level

Say = Callable[[str, str], str]


class Family(NamedTuple):
    """The takeovers of one family. answered: challenged, held or locked at least once; money: those in which the
    recording takes any; saved: of these, nothing was taken. wanted, lost, stopped: yen."""

    takeovers: int
    answered: int
    money: int
    saved: int
    wanted: float
    lost: float
    stopped: float


class Summary(NamedTuple):
    """Everything the demo says at its end."""

    world: World
    broker: Broker
    played: Played
    home: Looked
    journaled: int  # events that the server says it has accepted
    victim: int  # the takeover shown from the owner's side

    @property
    def families(self) -> dict[str, Family]:
        """By family, and `total`."""
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * 7)
        for each in self.world.takeovers:
            if each.first is None:
                continue
            money = each.wanted > 0
            parts = (1, each.met >= CHALLENGE, money, money and each.lost == 0, each.wanted, each.lost, each.stopped)
            for name in (each.family, "total"):
                sums[name] = [a + b for a, b in zip(sums[name], parts, strict=True)]
        return {name: Family(*map(int, row[:4]), *row[4:]) for name, row in sums.items()}

    @property
    def caught(self) -> list[Told]:
        """What the owner's side says of the time in which the thief was there: alarms and questions about orders."""
        times = [moment.time for moment in self.world.played if moment.thief == self.victim]
        return [
            told
            for level in (Level.ALARM, Level.ASK)
            for told in self.home.of(level, Kind.ACTS, Kind.WITHDRAWAL)
            if told.first <= times[-1] and told.last >= times[0]
        ]

    @property
    def robbed_by_trading(self) -> bool:
        """Whether the owner shown gets a notice of a thief's trade."""
        return self.victim in trades_told(self.world)

    @property
    def owner_days(self) -> int:
        """Days of innocent owners in the time played: the robbed count until their thief comes."""
        begin, end = self.world.span
        days = (end - begin) // timedelta(days=1) + 1
        gone = sum((end - each.first) // timedelta(days=1) + 1 for each in self.world.takeovers if each.first)
        return max(1, self.world.owners * days - gone)

    def per_10k(self, days: int) -> float:
        """Days in 10,000 of innocent owners."""
        return 1e4 * days / self.owner_days

    def groups(self, kind: str) -> list[tuple[str, int]]:
        """Rings or sprays by the number of accounts named with them."""
        found = [(name, len(each.accounts)) for name, each in self.broker.groups.items() if name.startswith(kind)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))
