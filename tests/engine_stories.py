"""Owners, thieves and their events as the contract writes them, told to a real engine and answered by its decisions.

`broker()` is an engine that has watched 300 simulated owners for a month; every test tells its story to a copy of what
it knows then, so no story hears of another.
"""

import copy
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from kuraban import events
from kuraban.core import engine
from kuraban.core.policy import ACTIONS
from kuraban.core.profile import SCALE
from kuraban.core.signals import ids
from kuraban.replay import Replay
from kuraban.sim.simulate import simulate

Event = dict[str, Any]

JST = timezone(timedelta(hours=9))
TODAY = datetime(2025, 4, 22, tzinfo=JST)  # a Tuesday, after the simulated month

# Instruments of the stories: code, names, market, currency, price, average daily value.
LARGE = tuple(f"L{n}.T" for n in range(1, 31))
THIN = tuple(f"T{n}.T" for n in range(1, 10))
CHINESE = ("H1.HK", "H2.HK")
FUND, OTHER_FUND, LISTING = "FUND1", "FUND2", "N1.T"
_INSTRUMENTS = (
    *((code, f"大型{code}", f"Large {code}", "XTKS", "JPY", 2_500, 30_000_000_000) for code in LARGE),
    *((code, f"薄商い{code}", f"Thin {code}", "XTKS", "JPY", 84, 12_000_000) for code in THIN),
    *((code, f"中国株{code}", f"Chinese {code}", "XHKG", "HKD", 1.4, 15_000_000) for code in CHINESE),
    (FUND, "全世界株式", "World Equity", "", "JPY", 24_000, ""),
    (OTHER_FUND, "先進国債券", "World Bonds", "", "JPY", 11_000, ""),
    (LISTING, "新規上場", "Newly Listed", "XTKS", "JPY", 1_800, 5_000_000_000),
)

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.{} "
    "Mobile/15E148 Safari/604.1"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/135.0.0.0 Mobile Safari/537.36"
)
FIREFOX_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass(frozen=True)
class Client:
    """Where an act comes from."""

    ip: str
    user_agent: str
    device: str | None
    channel: str = "web"
    rtt_ms: float | None = 18.0

    def group(self) -> dict[str, Any]:
        """The event's `client`."""
        return {k: v for k, v in vars(self).items() if v is not None}


HOME_PC = Client("118.7.200.221", CHROME.format(135), "pc-of-the-owner")
OFFICE_MOBILE = Client("1.72.160.63", SAFARI.format(3, 3), "phone-of-the-owner", rtt_ms=60.0)
SINGAPORE = Client("139.59.100.3", CHROME.format(134), "unseen-device-1", rtt_ms=220.0)
SHANGHAI = Client("101.80.1.2", CHROME.format(133), "unseen-device-2", rtt_ms=180.0)
JAPANESE_PROXY = Client("126.205.1.2", CHROME.format(135), "unseen-device-3", rtt_ms=190.0)
HAWAII = Client("72.130.1.1", SAFARI.format(3, 3), "phone-of-the-owner", rtt_ms=130.0)
AGGREGATOR = Client("160.16.241.94", "Apache-HttpClient/5.3.1 (Java/17.0.13)", None, "api", 12.0)

_numbers = count()


def at(day: float, clock: str = "10:00") -> datetime:
    """A time in Japan: days from TODAY, and HH:MM or HH:MM:SS."""
    hour, minute, *second = (int(part) for part in clock.split(":"))
    return TODAY + timedelta(days=day, hours=hour, minutes=minute, seconds=second[0] if second else 0)


def event(account: str, when: datetime, type_: str, **groups: Any) -> Event:
    """One event with an id of its own."""
    return {
        "id": f"story-{next(_numbers)}",
        "time": when.isoformat(),
        "account": account,
        "type": type_,
        **{name: group for name, group in groups.items() if group is not None},
    }


