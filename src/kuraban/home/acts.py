"""From facts to acts: what happened, each thing once, although a mail and an export both may state it.

A notice of execution and the row of the trade history are the same act; several fills of one order are one act; forged
mails state nothing. `Act.event` is what the engine is given: owners learn of orders by their execution only, so an
execution stands for the order.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from kuraban.events import Event, Order
from kuraban.home.model import Certainty, Fact, Letter, Verdict, Words

TOKYO = ZoneInfo("Asia/Tokyo")
UNREAD = ":unread"
# Products that a subject names although the rest cannot be read, as instruments of their market.
FOREIGN = {"中国": "UNREAD.HK", "香港": "UNREAD.HK", "韓国": "UNREAD.KS"}
BELIEVED = frozenset({None, Verdict.VERIFIED, Verdict.UNVERIFIED})
ORDER_TYPES = frozenset({"order.placed", "order.executed"})
WITHDRAWALS = frozenset({"withdrawal.requested", "withdrawal.paid"})
SAME_WITHDRAWAL = timedelta(days=7)


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened on one account.

    event: for the engine; time, day: its own, day in Japan; facts: where it was read, mails first.
    """

    event: Event
    time: datetime
    day: date
    broker: str
    facts: tuple[Fact, ...]

    @property
    def id(self) -> str:
        """Its event's id."""
        return self.event.id

    @property
    def account(self) -> str:
        """The owner's label of its account."""
        return self.event.account

    @property
    def seen(self) -> datetime:
        """When it first became known here."""
        return min(fact.seen for fact in self.facts)

    @property
    def proved(self) -> bool:
        """Whether an export or a mail that is provably the broker's states it."""
        return any(f.authenticity is None or f.authenticity.verdict is Verdict.VERIFIED for f in self.facts)

    @property
    def certain(self) -> bool:
        """Whether any of its sources has a known format."""
        return any(f.certainty is Certainty.CERTAIN for f in self.facts)

    @property
    def by_mail(self) -> bool:
        """Whether a mail told of it."""
        return any(f.authenticity is not None for f in self.facts)


class Lump(msgspec.Struct, frozen=True, kw_only=True):
    """What one source (mails or exports) says was bought or sold of one instrument on one day."""

    account: str
    instrument: str
    side: str
    fund: bool
    day: date
    facts: tuple[Fact, ...]

    @property
    def quantity(self) -> float | None:
        """Units in all, None where any fact leaves them out."""
        return _sum(fact.event.order.quantity for fact in self.facts if fact.event.order)

    @property
    def notional(self) -> float | None:
        """Yen in all, None where any fact leaves it out."""
        return _sum(fact.event.order.notional for fact in self.facts if fact.event.order)


def time_of(fact: Fact) -> datetime:
    """When the fact's event happened."""
    return datetime.fromisoformat(fact.event.time)


def day_of(fact: Fact) -> date:
    """Its day in Japan; for facts that give a date only, that date."""
    when = time_of(fact)
    return when.date() if fact.dated_only else when.astimezone(TOKYO).date()


def believed(facts: Iterable[Fact]) -> list[Fact]:
    """Without what forged and lookalike mails say, each event once, in time order."""
    once = {fact.event.id: fact for fact in facts if _verdict(fact) in BELIEVED}
    return sorted(once.values(), key=lambda fact: (time_of(fact), fact.event.id))


def unread_executions(letters: Iterable[Letter], labels: Mapping[str, str]) -> Iterator[Fact]:
    """Executions that a believed notice tells of without their details being readable: an order of unknown content.

    A format that changed, or a product whose notices look different, must not make an execution invisible.
    """
    for letter in letters:
        told = [fact for fact in letter.facts if fact.event.type != "notice.received"]
        broker, when = letter.authenticity.broker, letter.received or letter.sent
        if letter.kind != "execution" or told or broker is None or when is None:
            continue
        account = letter.facts[0].event.account if letter.facts else labels.get(broker, broker)
        order = Order(instrument=next((code for word, code in FOREIGN.items() if word in letter.subject), None))
        event = Event(f"{letter.origin}{UNREAD}"[:128], when.isoformat(), account, "order.executed", order=order)
        yield Fact(
            event=event,
            broker=broker,
            certainty=Certainty.UNCERTAIN,
            origin=letter.origin,
            seen=when,
            authenticity=letter.authenticity,
            summary=Words("内容を読み取れない約定通知", "a notice of an execution whose details cannot be read"),
        )


def is_bare_notice(fact: Fact) -> bool:
    """A notice of an execution without the execution: `unread_executions` says that one instead."""
    notice = fact.event.notice
    return fact.event.type == "notice.received" and notice is not None and notice.kind == "execution"


