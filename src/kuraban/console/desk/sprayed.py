"""Which logins from a network are its spray: the failures that the engine counted as one, and what belongs to them.

A network (an autonomous system) may be a carrier with half of all customers behind it, so a login from it says nothing.
The engine keys a spray by address and by /24 (IPv6: /48), in windows of six hours, and weighs distinct accounts that
failed against those that succeeded (`kuraban.core.networks`). The same is done here with exact counts instead of
sketches: a source is an address or /24 that reached the engine's measure, and its logins count in those windows alone.
"""

import ipaddress
import math
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from kuraban.core.networks import FAILING_IN_SPRAY, NAMED_AT, WINDOW

ENTERED_AT = 2.0 / 0.9  # odds at which the engine puts a successful login into a spray: nine tenths of them, above 2
LEAST_FAILED = 3  # accounts; fewer are no spray to the engine either, whatever the odds
MOST_ADDRESSES = 50
MOST_POINTS = 200
_MINUTE = 60_000_000
_BELOW = 0.8  # of the odds: the engine's sketches may have counted a little more than there was

FAILED, AFTER, FELL, ORDINARY = PARTS = ("failed", "after", "fell", "ordinary")


class Source(NamedTuple):
    """An address or a network of addresses that was a spray's. odds: the highest, in nats. failed: accounts."""

    name: str
    odds: float
    failed: int


class Address(NamedTuple):
    """One address: failed logins, and accounts that failed, logged in after having failed, fell, or did neither."""

    address: str
    failures: int
    failed: int
    after: int
    fell: int
    ordinary: int


class Point(NamedTuple):
    """Logins in one stretch from `at` (µs since 1970) on. entered: after a failure, or into an account that fell."""

    at: int
    failed: int
    entered: int


class Count(msgspec.Struct):
    """What was found, of event time `since` to `until`. events: how many were looked through; whole: whether that was
    all. failures: failed logins from the sources; failed: accounts with one; after: of those, the ones that logged in
    there afterwards and are not the spray's; fell: accounts with an alert of it that logged in there; ordinary: other
    accounts that logged in there without failing. elsewhere, elsewhere_failed: accounts that logged in, and failed,
    from the rest of the same network; fell_at_once: of the
    fallen, those without a failure there. Only addresses with a failure or a fallen account are listed."""

    since: int
    until: int
    events: int
    whole: bool
    sources: list[Source]
    failures: int
    failed: int
    after: int
    fell: int
    fell_at_once: int
    ordinary: int
    elsewhere: int
    elsewhere_failed: int
    addresses: list[Address]
    more_addresses: int
    points: list[Point]

    @property
    def tried(self) -> int:
        """Accounts the list was tried on: those that failed, and those that were entered at the first try."""
        return self.failed + self.fell_at_once


class Logins:
    """Logins in small: (time, account, address, whether it succeeded), accounts and addresses by number."""

    def __init__(self) -> None:
        self.accounts: dict[str, int] = {}
        self.addresses: dict[str, int] = {}
        self._columns = array("q"), array("l"), array("l"), array("b")

    def add(self, time: int, account: str, address: str, success: bool) -> None:
        """One more, in any order."""
        row = (
            time,
            self.accounts.setdefault(account, len(self.accounts)),
            self.addresses.setdefault(address, len(self.addresses)),
            success,
        )
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def __len__(self) -> int:
        return len(self._columns[0])

    def in_time(self) -> Iterator[tuple[int, int, int, bool]]:
        """All of them in the order of time."""
        times, accounts, addresses, succeeded = self._columns
        for n in sorted(range(len(times)), key=times.__getitem__):
            yield times[n], accounts[n], addresses[n], bool(succeeded[n])


class _Recent:
    """Distinct accounts of a window and the one before."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._now = self._before = 0

    def advance(self, steps: int) -> None:
        self._before, self._now = (self._now if steps == 1 else 0), 0

    def add(self, account: int, window: int) -> None:
        last = self._last.get(account, -9)
        if last != window:
            self._before -= last == window - 1
            self._now += 1
            self._last[account] = window

    def count(self, window: int, without: int) -> int:
        return self._now + self._before - (self._last.get(without, -9) >= window - 1)


@dataclass
class _Key:
    """An address or network. hot: windows whose logins are a spray's."""

    window: int = 0
    failed: _Recent = field(default_factory=_Recent)
    succeeded: _Recent = field(default_factory=_Recent)
    best: float = 0.0
    hot: set[int] = field(default_factory=set)

    def advance(self, window: int) -> None:
        if window > self.window:
            self.failed.advance(window - self.window)
            self.succeeded.advance(window - self.window)
            self.window = window

    def odds(self, usual: float, without: int) -> float:
        failed, succeeded = (part.count(self.window, without) for part in (self.failed, self.succeeded))
        if failed < LEAST_FAILED:
            return 0.0
        rare, common = (1.0 - FAILING_IN_SPRAY) / (1.0 - usual), FAILING_IN_SPRAY / usual
        return failed * math.log(common) + succeeded * math.log(rare) - 3.0

    def note(self, odds: float) -> None:
        self.best = max(self.best, odds)
        self.hot.update((self.window - 1, self.window))