@dataclass(frozen=True)
class Visit:
    """Somebody in an account: what he does carries his session and his client."""

    account: str
    session: str
    client: Client | None

    def does(self, when: datetime, type_: str, **groups: Any) -> Event:
        """Any act of the session."""
        client = self.client.group() if self.client else None
        return event(self.account, when, type_, session=self.session, client=client, **groups)

    def moves_to(self, client: Client) -> "Visit":
        """The same session, seen from elsewhere."""
        return replace(self, client=client)

    def login(self, when: datetime, method: str = "password") -> Event:
        """A successful login."""
        return self.does(when, "login.succeeded", auth={"method": method})

    def passes(self, when: datetime, method: str) -> Event:
        """A second factor passed."""
        return self.does(when, "challenge.passed", auth={"method": method})

    def sells(self, when: datetime, instrument: str, yen: float, **order: Any) -> Event:
        """A sale."""
        return self._order(when, "sell", instrument, yen, order)

    def buys(self, when: datetime, instrument: str, yen: float, **order: Any) -> Event:
        """A purchase."""
        return self._order(when, "buy", instrument, yen, order)

    def _order(self, when: datetime, side: str, instrument: str, yen: float, more: dict[str, Any]) -> Event:
        price = PRICES.get(instrument, 1_000)
        order = {
            "id": f"order-{next(_numbers)}",
            "instrument": instrument,
            "side": side,
            "kind": "stock",
            "quantity": max(1, round(yen / price)),
            "price": price,
            "notional": yen,
            **more,
        }
        return self.does(when, "order.placed", order=order)

    def changes(self, when: datetime, name: str, to: str | None = None) -> Event:
        """A setting changed."""
        return self.does(when, "setting.changed", setting={"name": name, **({"to": to} if to else {})})

    def withdraws(self, when: datetime, yen: float, destination: str = "bank-of-the-owner") -> Event:
        """A withdrawal requested."""
        return self.does(when, "withdrawal.requested", cash={"amount": yen, "destination": destination})

    def sweeps(self, when: datetime, yen: float) -> Event:
        """A pull over the bank link."""
        return self.does(when, "cash.swept", cash={"amount": yen})


def visit(account: str, client: Client | None = HOME_PC) -> Visit:
    """A new session."""
    return Visit(account, f"session-{next(_numbers)}", client)


def snapshot(account: str, when: datetime, positions: dict[str, float], cash: float, **more: float) -> Event:
    """The account's holdings as the broker's books show them."""
    rows = [{"instrument": name, "value": value} for name, value in positions.items()]
    return event(account, when, "account.snapshot", holdings={"cash": cash, "positions": rows, **more})


PRICES = {code: price for code, _, _, _, _, price, _ in _INSTRUMENTS}
PORTFOLIO = dict.fromkeys(LARGE[:10], 900_000.0)  # ¥9M in ten large names


def trader(account: str, days: int = 90, every: int = 2, client: Client = HOME_PC, *, until: int = 0) -> list[Event]:
    """A private investor: looks every few days, now and then buys a large name he knows or a new one, sells a little.

    Ends `until` days from TODAY with ¥9M in ten names and ¥1M in cash.
    """
    told: list[Event] = [snapshot(account, at(until - days, "03:00"), PORTFOLIO, 1_000_000, linked_cash=0)]
    for n, day in enumerate(range(until - days, until, every)):
        here = visit(account, client)
        clock = ("09:20", "12:15", "20:40")[n % 3]
        told.append(here.login(at(day, clock)))
        if n % 4 == 1:
            told.append(here.buys(at(day, clock) + timedelta(minutes=4), LARGE[n % 12], 150_000 + 10_000 * (n % 5)))
        if n % 8 == 5:
            told.append(here.sells(at(day, clock) + timedelta(minutes=5), LARGE[n % 10], 120_000))
    told.append(snapshot(account, at(until, "03:00"), PORTFOLIO, 1_000_000, linked_cash=0))
    return told


