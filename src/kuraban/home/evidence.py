"""What the owner's side adds to the engine's evidence: the plan, and habits that mails and exports show.

A broker's stream has addresses, devices and holdings; an owner's mailbox has few acts, told by their executions. So the
habits here are the ones that such data shows: how often this owner acts at all, how many names he sells in an hour,
which markets he buys in. As in the core, each value is a bounded log-likelihood ratio in nats with a written
meaning; owner's rates are his own, drawn towards an assumed one.
"""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from kuraban.home.acts import UNREAD, Act
from kuraban.home.forms.plan import MARKETS
from kuraban.home.model import Words
from kuraban.home.plan import Plan
from kuraban.plurals import counted

KNOWN_ENOUGH, DAYS_ENOUGH = timedelta(days=60), 8
WINDOW, VISIT = timedelta(hours=24), timedelta(hours=1)


class Weighed(NamedTuple):
    """One piece of evidence: its id in EVIDENCE, nats, and its sentence."""

    id: str
    weight: float
    words: Words


class Said(NamedTuple):
    """What the engine has already counted (nats): for seldom use, and for buying after selling out."""

    disuse: float = 0.0
    rotation: float = 0.0


class Evidence(NamedTuple):
    """One line of the list: bounds in nats, meaning, source, sentence with {fact}."""

    id: str
    low: float
    high: float
    meaning: str
    source: str
    ja: str
    en: str


EVIDENCE: tuple[Evidence, ...] = (
    Evidence(
        "plan.quiet", 0.0, 9.0, "an account that the owner says should stay quiet acts", "owner",
        "動きがないはずの口座", "an account that should stay quiet",
    ),
    Evidence(
        "plan.market", 0.0, 7.0, "a market or product the owner says he never uses", "owner",
        "使わないと決めた市場・商品({fact})", "a market or product you said you never use ({fact})",
    ),
    Evidence(
        "plan.trip", 0.0, 5.0, "an act while the owner is away and does not trade", "owner",
        "旅行中で取引しないはずの日", "a day on which you are away and do not trade",
    ),
    Evidence(
        "plan.trading", -4.0, 0.0, "an order on a day the owner said he trades", "owner",
        "取引すると登録した日", "a day on which you said you trade",
    ),
    Evidence(
        "plan.settings", -4.0, 0.0, "a setting changed on a day the owner said he changes settings", "owner",
        "設定を変えると登録した日", "a day on which you said you change settings",
    ),
    Evidence(
        "habit.rhythm", 0.0, 4.0, "how seldom this owner acts on this account at all",
        "Bayes: odds of a thief's day against an owner's day at the owner's own rate",
        "めったに使わない口座(これまでに{fact}日だけ)", "an account you seldom use ({fact} so far)",
    ),
    Evidence(
        "habit.sold_names", 0.0, 4.0, "distinct names sold within an hour, against the owner's own days",
        "2025 (30 April: more than 30 holdings within an hour)",
        "1時間以内に{fact}銘柄を売却", "{fact} names sold within an hour",
    ),
    Evidence(
        "habit.market",
        0.0,
        4.5,
        "a first purchase in Hong Kong or mainland China",
        "2025 (thinly traded Chinese and Hong Kong names first); assumption for owners",
        "この口座で初めての{fact}株の買い",
        "the first purchase in {fact} on this account",
    ),
    Evidence(
        "habit.unread",
        0.0,
        4.0,
        "an execution whose notice cannot be read, where the notices of this account otherwise can",
        "2025 (products the owner never used); assumption",
        "内容を読み取れない約定通知(いつもと違う商品か、書式の変更)",
        "a notice of an execution that cannot be read: another product than usual, or a new layout",
    ),
    Evidence(
        "habit.withdrawals",
        0.0,
        4.0,
        "several withdrawals within a day, against the owner's own days",
        "SBI 2020 (four transfers)",
        "24時間以内に{fact}回の出金",
        "{fact} withdrawals within 24 hours",
    ),
    Evidence(
        "habit.rotation", 0.0, 1.0, "a new name bought within a day of selling several", "2025; assumption",
        "複数の銘柄を売った直後に新しい銘柄を買い", "a new name bought right after several were sold",
    ),
)  # fmt: skip
BY_ID = {line.id: line for line in EVIDENCE}