def plain(instrument: str) -> str:
    """An instrument's code or name without the differences of width, case and spacing between mails and exports."""
    return "".join(unicodedata.normalize("NFKC", instrument).casefold().split())


def lumps(facts: Iterable[Fact]) -> list[Lump]:
    """The executions among the facts, by account, instrument, side and day."""
    groups: dict[tuple[str, str, str, bool, date], list[Fact]] = defaultdict(list)
    for fact in facts:
        order = fact.event.order
        if fact.event.type == "order.executed" and order is not None and order.instrument and order.side:
            key = (fact.event.account, plain(order.instrument), order.side, order.kind == "fund", day_of(fact))
            groups[key].append(fact)
    return [
        Lump(account=a, instrument=i, side=s, fund=f, day=d, facts=tuple(found))
        for (a, i, s, f, d), found in sorted(groups.items(), key=lambda item: (item[0][4], item[0]))
    ]


def acts(facts: Sequence[Fact], twins: Iterable[tuple[Lump, Lump]]) -> list[Act]:
    """Everything that happened, once, in time order.

    facts: believed ones. twins: lumps of mails with the lumps of exports that are the same executions.
    """
    told_elsewhere: dict[str, tuple[Fact, ...]] = {}
    hidden: set[str] = set()
    for mailed, exported in twins:
        told_elsewhere[mailed.facts[0].event.id] = exported.facts
        hidden.update(fact.event.id for fact in exported.facts)
    kept = [fact for fact in facts if fact.event.id not in hidden]
    found = [_act(group, told_elsewhere) for group in _orders(kept)]
    return _withdrawals_once(sorted(found, key=lambda act: (act.time, act.id)))


def _withdrawals_once(found: list[Act]) -> list[Act]:
    """Each withdrawal once: its request, its payment and its line in an export may all be told.

    What is left of a withdrawal is a request, at the time of its first sign; the others' facts are added to it.
    """
    kept: list[Act] = []
    waiting: list[int] = []  # places in `kept` of withdrawals of the last days
    for act in found:
        if act.event.type not in WITHDRAWALS:
            kept.append(act)
            continue
        waiting = [at for at in waiting if act.time - kept[at].time <= SAME_WITHDRAWAL]
        twin = next((at for at in waiting if _same_withdrawal(kept[at], act)), None)
        if twin is not None:
            kept[twin] = msgspec.structs.replace(kept[twin], facts=(*kept[twin].facts, *act.facts))
            continue
        waiting.append(len(kept))
        kept.append(msgspec.structs.replace(act, event=msgspec.structs.replace(act.event, type="withdrawal.requested")))
    return kept


def _same_withdrawal(first: Act, second: Act) -> bool:
    """Whether two signs are of one withdrawal: account and amount agree, and they are of different sources."""
    if first.account != second.account:
        return False
    amounts = [act.event.cash.amount if act.event.cash else None for act in (first, second)]
    if None not in amounts and amounts[0] != amounts[1]:
        return False
    said = {(fact.authenticity is None, fact.event.type) for fact in first.facts}
    return all((fact.authenticity is None, fact.event.type) not in said for fact in second.facts)


def _orders(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Facts, the fills of one order together (same order id, instrument, side and day)."""
    groups: dict[object, list[Fact]] = defaultdict(list)
    for fact in facts:
        event, order = fact.event, fact.event.order
        key: object = event.id
        if event.type in ORDER_TYPES and order is not None and order.id:
            mailed = fact.authenticity is not None
            key = (event.account, order.id, order.instrument, order.side, day_of(fact), mailed)
        groups[key].append(fact)
    return list(groups.values())


def _act(group: list[Fact], told_elsewhere: dict[str, tuple[Fact, ...]]) -> Act:
    first = group[0]
    event = first.event
    if event.type in ORDER_TYPES:
        event = msgspec.structs.replace(event, type="order.placed", order=_whole(group))
    others = [fact for one in group for fact in told_elsewhere.get(one.event.id, ())]
    return Act(event=event, time=time_of(first), day=day_of(first), broker=first.broker, facts=(*group, *others))


def _whole(group: list[Fact]) -> Order | None:
    orders = [fact.event.order for fact in group if fact.event.order is not None]
    if len(orders) < 2:
        return orders[0] if orders else None
    quantity, notional = _sum(order.quantity for order in orders), _sum(order.notional for order in orders)
    return msgspec.structs.replace(orders[0], quantity=quantity, notional=notional)


def _sum(values: Iterable[float | None]) -> float | None:
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _verdict(fact: Fact) -> Verdict | None:
    return fact.authenticity.verdict if fact.authenticity else None
