"""A year of one owner's brokerage accounts, with or without a thief: what happened, before any mail of it."""

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kuraban.home import businessdays

TOKYO = ZoneInfo("Asia/Tokyo")
START = date(2025, 1, 6)
DAYS = 365

JP = {
    "7203.T": ("トヨタ自動車", 2800), "8306.T": ("三菱UFJフィナンシャルG", 1900), "9432.T": ("日本電信電話", 152),
    "6758.T": ("ソニーグループ", 3500), "8411.T": ("みずほフィナンシャルG", 3900), "1605.T": ("INPEX", 1900),
    "9201.T": ("日本航空", 2600), "8001.T": ("伊藤忠商事", 7200), "2914.T": ("日本たばこ産業", 4000),
    "8058.T": ("三菱商事", 2600), "9433.T": ("KDDI", 2400), "4502.T": ("武田薬品工業", 4200),
    "6501.T": ("日立製作所", 3800), "7974.T": ("任天堂", 9500), "8766.T": ("東京海上HD", 5400),
    "1306.T": ("TOPIX連動型上場投信", 2900), "3382.T": ("セブン&アイHD", 2100), "5401.T": ("日本製鉄", 3100),
    "9020.T": ("東日本旅客鉄道", 2900), "6098.T": ("リクルートHD", 9000), "4689.T": ("LINEヤフー", 450),
    "9434.T": ("ソフトバンク", 210), "5020.T": ("ENEOS", 780), "8604.T": ("野村HD", 900),
}  # fmt: skip
US = {"VTI": ("バンガード・トータル", 290.0), "VOO": ("バンガードS&P500", 540.0), "AAPL": ("アップル", 220.0),
      "MSFT": ("マイクロソフト", 430.0), "NVDA": ("エヌビディア", 130.0), "KO": ("コカコーラ", 68.0)}  # fmt: skip
THIN = {"7992.T": ("セーラー万年筆", 105), "9610.T": ("ウィルソン・ラーニング", 84), "7063.T": ("バードマン", 96),
        "3350.T": ("レッド・プラネット", 62), "6731.T": ("ピクセラ", 41), "7647.T": ("音通", 44)}  # fmt: skip
CHINA = {"08096.HK": ("賞之味控股", 0.9), "01745.HK": ("陸慶控股", 1.2), "603779.SS": ("威龍葡萄酒", 9.8)}
FUNDS = ("eMAXIS Slim 全世界株式(オール・カントリー)", "eMAXIS Slim 米国株式(S&P500)")


@dataclass(frozen=True)
class Done:
    """One thing that happened. what: `login`, `trade`, `fund`, `withdrawal`, `setting`."""

    time: datetime
    broker: str
    what: str
    instrument: str = ""
    name: str = ""
    side: str = "buy"
    price: float = 0.0
    quantity: int = 0
    number: int = 0
    setting: str = ""
    to: str = ""
    thief: bool = False


@dataclass(frozen=True)
class Habit:
    """How an owner lives: visits and trades a month, how many names he trades in a sitting, and so on."""

    name: str
    brokers: tuple[str, ...] = ("rakuten",)
    visits: float = 4.0
    trades: float = 2.0
    most_names: int = 2
    new_name: float = 0.3
    us: float = 0.0
    low: float = 0.02
    margin: bool = False
    savings: tuple[int, ...] = (1,)
    withdrawals: tuple[int, ...] = ()
    occasional_withdrawals: int = 1
    settings: int = 1
    rebalances: int = 0


