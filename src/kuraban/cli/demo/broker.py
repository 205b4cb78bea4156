"""The simulated broker obeys: what a decision stops does not happen, and what it asks for is asked.

The recording of the simulator says what owners and thieves do where nobody stops them. Played against a live server,
an event happens unless a decision has made it impossible:

- `lock` ends everything of the thief's in that account, orders still working and withdrawals not yet paid included,
  until the recording has the broker replace the credentials: he may have stolen new ones after that;
- `hold` ends that act (of a login: its session), and the broker telephones: half an hour later the owner says that it
  was not he, and his credentials are replaced, which works like a lock. To an owner's own act he says that it was;
- `challenge` is asked. Owners pass it, and thieves who can; for others the act and the rest of the session are over.
  Where the recording's broker asks for a second factor at that login anyway, that answer counts;
- a decision without an event does something only where it is a lock.

What is *lost* are purchases that were executed and withdrawals that were paid; *stopped* are those of the recording
that did not come to pass. A purchase is not all lost (the shares are there, at a price that falls again), so both are
upper bounds of the damage. Doubts are settled for the thief: that a sale was held does not count against the purchase
it would have paid for. Owners live on as recorded, also where a theft did not happen; only the books of the robbed
(`account.snapshot`) and the notices of what did not happen are left out.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kuraban.cli.demo.ingredients import Ingredients
from kuraban.cli.demo.world import JST, Moment, Takeover, World
from kuraban.core.policy import ACTIONS, CHALLENGE
from kuraban.decisions import Decision
from kuraban.events import Event

HOLD, LOCK = ACTIONS.index("hold"), ACTIONS.index("lock")
CALL_BACK = timedelta(minutes=30)
ANSWER = timedelta(milliseconds=1)  # an answer to a challenge comes before what follows in the session
DEFAULT_METHOD = "sms_otp"


@dataclass(slots=True)
class _Account:
    """An account that is, or has been, in a thief's hands."""

    taken: int = -1  # the takeover under way
    out: bool = False  # the thief is: locked, or his credentials are worth nothing any more
    sessions: set[str | None] = field(default_factory=set)  # he is refused in these
    orders: set[str | None] = field(default_factory=set)  # that never were
    events: set[str] = field(default_factory=set)  # that did not happen
    payments: Counter[tuple[float | None, str | None]] = field(default_factory=Counter)  # that will not leave
    spared: bool = False  # something of the theft did not come to pass


@dataclass(slots=True)
class Friction:
    """What innocent owners met: account-days and decisions by action."""

    days: set[tuple[str, Any]] = field(default_factory=set)
    held_days: set[tuple[str, Any]] = field(default_factory=set)
    decisions: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Named:
    """A ring or a spray: when it was first named, and the accounts of decisions above allow that name it."""

    first: datetime
    accounts: set[str] = field(default_factory=set)


