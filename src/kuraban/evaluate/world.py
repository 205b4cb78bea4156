"""What truly happened: the accounts and their days, the takeovers and the attacker's acts, from events and truth.

Definitions used everywhere in the evaluation:

- An *account-day* is an account on a calendar day in Japan, from the day of the account's first event to the last day
  of the stream, whether or not anything happened on it.
- A *takeover* is one line of truth. It starts with the attacker's first event. Its account stays compromised until
  the first `credentials.reset` after the attacker's last event, the next takeover of that account, or the end of the
  stream. Days of that time are not innocent; those with an event of the attacker are *attacked*, the rest *aftermath*.
- The days of such an account after the end of a takeover are *recovering*: its owner is back, and watched closely on
  purpose. Evaluations need worlds a hundred times richer in takeovers than life, so these days would crowd out all
  others where innocent days set a threshold. They are counted, and reported, by themselves.
- A *loss* is an attacker's `order.placed` that buys, or `withdrawal.requested`: from there money is gone. Selling,
  sweeping cash in and changing settings prepare a loss and are not one.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from kuraban.evaluate import files
from kuraban.evaluate.segments import Habits

RESET = "credentials.reset"
CHALLENGES = ("challenge.passed", "challenge.failed")
KNOWLEDGE = ("password", "trading_pin", "image")


class Act(msgspec.Struct, gc=False):
    """One event of an attacker; `value` is what it takes (buys, withdrawals), 0 for everything else."""

    id: str
    time: int
    type: str
    session: str | None
    value: float
    instrument: str | None
    loss: bool
    method: str | None


class Takeover(msgspec.Struct):
    """One takeover with the attacker's acts in time order, and the time (µs) until which it can be found."""

    account: str
    family: str
    campaign: str
    acts: list[Act]
    end: int = 0

    @property
    def start(self) -> int | None:
        """Time of the attacker's first act (µs); None when the stream has none of them."""
        return self.acts[0].time if self.acts else None

    @property
    def last(self) -> int:
        """Time of the attacker's last act (µs)."""
        return self.acts[-1].time

    @property
    def losses(self) -> list[Act]:
        """The acts by which money is lost."""
        return [act for act in self.acts if act.loss]

    @property
    def passes_challenges(self) -> bool | None:
        """Whether this thief is seen to pass a challenge, or only to fail; None where he met none.

        What a thief already knows with the password (`KNOWLEDGE`) is no challenge here: that he gives the trading PIN
        says nothing about a code sent to the owner's telephone.
        """
        met = [act.type for act in self.acts if act.type in CHALLENGES and act.method not in KNOWLEDGE]
        return "challenge.passed" in met if met else None

    @property
    def deadline(self) -> int | None:
        """Last moment (µs) at which an alert is in time: the first loss, or the last act where there is none."""
        if not self.acts:
            return None
        losses = self.losses
        return losses[0].time if losses else self.last

    def covers(self, time: int) -> bool:
        """Whether `time` lies between the attacker's first act and the end of the takeover."""
        return bool(self.acts) and self.acts[0].time <= time <= self.end


class World(msgspec.Struct):
    """A stream's accounts and takeovers.

    By an account's number in `accounts`: `first_day` of the account, `opening` and `closing`, the first and last day
    of its stream (several streams may be pooled into one world), and `habits`. `victim_events`: ids of all events on
    accounts that are taken over.
    """

    accounts: dict[str, int]
    first_day: NDArray[np.int64]
    opening: NDArray[np.int64]
    closing: NDArray[np.int64]
    habits: dict[int, Habits]
    takeovers: list[Takeover]
    events: int
    unreadable: files.Unreadable
    attacked: set[int]
    aftermath: set[int]
    recovering: set[int]
    victim_events: set[str]

    @property
    def days(self) -> NDArray[np.int64]:
        """Each account's days."""
        return self.closing - self.first_day + 1

    @property
    def account_days(self) -> int:
        """All account-days."""
        return int(self.days.sum())

    @property
    def innocent_days(self) -> int:
        """The account-days that are neither attacked nor aftermath nor recovering."""
        return self.account_days - len(self.touched)

    @property
    def touched(self) -> set[int]:
        """The account-days that are not innocent."""
        return self.attacked | self.aftermath | self.recovering