def saver(account: str, days: int = 400, last_login: int = 60) -> list[Event]:
    """A fund saver: ¥50,000 a month by a standing plan; logged in only in the first `last_login` days."""
    told = [visit(account).login(at(day, "21:00")) for day in range(-days, -days + last_login, 15)]
    for month in range(days // 30):
        when = at(-days + 30 * month, "08:00")
        plan = {"instrument": FUND, "side": "buy", "kind": "fund", "notional": 50_000, "recurring": True}
        told.append(event(account, when, "order.placed", client={"channel": "batch"}, order=plan))
        told.append(event(account, when + timedelta(hours=8), "order.executed", order=plan))
    told.append(snapshot(account, at(0, "03:00"), {FUND: 3_400_000}, 120_000, linked_cash=0))
    return sorted(told, key=lambda e: str(e["time"]))


@dataclass(frozen=True)
class Heard:
    """A decision: as the contract writes it, and its evidence by signal (nats)."""

    event: str | None
    account: str
    probability: float
    exposure: float
    action: str
    group: str | None
    reasons: tuple[dict[str, Any], ...]
    weights: dict[str, float]

    @property
    def severity(self) -> int:
        """0 allow, 1 notify, 2 challenge, 3 hold, 4 lock."""
        return ACTIONS.index(self.action)

    def words(self, language: str) -> str:
        """All reasons in one language, joined."""
        return " / ".join(reason[language] for reason in self.reasons)

    def signals(self) -> list[str]:
        """Which signals the reasons are of, heaviest first."""
        return [reason["signal"] for reason in self.reasons]


class Broker:
    """An engine to tell events to. What it is told is remembered until `copy` takes another way."""

    def __init__(self, replay: Replay, state: engine.State):
        self.replay = replay
        self._state = state

    def copy(self) -> "Broker":
        """Another broker that knows the same; the two share names only."""
        return Broker(self.replay, copy.deepcopy(self._state))

    def hears(self, told: Iterable[Event]) -> list[Heard]:
        """Take events in, as they come; every decision they lead to, in order."""
        rows = self.replay.reader.event_rows([events.from_mapping(each) for each in told])
        self.replay.state = self._state
        found = self.replay.decide(rows)
        self._state = self.replay.state
        lines = self.replay.lines(rows, found, everything=True)
        return [_heard(msgspec.json.decode(line), row) for line, row in zip(lines, found, strict=True)]

    def decides(self, told: Event) -> Heard:
        """The decision on one event."""
        (found,) = [heard for heard in self.hears([told]) if heard.event == told["id"]]
        return found

    def profile(self, account: str) -> Any:
        """A copy of what is remembered of an account."""
        names = self.replay.reader.accounts
        code = next(code for code in range(len(names)) if names.name(code) == account)
        return self._state.profiles[code].copy()


def _heard(line: dict[str, Any], row: np.void) -> Heard:
    weights = {name: float(w) / SCALE for name, w in zip(ids.NAMES, row["weight"], strict=True) if w}
    return Heard(
        line["event"],
        line["account"],
        line["probability"],
        line["exposure"],
        line["action"],
        line["group"],
        tuple(line["reasons"]),
        weights,
    )


def world(folder: Path, accounts: int = 300, days: int = 30, attacks: int = 0) -> tuple[Path, Path]:
    """A simulated broker's events and its instruments with those of the stories appended."""
    simulate(
        folder, accounts=accounts, days=days, seed=5, attacks=attacks, start=datetime(2025, 3, 10, tzinfo=JST).date()
    )
    table = folder / "instruments.csv"
    with table.open("a", encoding="utf-8") as file:
        file.writelines(",".join(map(str, row)) + "\n" for row in _INSTRUMENTS)
    return folder / "events.jsonl", table


@cache
def _background() -> Broker:
    with tempfile.TemporaryDirectory() as folder:
        stream, table = world(Path(folder))
        replay = Replay(instruments=table)
        for _ in replay.read([stream]):
            pass
    return Broker(replay, replay.state)


def broker() -> Broker:
    """A broker that has watched 300 owners for a month."""
    return _background().copy()


@cache
def _with_owners(owners: Sequence[str]) -> Broker:
    known = broker()
    for name in owners:
        known.hears(trader(name) if name.startswith("trader") else saver(name))
    return known


def broker_of(*owners: str) -> Broker:
    """The same with owners it has known for months: `trader…` or `saver…`."""
    return _with_owners(owners).copy()


def minutes(start: datetime, step: float = 1.0) -> Iterator[datetime]:
    """start, start + step, … in minutes."""
    return (start + timedelta(minutes=step * n) for n in count())