THIEF_SELLS_MANY, OWNER_ONE_MORE, PRIOR_DAYS, SELLING_DAYS = 0.6, 0.35, 5.0, 30.0
CONFIRMED_COUNTS = 5  # days that one confirmed sale counts for
THIEF_ROTATES, OWNER_ROTATES = 0.75, 0.2
THIEF_UNREAD, READABLE_LEAST = 0.4, 3
THIEF_REPEATS, OWNER_REPEATS = 0.5, 0.05
THIEF_BUYS_CHINA, OWNER_BEGINS_CHINA = 0.3, 0.003
CHINA = {"HK": ("香港", "Hong Kong"), "CN": ("中国", "China")}
ORDINARY_GAP_DAYS = 7.0  # an owner who acts once a week is what the engine's prior is about


@dataclass
class Habits:
    """What one account's past shows. Days and acts are those that were not doubted or that the owner confirmed."""

    known_since: datetime | None = None
    days: set[date] = field(default_factory=set)
    sold_on: dict[date, int] = field(default_factory=dict)
    confirmed_sales: dict[date, int] = field(default_factory=dict)  # the same, confirmed; of all the owner's accounts
    bought: set[str] = field(default_factory=set)
    markets: set[str] = field(default_factory=set)
    readable: int = 0
    unread: int = 0
    days_out: int = 0
    repeated_out: int = 0
    recent: list[tuple[datetime, str, str]] = field(default_factory=list)  # time, side, instrument

    def met(self, time: datetime) -> None:
        """The account is known at least since then."""
        if self.known_since is None or time < self.known_since:
            self.known_since = time

    def enter(self, act: Act) -> None:
        """What is going on now, whoever does it: the last day's orders."""
        order = act.event.order
        self.recent = [item for item in self.recent if act.time - item[0] <= WINDOW]
        if order is not None and order.side and order.instrument:
            self.recent.append((act.time, order.side, order.instrument))
        elif act.event.type == "withdrawal.requested":
            self.recent.append((act.time, "out", act.id))

    def cold(self, time: datetime) -> bool:
        """Whether too little of the account is known for anything to be unusual."""
        return self.known_since is None or (time - self.known_since < KNOWN_ENOUGH and len(self.days) < DAYS_ENOUGH)

    def sold_within(self, time: datetime) -> set[str]:
        """The names sold in the hour before."""
        return {name for when, side, name in self.recent if side == "sell" and time - when <= VISIT}

    def confirm(self, act: Act) -> None:
        """The owner has said that it was he: such a sale is his way, not once by chance."""
        if act.event.order is not None and act.event.order.side == "sell":
            sold = len(self.sold_within(act.time))
            self.confirmed_sales[act.day] = max(self.confirmed_sales.get(act.day, 0), sold)

    def learn(self, act: Act) -> None:
        """Take an act for the owner's own."""
        if act.event.type == "withdrawal.requested":
            self.repeated_out += sum(side == "out" for _, side, _ in self.recent) > 1
            self.days_out += 1
        self.days.add(act.day)
        order = act.event.order
        if order is None:
            return
        if act.id.endswith(UNREAD) or order.instrument is None:
            self.unread += 1
            self.markets |= market_of(act)
            return
        self.readable += 1
        if order.side == "sell":
            self.sold_on[act.day] = max(self.sold_on.get(act.day, 0), len(self.sold_within(act.time)))
        else:
            self.bought.add(order.instrument)
            self.markets |= market_of(act)


def weigh(act: Act, habits: Habits, plan: Plan, said: Said) -> list[Weighed]:
    """The evidence on one act, before it is learned from. said: what the engine has already counted."""
    found = [*_planned(act, plan), *_rhythm(act, habits, said.disuse)]
    order = act.event.order
    if act.id.endswith(UNREAD) and habits.readable >= READABLE_LEAST:
        usual = (habits.unread + 0.5) / (habits.readable + habits.unread + 10.0)
        found += _say("habit.unread", math.log(THIEF_UNREAD / min(THIEF_UNREAD, usual)))
    if order is not None and order.side != "sell":
        for market in sorted(market_of(act) & CHINA.keys() - habits.markets):
            found += _say("habit.market", math.log(THIEF_BUYS_CHINA / OWNER_BEGINS_CHINA), CHINA[market])
    if order is not None and order.side:
        found += _sold_names(act, habits)
        if order.side == "buy" and order.kind != "fund":
            found += _purchase(act, habits, said)
    elif act.event.type == "withdrawal.requested":
        times = sum(side == "out" for _, side, _ in habits.recent)
        usual = (habits.repeated_out + OWNER_REPEATS * 20.0) / (habits.days_out + 20.0)
        if times > 1:
            found += _say("habit.withdrawals", (times - 1) * math.log(THIEF_REPEATS / min(THIEF_REPEATS, usual)), times)
    return found