def key(account: int, day: int) -> int:
    """One number for an account-day."""
    return account << 24 | day


def keys(accounts: NDArray[np.int64], days: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same for arrays."""
    return accounts << 24 | days


def _act(event: files.Event) -> Act:
    order, cash = event.order, event.cash
    value, loss = 0.0, False
    if event.type == "order.placed" and order is not None and order.side == "buy":
        loss = True
        value = order.notional or (order.quantity or 0.0) * (order.price or 0.0)
    elif event.type == "withdrawal.requested":
        loss = True
        value = (cash.amount if cash is not None else None) or 0.0
    instrument = order.instrument if order is not None else None
    method = event.auth.method if event.auth is not None else None
    return Act(event.id, files.micros(event.time), event.type, event.session, value, instrument, loss, method)


def _close(takeovers: list[Takeover], resets: dict[str, list[int]], end: int) -> None:
    by_account: dict[str, list[Takeover]] = defaultdict(list)
    for takeover in takeovers:
        if takeover.acts:
            by_account[takeover.account].append(takeover)
    for account, own in by_account.items():
        own.sort(key=lambda takeover: takeover.acts[0].time)
        known = sorted(resets.get(account, []))
        for takeover, following in zip(own, [*own[1:], None], strict=True):
            at = bisect_left(known, takeover.last)
            takeover.end = known[at] if at < len(known) else end
            if following is not None:
                takeover.end = max(takeover.last, min(takeover.end, following.acts[0].time - 1))


def _days(takeovers: list[Takeover], accounts: dict[str, int], last: int) -> tuple[set[int], set[int], set[int]]:
    attacked: set[int] = set()
    compromised: set[int] = set()
    later: set[int] = set()
    for takeover in takeovers:
        account = accounts.get(takeover.account)
        if account is None or not takeover.acts:
            continue
        attacked.update(key(account, files.day(act.time)) for act in takeover.acts)
        through = range(files.day(takeover.acts[0].time), files.day(takeover.end) + 1)
        compromised.update(key(account, day) for day in through)
        later.update(key(account, day) for day in range(through.stop, last + 1))
    return attacked, compromised - attacked, later - compromised


def read_world(events: Iterable[Path], truth: Path) -> World:
    """Read a stream once, with its truth. Memory grows with the accounts and the attacker's events, not the stream."""
    unreadable = files.Unreadable()
    lines = list(files.read([truth], files.Truth, unreadable))
    owner_of = {event: number for number, line in enumerate(lines) for event in line.events}
    acts: list[dict[str, Act]] = [{} for _ in lines]
    victims = {line.account for line in lines}
    resets: dict[str, list[int]] = defaultdict(list)
    accounts: dict[str, int] = {}
    first_seen: list[int] = []
    victim_events: set[str] = set()
    habits: dict[int, Habits] = {}
    last, count = 0, 0
    for event in files.read(events, files.Event, unreadable):
        count += 1
        time = files.micros(event.time)
        last = max(last, time)
        number = accounts.setdefault(event.account, len(accounts))
        if number == len(first_seen):
            first_seen.append(time)
            habits[number] = Habits()
        elif time < first_seen[number]:
            first_seen[number] = time
        if event.account in victims:
            victim_events.add(event.id)
            if event.id in owner_of:
                acts[owner_of[event.id]].setdefault(event.id, _act(event))
                continue
            if event.type == RESET:
                resets[event.account].append(time)
        habits[number].learn(event)
    takeovers = [
        Takeover(line.account, line.family, line.campaign or "", sorted(own.values(), key=lambda act: act.time))
        for line, own in zip(lines, acts, strict=True)
    ]
    _close(takeovers, resets, last)
    attacked, aftermath, recovering = _days(takeovers, accounts, files.day(last))
    first_day = (np.asarray(first_seen, dtype=np.int64) + files.JST) // files.DAY
    opening = np.full_like(first_day, first_day.min() if len(first_day) else 0)
    closing = np.full_like(first_day, files.day(last))
    return World(
        accounts,
        first_day,
        opening,
        closing,
        habits,
        takeovers,
        count,
        unreadable,
        attacked,
        aftermath,
        recovering,
        victim_events,
    )