HABITS = (
    Habit("fund saver", visits=0.4, trades=0.0),
    Habit("seldom trader", visits=1.0, trades=0.3, settings=2),
    Habit("monthly investor", brokers=("rakuten", "sbi"), visits=5.0, trades=1.5, us=0.3),
    Habit("active trader", visits=18.0, trades=22.0, most_names=3, new_name=0.45, low=0.08, settings=2),
    Habit("day trader", visits=19.0, trades=120.0, most_names=6, new_name=0.35, low=0.12, margin=True, savings=()),
    Habit("rebalancer", brokers=("rakuten", "monex"), visits=2.0, trades=0.3, rebalances=4),
    Habit("pensioner", visits=3.0, trades=0.7, savings=(), withdrawals=(15,), occasional_withdrawals=0),
    Habit("US investor", visits=6.0, trades=3.0, us=0.85, new_name=0.4, occasional_withdrawals=2),
)


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A time of day in Tokyo."""
    return datetime.combine(day, time(hour, minute, second), TOKYO)


class Life:
    """Draws one year. The same habit and seed give the same year."""

    def __init__(self, habit: Habit, seed: int, days: int = DAYS):
        self.habit, self.days = habit, days
        self.random = random.Random(f"{habit.name}:{seed}")
        self.held: dict[str, set[str]] = {broker: set(self.random.sample(sorted(JP), 7)) for broker in habit.brokers}
        self.done: list[Done] = []
        self.number = self.random.randrange(1000, 4000)

    def year(self) -> list[Done]:
        """Everything the owner did, in time order."""
        habit = self.habit
        for broker in habit.brokers:
            for saving in habit.savings[: 1 if broker == "rakuten" else 0]:
                self._savings(broker, saving)
            for day_of_month in habit.withdrawals:
                self._monthly_withdrawals(broker, day_of_month)
        for offset in range(self.days):
            day = START + timedelta(days=offset)
            if self.random.random() < habit.visits / 30.4:
                self._visit(day)
        self._rare()
        self.done.sort(key=lambda item: item.time)
        return self.done

    def _savings(self, broker: str, saving: int) -> None:
        for y, m in businessdays.months(START, START + timedelta(days=self.days - 1)):
            placed = businessdays.on_or_after(businessdays.day_of(y, m, saving))
            told = businessdays.add(placed, self.random.choice((2, 2, 3)))
            if placed >= START and told < START + timedelta(days=self.days):
                for fund in FUNDS:
                    self.done.append(Done(at(told, 6, 40, self.random.randrange(60)), broker, "fund", fund, fund,
                                          price=30_000, quantity=30_000))  # fmt: skip

    def _monthly_withdrawals(self, broker: str, day: int) -> None:
        for y, m in businessdays.months(START, START + timedelta(days=self.days - 1)):
            when = businessdays.on_or_after(businessdays.day_of(y, m, day))
            if START <= when < START + timedelta(days=self.days):
                self._act(at(when, 10, self.random.randrange(60)), broker, "withdrawal", quantity=150_000)

    def _visit(self, day: date) -> None:
        broker = self.random.choice(self.habit.brokers)
        clock = at(day, self.random.randrange(9, 15), self.random.randrange(60))
        self.login(clock, broker)
        if not businessdays.is_business_day(day):
            return
        mean = self.habit.trades / max(self.habit.visits, 0.01)
        for _ in range(self._poisson(mean)):
            clock += timedelta(seconds=self.random.randrange(40, 1500))
            if clock.hour < 15:
                self._trade(clock, broker)

    def _poisson(self, mean: float) -> int:
        n, left = 0, self.random.expovariate(1.0)
        while left < mean:
            n, left = n + 1, left + self.random.expovariate(1.0)
        return n

    def _trade(self, clock: datetime, broker: str) -> None:
        held = self.held[broker]
        if self.random.random() < self.habit.us:
            symbol = self.random.choice(sorted(US))
            name, price = US[symbol]
            when = clock.replace(hour=23, minute=self.random.randrange(30, 59))
            side = "sell" if symbol in held and self.random.random() < 0.3 else "buy"
            held.add(symbol)
            self.number += 1
            self.done.append(Done(when, broker, "trade", symbol, name, side, price, self.random.randrange(1, 9),
                                  self.number))  # fmt: skip
            return
        mine = sorted(symbol for symbol in held if symbol in JP or symbol in THIN)
        if mine and self.random.random() < 0.45:
            symbol, side = self.random.choice(mine), "sell"
            if self.random.random() < 0.5:
                held.discard(symbol)
        else:
            side = "buy"
            if self.random.random() < self.habit.new_name or not mine:
                symbol = self.random.choice(sorted(THIN if self.random.random() < self.habit.low else JP))
            else:
                symbol = self.random.choice(mine)
            held.add(symbol)
        name, price = JP.get(symbol) or THIN[symbol]
        self.trade(clock, broker, symbol, name, side, price, 100 * self.random.choice((1, 1, 2, 3)))

    def _rare(self) -> None:
        for _ in range(self.habit.occasional_withdrawals):
            day = START + timedelta(days=self.random.randrange(20, self.days))
            self._act(at(day, 20, 12), self.random.choice(self.habit.brokers), "withdrawal", quantity=300_000)
        for _ in range(self.habit.settings):
            day = START + timedelta(days=self.random.randrange(20, self.days))
            broker = self.random.choice(self.habit.brokers)
            self._act(at(day, 21, 5), broker, "setting", setting=self.random.choice(("password", "mfa", "phone")))
        for k in range(self.habit.rebalances):
            day = businessdays.on_or_after(START + timedelta(days=60 + 85 * k))
            broker = self.habit.brokers[k % len(self.habit.brokers)]
            clock = at(day, 9, 20)
            self.login(clock, broker)
            mine = sorted(symbol for symbol in self.held[broker] if symbol in JP)
            for symbol in [*mine[:5], *self.random.sample(sorted(JP), 3)]:
                clock += timedelta(seconds=self.random.randrange(60, 400))
                side = "sell" if symbol in mine[:5] else "buy"
                self.trade(clock, broker, symbol, JP[symbol][0], side, JP[symbol][1], 100)

    def login(self, clock: datetime, broker: str, *, thief: bool = False) -> None:
        """A login."""
        self._act(clock, broker, "login", thief=thief)

    def trade(self, clock: datetime, broker: str, symbol: str, name: str, side: str, price: float, quantity: int,
              *, thief: bool = False) -> None:  # fmt: skip
        """An order executed at about its price."""
        self.number += 1
        price = round(price * self.random.uniform(0.95, 1.05), 1 if price < 1000 else 0)
        self.done.append(
            Done(clock, broker, "trade", symbol, name, side, price, quantity, self.number % 10_000, thief=thief)
        )

    def _act(self, clock: datetime, broker: str, what: str, *, quantity: int = 0, setting: str = "",
             thief: bool = False) -> None:  # fmt: skip
        self.done.append(Done(clock, broker, what, quantity=quantity, setting=setting, thief=thief))


def with_thief(life: list[Done], family: str, habit: Habit, seed: int) -> list[Done]:
    """The year with a takeover of one account, somewhere in its second half."""
    draw = random.Random(f"thief:{family}:{seed}")
    broker = habit.brokers[0]
    day = businessdays.on_or_after(START + timedelta(days=draw.randrange(200, 340)))
    clock = at(day, 12, draw.randrange(10))
    found = [Done(clock, broker, "login", thief=True)]

    def step(least: int, most: int) -> datetime:
        nonlocal clock
        clock += timedelta(seconds=draw.randrange(least, most))
        return clock

    def trade(symbol: str, name: str, side: str, price: float, quantity: int) -> None:
        found.append(Done(step(20, 150), broker, "trade", symbol, name, side, price, quantity,
                          draw.randrange(9000, 9999), thief=True))  # fmt: skip

    if family in {"april", "single name"}:
        for symbol in draw.sample(sorted(JP), draw.randrange(6, 15)):
            trade(symbol, *reversed_sale(symbol))
        for symbol in draw.sample(sorted(THIN), 1 if family == "single name" else draw.randrange(3, 6)):
            name, price = THIN[symbol]
            trade(symbol, name, "buy", price, draw.randrange(50, 300) * 100)
    elif family == "china":
        for symbol in sorted(CHINA):
            trade(symbol, CHINA[symbol][0], "buy", CHINA[symbol][1], draw.randrange(20, 60) * 1000)
    elif family == "payout":
        found.append(Done(step(60, 600), broker, "setting", setting="payout_account", thief=True))
        found += [
            Done(step(600, 9000), broker, "withdrawal", quantity=draw.randrange(20, 90) * 100_000, thief=True)
            for _ in range(4)
        ]
    return sorted([*life, *found], key=lambda item: item.time)


def reversed_sale(symbol: str) -> tuple[str, str, float, int]:
    """A holding sold: name, side, price, quantity."""
    return JP[symbol][0], "sell", float(JP[symbol][1]), 100


def silenced(life: list[Done], day: date) -> list[Done]:
    """The same year, when nothing is told to the owner any more from that day on."""
    return [replace(item) for item in life if item.time.date() < day]