def market_of(act: Act) -> set[str]:
    """The words of `plan.never` that an order falls under."""
    order, notice = act.event.order, act.event.notice
    if notice is not None and notice.kind == "margin_call":
        return {"margin"}
    if order is None:
        return set()
    found: set[str] = {order.kind} if order.kind and order.kind != "stock" else set()
    if order.margin:
        found.add("margin")
    code = (order.instrument or "").upper()
    suffix = code.rpartition(".")[2] if "." in code else ""
    if order.kind in {None, "stock"} and code:
        if code.isdigit() and len(code) in {5, 6}:  # a code of Hong Kong or of the mainland, without its exchange
            return found | {"HK" if len(code) == 5 else "CN"}
        found.add(
            {"T": "JP", "HK": "HK", "SS": "CN", "SZ": "CN", "KS": "KR"}.get(suffix, "US" if code.isascii() else "")
        )
    return {word for word in found if word}


def is_new(act: Act, habits: Habits) -> bool:
    """Whether an order buys what this account never bought."""
    order = act.event.order
    return order is not None and order.side == "buy" and order.instrument not in habits.bought


def _say(name: str, weight: float, fact: object = "") -> list[Weighed]:
    """Bounded, with its sentence; fact: what fills it, a pair where Japanese and English differ."""
    line = BY_ID[name]
    bounded = min(line.high, max(line.low, weight))
    if abs(bounded) < 0.05:
        return []
    ja, en = fact if isinstance(fact, tuple) else (fact, fact)
    return [Weighed(name, bounded, Words(line.ja.format(fact=ja), line.en.format(fact=en)))]


def _planned(act: Act, plan: Plan) -> list[Weighed]:
    found: list[Weighed] = []
    ordered = act.event.type == "order.placed"
    if act.account in plan.quiet:
        found += _say("plan.quiet", 9.0)
    never = market_of(act) & set(plan.never)
    if never and (act.event.order is None or act.event.order.side == "buy"):
        named = [MARKETS[word] for word in sorted(never)]
        ja, en = "・".join(words.ja for words in named), ", ".join(words.en for words in named)
        found += _say("plan.market", 7.0, (ja, en))
    if plan.travelling(act.day):
        found += _say("plan.trip", 5.0 if act.event.type != "login.succeeded" else 1.0)
    if ordered and act.day in plan.trading:
        found += _say("plan.trading", -4.0)
    if act.event.type == "setting.changed" and act.day in plan.settings:
        found += _say("plan.settings", -4.0)
    return found


def _rhythm(act: Act, habits: Habits, said: float) -> list[Weighed]:
    """ln of the owner's mean gap between days of acting over an ordinary one; a day once begun counts the same."""
    if habits.known_since is None:
        return []
    known = max(0.0, (act.time - habits.known_since).total_seconds() / 86_400)
    before = len([day for day in habits.days if day < act.day])
    gap = (30.0 + known) / (1.0 + before)
    return _say("habit.rhythm", math.log(gap / ORDINARY_GAP_DAYS) - said, (before, counted(before, "day")))


def _sold_names(act: Act, habits: Habits) -> list[Weighed]:
    """How many names this owner sells in an hour: a geometric of his own, and the days he did as much.

    Among owners at large the share that ever sells n names in an hour falls about as 1/n²; the owner's days move it.
    """
    names = len(habits.sold_within(act.time))
    if names < 2:
        return []
    days = [sold for day, sold in habits.sold_on.items() if day < act.day]
    more = (sum(days) - len(days) + OWNER_ONE_MORE * PRIOR_DAYS) / (sum(days) + PRIOR_DAYS)
    confirmed = [sold for day, sold in habits.confirmed_sales.items() if day < act.day]
    seen = sum(n >= names for n in days) + CONFIRMED_COUNTS * sum(n >= names for n in confirmed)
    base = len(days) + CONFIRMED_COUNTS * len(confirmed) + SELLING_DAYS
    usual = max(more ** (names - 1), (seen + SELLING_DAYS / names**2) / base)
    return _say("habit.sold_names", math.log(THIEF_SELLS_MANY / min(THIEF_SELLS_MANY, usual)), names)


def _purchase(act: Act, habits: Habits, said: Said) -> list[Weighed]:
    if not is_new(act, habits):
        return []
    found: list[Weighed] = []
    sold = {name for _, side, name in habits.recent if side == "sell"}
    if len(sold) >= 2:
        found += _say("habit.rotation", math.log(THIEF_ROTATES / OWNER_ROTATES) - said.rotation)
    return found
