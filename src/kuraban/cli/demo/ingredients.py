"""What a story held that Kuraban is expected to see, counted from what came to pass rather than from what was found.

Stories are drawn at random, and what a decision stops early never happens, so not every story has a ring or a list of
passwords worth the name. What was not there cannot be missed. The least that counts:

- a relayed login: one act of a thief who came by one;
- a liquidation: `NAMES_SOLD` names sold by one thief;
- a ring: one name bought by the thieves of one campaign in `MEMBERS` accounts, as in the evaluation, within a day: most
  members may be locked out before they buy, and stragglers of another week are no ring that anybody could see;
- a list of passwords: one address from which logins to `TRIED` accounts failed within six hours (more than seven tries
  is the threshold of Araña, Thomas et al.), and from which a thief got into an account within a day before or six
  hours after. Without that nobody's decision could name it.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from kuraban.cli.demo.world import Moment, Takeover
from kuraban.core.layout import DECIDABLE
from kuraban.evaluate.rings import SMALLEST as MEMBERS
from kuraban.sim.families import FAMILIES

NAMES_SOLD = 5
TRIED, WINDOW, BEFORE, TOGETHER = 8, timedelta(hours=6), timedelta(days=1), timedelta(days=1)
ENTRIES = {family.name: family.entry for family in FAMILIES}


class Ingredients:
    """Sees everything that comes to pass, each account's events in their order."""

    def __init__(self, takeovers: Sequence[Takeover]) -> None:
        self._takeovers = takeovers
        self._relayed: set[int] = set()
        self._sold: dict[int, set[str]] = defaultdict(set)
        self._buys: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        self._failing: dict[str, deque[tuple[datetime, str]]] = defaultdict(deque)
        self._lists: dict[str, datetime] = {}  # address → when it had tried enough accounts
        self._entered: dict[str, list[datetime]] = defaultdict(list)

    def see(self, moment: Moment) -> None:
        """Count one event."""
        if moment.kind == "login.failed":
            self._fail(moment)
        elif moment.thief >= 0 and moment.kind in DECIDABLE:
            self._act(moment)

    def _act(self, moment: Moment) -> None:
        takeover, event = self._takeovers[moment.thief], moment.event()
        if ENTRIES.get(takeover.family) == "relay":
            self._relayed.add(moment.thief)
        if moment.kind == "login.succeeded" and event.client is not None and event.client.ip:
            self._entered[event.client.ip].append(moment.time)
        order = event.order
        if moment.kind != "order.placed" or order is None or not order.instrument:
            return
        if order.side == "sell":
            self._sold[moment.thief].add(order.instrument)
        elif takeover.campaign:
            self._buys[takeover.campaign, order.instrument].append((moment.time, takeover.account))

    def _fail(self, moment: Moment) -> None:
        client = moment.event().client
        if client is None or not client.ip or client.ip in self._lists:
            return
        tried = self._failing[client.ip]
        tried.append((moment.time, moment.account))
        while tried[0][0] < moment.time - WINDOW:
            tried.popleft()
        if len({account for _, account in tried}) >= TRIED:
            self._lists[client.ip] = moment.time

    @property
    def relayed(self) -> int:
        """Takeovers by a relayed login."""
        return len(self._relayed)

    @property
    def liquidations(self) -> int:
        """Takeovers in which the thief sold out."""
        return sum(len(names) >= NAMES_SOLD for names in self._sold.values())

    @property
    def rings(self) -> int:
        """Names bought by rings."""
        return sum(_at_once(buys) >= MEMBERS for buys in self._buys.values())

    @property
    def lists(self) -> int:
        """Addresses that tried lists of passwords and got in."""
        return sum(
            any(found - BEFORE <= entered <= found + WINDOW for entered in self._entered[address])
            for address, found in self._lists.items()
        )


def _at_once(buys: list[tuple[datetime, str]]) -> int:
    """The most accounts that bought within a day of each other."""
    return max(len({name for time, name in buys if begin <= time <= begin + TOGETHER}) for begin, _ in buys)
