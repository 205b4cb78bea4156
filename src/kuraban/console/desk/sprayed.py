"""The logins from a network told apart: its spray's, and what its everyday customers do.

A network (an autonomous system) may be a carrier with half of all customers behind it, so a login from it says nothing.
What counts are failures from the spray's sources (`sources`) while they were sources, and what belongs to them.
"""

from collections import Counter
from typing import NamedTuple

import msgspec

from kuraban.console.desk.sources import AnyKey, Logins, chosen, network_of, weighed
from kuraban.core.networks import WINDOW

MOST_ADDRESSES = 50
MOST_POINTS = 200
_MINUTE = 60_000_000


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


def counted(
    logins: Logins, members: set[str], usual: float, stretch: tuple[int, int], day: int, events: int, whole: bool
) -> Count:
    """Tell the logins of a network apart. members: accounts with an alert of the spray. usual: the failing share
    everywhere. stretch: of event time; day: when the spray's own day begins, all in µs since 1970."""
    fallen = {number for name, number in logins.accounts.items() if name in members}
    names = list(logins.addresses)
    nets = [network_of(name) for name in names]
    keys = weighed(logins, nets, fallen, usual, day)
    picked = chosen(logins, names, nets, keys)
    parts = _Parts(fallen)
    for time, account, address, success in logins.in_time():
        window = time // WINDOW
        inside = any(window in keys[key].hot for key in (address, nets[address]) if key in picked)
        parts.add(time, account, address, success, inside)
    sources = [Source(_name(key, names), round(keys[key].best, 2), failed) for key, failed in picked.items()]
    sources.sort(key=lambda source: (-source.failed, source.name))
    return parts.count(stretch, events, whole, sources, names)


def _name(key: AnyKey, names: list[str]) -> str:
    return names[key] if isinstance(key, int) else key


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
