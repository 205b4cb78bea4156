"""The sources of a spray among the logins from one network, by the engine's own measure.

The engine keys a spray by address and by /24 (IPv6: /48), in windows of six hours, and weighs distinct accounts that
failed against those that succeeded (`kuraban.core.networks`). The same is done here with exact counts instead of
sketches: a source is an address or /24 that reached the engine's measure, and it was one in those windows alone.
"""

import ipaddress
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from kuraban.core.networks import FAILING_IN_SPRAY, NAMED_AT, WINDOW

ENTERED_AT = 2.0 / 0.9  # odds at which the engine puts a successful login into a spray: nine tenths of them, above 2
LEAST_FAILED = 3  # accounts; fewer are no spray to the engine either, whatever the odds
_BELOW = 0.8  # of the odds: the engine's sketches may have counted a little more than there was

AnyKey = int | str  # an address by its number, a network by its name


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
class Key:
    """An address or network. hot: windows whose logins are a spray's."""

    window: int = 0
    failed: _Recent = field(default_factory=_Recent)
    succeeded: _Recent = field(default_factory=_Recent)
    best: float = 0.0
    hot: set[int] = field(default_factory=set)

    def advance(self, window: int) -> None:
        """Let time pass up to a window."""
        if window > self.window:
            self.failed.advance(window - self.window)
            self.succeeded.advance(window - self.window)
            self.window = window

    def odds(self, usual: float, without: int) -> float:
        """For a spray here, without what one account did (nats). usual: the failing share everywhere."""
        failed, succeeded = (part.count(self.window, without) for part in (self.failed, self.succeeded))
        if failed < LEAST_FAILED:
            return 0.0
        rare, common = (1.0 - FAILING_IN_SPRAY) / (1.0 - usual), FAILING_IN_SPRAY / usual
        return failed * math.log(common) + succeeded * math.log(rare) - 3.0

    def note(self, odds: float) -> None:
        """The measure is reached: this window and the one before are a spray's."""
        self.best = max(self.best, odds)
        self.hot.update((self.window - 1, self.window))


def network_of(address: str) -> str:
    """The /24 of an address, of an IPv6 one the /48. Raises ValueError for what is none."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


def weighed(logins: Logins, nets: list[str], fallen: set[int], usual: float, day: int) -> dict[AnyKey, Key]:
    """Every key with its odds as the engine had them, login after login; hot where they reached its measure."""
    keys: dict[AnyKey, Key] = {}
    first = day // WINDOW
    for time, account, address, success in logins.in_time():
        window = time // WINDOW
        for name in (address, nets[address]):
            key = keys.setdefault(name, Key(window))
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


def chosen(logins: Logins, names: list[str], nets: list[str], keys: dict[AnyKey, Key]) -> dict[AnyKey, int]:
    """The hot keys with the accounts that failed there; a network only where more than its hot addresses made it so."""
    failed: dict[AnyKey, set[int]] = {}
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