class Broker:
    """Keeps what happened and what did not. Events of one account have to be given in their order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts: dict[str, _Account] = {t.account: _Account() for t in world.takeovers}
        self._calls: list[tuple[datetime, str]] = []
        self._held: dict[str, list[str]] = {}
        self.seen = Ingredients(world.takeovers)
        self.friction = Friction()
        self.groups: dict[str, Named] = {}  # rings and sprays
        self.signals: Counter[str] = Counter()  # what spoke against thieves whose acts were challenged, held or locked

    # ---- before an event is sent ---------------------------------------------------------------------------------

    def happens(self, moment: Moment) -> bool:
        """Whether it comes to pass; counts what is lost and what is stopped."""
        happens = self._comes_to_pass(moment)
        if happens:
            self.seen.see(moment)
        return happens

    def _comes_to_pass(self, moment: Moment) -> bool:
        account = self._accounts.get(moment.account)
        if account is None:
            return True
        if moment.thief < 0:
            return self._other(account, moment)
        takeover = self._world.takeovers[moment.thief]
        event = moment.event()
        account.taken = moment.thief
        takeover.first = takeover.first or moment.time
        happens = not (account.out or (event.session is not None and event.session in account.sessions))
        if happens and event.type in ("order.executed", "order.cancelled"):
            happens = event.order is None or event.order.id not in account.orders
        if event.type == "withdrawal.paid" and account.payments[_payment(event)] > 0:
            account.payments[_payment(event)] -= 1
            happens = False
        _count(takeover, event, happens)
        if not happens:
            _undo(account, event)
        return happens

    def _other(self, account: _Account, moment: Moment) -> bool:
        if moment.kind == "account.snapshot":
            return not account.spared
        if moment.kind == "notice.sent":
            return account.events.isdisjoint(moment.event().about or ())
        if moment.kind in ("order.cancelled", "order.executed"):
            order = moment.event().order
            return order is None or order.id not in account.orders
        if moment.kind == "credentials.reset":
            account.out = False
            account.sessions.clear()
        return True

    # ---- after it was answered -----------------------------------------------------------------------------------

    def answered(self, moment: Moment, decision: Decision) -> list[bytes]:
        """Do what the decision says; returns events that follow from it at once."""
        self._name(decision)
        rank = ACTIONS.index(decision.action)
        account = self._accounts.get(moment.account)
        if moment.thief < 0:
            if rank >= CHALLENGE and (account is None or account.taken < 0):
                self._bother(moment.account, moment.time, rank)
        else:
            self._met(self._world.takeovers[moment.thief], moment.time, rank, decision)
        if rank == CHALLENGE:
            return self._challenged(moment, account)
        if rank >= HOLD:
            self._called(moment)
            if moment.thief >= 0 and account is not None:
                _refuse(account, moment.event(), session=moment.kind == "login.succeeded")
                account.out |= rank == LOCK
        return []

    def told(self, decision: Decision) -> None:
        """A decision without an event: evidence from elsewhere."""
        self._name(decision)
        if decision.action != "lock":
            return
        account = self._accounts.get(decision.account)
        when = datetime.fromisoformat(decision.time)
        if account is None or account.taken < 0:
            self._bother(decision.account, when, LOCK)
            return
        account.out = account.spared = True
        self._met(self._world.takeovers[account.taken], when, LOCK, decision)

    def _name(self, decision: Decision) -> None:
        """Note the ring or spray a decision names."""
        if decision.group is not None and decision.action != "allow":
            first = datetime.fromisoformat(decision.time)
            self.groups.setdefault(decision.group, Named(first)).accounts.add(decision.account)

    def _met(self, takeover: Takeover, when: datetime, rank: int, decision: Decision) -> None:
        takeover.met = max(takeover.met, rank)
        if rank >= CHALLENGE:
            takeover.answered = takeover.answered or when
            self.signals.update(reason.signal for reason in decision.reasons if reason.weight > 0)

    def _bother(self, account: str, when: datetime, rank: int) -> None:
        day = (account, when.astimezone(JST).date())
        self.friction.days.add(day)
        if rank >= HOLD:
            self.friction.held_days.add(day)
        self.friction.decisions[ACTIONS[rank]] += 1

    def _challenged(self, moment: Moment, account: _Account | None) -> list[bytes]:
        event = moment.event()
        asked_anyway = event.id in self._world.questions
        passes = moment.thief < 0 or self._world.takeovers[moment.thief].passes
        if not passes and account is not None and not asked_anyway:
            _refuse(account, event, session=True)
        if asked_anyway:
            return []
        groups: dict[str, Any] = {"auth": {"method": self._world.methods.get(moment.account, DEFAULT_METHOD)}}
        if event.session is not None:
            groups["session"] = event.session
        if event.client is not None:
            groups["client"] = msgspec.to_builtins(event.client)
        kind = "challenge.passed" if passes else "challenge.failed"
        return [_line(f"{event.id}-asked", moment.time + ANSWER, moment.account, kind, groups)]

    def _called(self, moment: Moment) -> None:
        held = self._held.setdefault(moment.account, [])
        if not held:
            self._calls.append((moment.time + CALL_BACK, moment.account))
        held.append(moment.event().id)

    # ---- calls ---------------------------------------------------------------------------------------------------

    def calls(self, now: datetime) -> Iterator[tuple[str, list[bytes]]]:
        """Owners reached by telephone by now: the account, and what they say as events."""
        while self._calls and self._calls[0][0] <= now:
            when, name = self._calls.pop(0)
            about = self._held.pop(name)
            account = self._accounts.get(name)
            theft = account is not None and account.taken >= 0
            kind = "owner.denied" if theft else "owner.confirmed"
            lines = [_line(f"{about[0]}-called", when, name, kind, {"about": about})]
            if theft and account is not None:
                account.out = True
                lines.append(_line(f"{about[0]}-reset", when + ANSWER, name, "credentials.reset", {}))
            yield name, lines


def _line(name: str, time: datetime, account: str, kind: str, groups: dict[str, Any]) -> bytes:
    event = {"id": name, "time": time.isoformat(), "account": account, "type": kind, **groups}
    return msgspec.json.encode(event)


def loot(event: Event) -> float:
    """Yen that leave by a thief's event: a purchase that is executed, a withdrawal that is paid."""
    if event.type == "order.executed" and event.order is not None and event.order.side == "buy":
        return event.order.notional or 0.0
    if event.type == "withdrawal.paid" and event.cash is not None:
        return event.cash.amount or 0.0
    return 0.0


def _count(takeover: Takeover, event: Event, happens: bool) -> None:
    value = loot(event)
    takeover.wanted += value
    if happens:
        takeover.lost += value
    else:
        takeover.stopped += value


def _refuse(account: _Account, event: Event, *, session: bool) -> None:
    """An act does not take effect, and where `session` neither does the rest of its session."""
    if session and event.session is not None:
        account.sessions.add(event.session)
    _undo(account, event)


def _undo(account: _Account, event: Event) -> None:
    account.spared = True
    account.events.add(event.id)
    if event.type == "order.placed" and event.order is not None and event.order.id is not None:
        account.orders.add(event.order.id)
    elif event.type == "withdrawal.requested":
        account.payments[_payment(event)] += 1


def _payment(event: Event) -> tuple[float | None, str | None]:
    return (event.cash.amount, event.cash.destination) if event.cash is not None else (None, None)