def network_of(address: str) -> str:
    """The /24 of an address, of an IPv6 one the /48. Raises ValueError for what is none."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


def counted(
    logins: Logins, members: set[str], usual: float, stretch: tuple[int, int], day: int, events: int, whole: bool
) -> Count:
    """Tell the logins of a network apart. members: accounts with an alert of the spray. usual: the failing share
    everywhere. stretch: of event time; day: when the spray's own day begins, all in µs since 1970."""
    fallen = {number for name, number in logins.accounts.items() if name in members}
    names = list(logins.addresses)
    nets = [network_of(name) for name in names]
    keys = _weighed(logins, nets, fallen, usual, day)
    chosen = _sources(logins, names, nets, keys)
    parts = _Parts(fallen)
    for time, account, address, success in logins.in_time():
        window = time // WINDOW
        inside = any(window in keys[key].hot for key in (address, nets[address]) if key in chosen)
        parts.add(time, account, address, success, inside)
    sources = [Source(_name(key, names), round(keys[key].best, 2), failed) for key, failed in chosen.items()]
    sources.sort(key=lambda source: (-source.failed, source.name))
    return parts.count(stretch, events, whole, sources, names)


_AnyKey = int | str  # an address by its number, a network by its name


def _name(key: _AnyKey, names: list[str]) -> str:
    return names[key] if isinstance(key, int) else key


def _weighed(logins: Logins, nets: list[str], fallen: set[int], usual: float, day: int) -> dict[_AnyKey, _Key]:
    """Every key with its odds as the engine had them, login after login; hot where they reached its measure."""
    keys: dict[_AnyKey, _Key] = {}
    first = day // WINDOW
    for time, account, address, success in logins.in_time():
        window = time // WINDOW
        for name in (address, nets[address]):
            key = keys.setdefault(name, _Key(window))
            key.advance(window)
            if success:
                odds = key.odds(usual, account)
                least = ENTERED_AT * _BELOW if account in fallen else ENTERED_AT
                if odds > least and (account in fallen or window >= first):
                    key.note(odds)
                key.succeeded.add(account, window)
            else:
                key.failed.add(account, window)
                odds = key.odds(usual, -1)
                if odds >= NAMED_AT and window >= first:
                    key.note(odds)
    return keys


def _sources(logins: Logins, names: list[str], nets: list[str], keys: dict[_AnyKey, _Key]) -> dict[_AnyKey, int]:
    """The hot keys with the accounts that failed there; a network only where more than its hot addresses made it so."""
    failed: dict[_AnyKey, set[int]] = {}
    beside: dict[str, set[int]] = {}
    for time, account, address, success in logins.in_time():
        window, net = time // WINDOW, nets[address]
        if success:
            continue
        here = window in keys[address].hot
        if here:
            failed.setdefault(address, set()).add(account)
        if window in keys[net].hot:
            failed.setdefault(net, set()).add(account)
            if not here:
                beside.setdefault(net, set()).add(account)
    return {
        key: len(accounts)
        for key, accounts in failed.items()
        if isinstance(key, int) or len(beside.get(key, ())) >= LEAST_FAILED
    }


class _Parts:
    """Adds logins up, told apart."""

    def __init__(self, fallen: set[int]):
        self._fallen = fallen
        self._failures: Counter[int] = Counter()
        self._failed: dict[int, set[int]] = {}
        self._entered: dict[int, set[int]] = {}
        self._ever_failed: set[int] = set()
        self._after: set[int] = set()
        self._elsewhere: tuple[set[int], set[int]] = (set(), set())
        self._minutes: tuple[Counter[int], Counter[int]] = (Counter(), Counter())

    def add(self, time: int, account: int, address: int, success: bool, inside: bool) -> None:
        """One login, in the order of time; inside: whether it came from a source while it was one."""
        if not inside:
            self._elsewhere[success].add(account)
        elif not success:
            self._failures[address] += 1
            self._failed.setdefault(address, set()).add(account)
            self._ever_failed.add(account)
            self._minutes[0][time // _MINUTE] += 1
        else:
            self._entered.setdefault(address, set()).add(account)
            if account in self._ever_failed:
                self._after.add(account)
            if account in self._ever_failed or account in self._fallen:
                self._minutes[1][time // _MINUTE] += 1

    def count(
        self, stretch: tuple[int, int], events: int, whole: bool, sources: list[Source], names: list[str]
    ) -> Count:
        """All of it."""
        entered = set().union(*self._entered.values())
        fell, after = entered & self._fallen, self._after - self._fallen
        ordinary = entered - self._ever_failed - fell
        mine = entered | self._ever_failed
        rows = [self._row(address, names[address]) for address in {*self._failed, *self._entered}]
        rows = sorted((row for row in rows if row.failures or row.fell), key=lambda row: (-row.failed, row.address))
        return Count(
            *stretch,
            events=events,
            whole=whole,
            sources=sources,
            failures=self._failures.total(),
            failed=len(self._ever_failed),
            after=len(after),
            fell=len(fell),
            fell_at_once=len(fell - self._ever_failed),
            ordinary=len(ordinary),
            elsewhere=len(self._elsewhere[1] - mine),
            elsewhere_failed=len(self._elsewhere[0] - mine),
            addresses=rows[:MOST_ADDRESSES],
            more_addresses=max(0, len(rows) - MOST_ADDRESSES),
            points=self._points(),
        )

    def _row(self, address: int, name: str) -> Address:
        failed, entered = self._failed.get(address, set()), self._entered.get(address, set())
        fell, after = entered & self._fallen, entered & self._after - self._fallen
        rest = len(entered - self._ever_failed - fell)
        return Address(name, self._failures[address], len(failed), len(after), len(fell), rest)

    def _points(self) -> list[Point]:
        failed, entered = self._minutes
        if not failed and not entered:
            return []
        first, last = min({*failed, *entered}), max({*failed, *entered})
        step = max(1, -(-(last - first + 1) // MOST_POINTS))
        sums = [Counter[int](), Counter[int]()]
        for part, found in zip((failed, entered), sums, strict=True):
            for minute, n in part.items():
                found[(minute - first) // step] += n
        places = range((last - first) // step + 1)
        return [Point((first + n * step) * _MINUTE, sums[0][n], sums[1][n]) for n in places]
