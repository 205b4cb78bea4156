"""What the members of a ring or spray have in common, read out of their own events in the journal.

Reading some hundred accounts' events takes seconds, so it is done beside the pages: a page shows what has been found
so far, and asks again. What was found of a member stays until his alert changes.
"""

import asyncio
import contextlib
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from weakref import WeakKeyDictionary

from kuraban.console.desk import members
from kuraban.console.desk.facts import FactReader, Facts, Trade
from kuraban.console.desk.members import Group
from kuraban.journal import schema
from kuraban.journal.live import Live
from kuraban.journal.schema import JournalError
from kuraban.journal.writer import Job
from kuraban.server.service import Service

MOST_MEMBERS = 400  # the gravest; the page says so where there are more
KINDS = ("network", "address", "software", "device", "bought", "sold", "destination", "setting", "hour")
_KEPT = 16  # groups
_AT_ONCE_S = 0.025  # so long a page waits for what can be read quickly


class Common(NamedTuple):
    """A value that several members share. members: how many of the members read."""

    kind: str
    value: str
    members: int


@dataclass
class Study:
    """One group's members as far as they have been read. facts: by alert. total: how many are to be read."""

    group: Group
    facts: dict[int, Facts] = field(default_factory=dict)
    total: int = 0
    running: "asyncio.Future[None] | None" = None

    @property
    def done(self) -> bool:
        """Whether nothing is being read."""
        return self.running is None or self.running.done()

    def common(self, least: int = 2, most: int = 6) -> list[Common]:
        """What at least `least` members share, by kind, the most frequent first."""
        counts = Counter(value for facts in list(self.facts.values()) for value in facts.values)
        found: list[Common] = []
        for kind in KINDS:
            here = [(n, value) for (each, value), n in counts.items() if each == kind and n >= least]
            found += [Common(kind, value, n) for n, value in sorted(here, key=lambda each: (-each[0], each[1]))[:most]]
        return found

    def counted(self, kind: str) -> list[tuple[str, int]]:
        """Every value of one kind with the number of members, the most frequent first."""
        counts = Counter(value for facts in list(self.facts.values()) for each, value in facts.values if each == kind)
        return counts.most_common()

    def trades(self) -> list[Trade]:
        """The members' orders in the ring's instrument, in time."""
        return sorted((trade for facts in list(self.facts.values()) for trade in facts.trades), key=lambda t: t.at)


_STUDIES: "WeakKeyDictionary[Service, OrderedDict[str, Study]]" = WeakKeyDictionary()


async def of(service: Service, group: Group) -> Study:
    """A group's study, begun or taken up again where alerts have changed; waits for it only a moment."""
    kept = _STUDIES.setdefault(service, OrderedDict())
    study = kept.setdefault(group.id, Study(group))
    kept.move_to_end(group.id)
    while len(kept) > _KEPT:
        kept.popitem(last=False)
    if study.done:
        await _take_up(service, study)
    if study.running is not None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(study.running), _AT_ONCE_S)
    return study


Work = Sequence[tuple[tuple[int, str, int], int]]  # alert, account, when it changed; the account's newest event


async def _take_up(service: Service, study: Study) -> None:
    found = await service.read(lambda connection: members.gravest(connection, study.group, MOST_MEMBERS))
    study.total = len(found)
    study.facts = {number: study.facts[number] for number, _, _ in found if number in study.facts}
    changed = [each for each in found if each[0] not in study.facts or study.facts[each[0]].updated != each[2]]
    if not changed:
        return

    def newest(live: Live) -> tuple[list[int], Job | None]:
        codes = [live.replay.reader.accounts.find(account) for _, account, _ in changed]
        size = len(live.newest)
        return [-1 if code is None or code >= size else int(live.newest[code]) for code in codes], None

    work = list(zip(changed, await service.call(newest), strict=True))
    loop = asyncio.get_running_loop()
    if study.done:  # nobody else has begun meanwhile
        study.running = loop.run_in_executor(None, _read, service, study, service.ready().live, work)


def _read(service: Service, study: Study, live: Live, work: Work) -> None:
    """Fill a study, on a connection of its own; what cannot be read the next page tries again."""
    with contextlib.suppress(sqlite3.Error, JournalError):
        connection = schema.connect(service.journal, read_only=True)
        try:
            reader = FactReader(connection, live, study.group, service.options.timezone)
            for (number, account, updated), newest in work:
                if service.stopped_by is not None:
                    return
                study.facts[number] = reader.read(number, account, updated, newest)
        finally:
            connection.close()
