"""What one does in a session: sign in, trade, move money, change settings. Owners and thieves share this code."""

from collections.abc import Generator

from kuraban.sim import times
from kuraban.sim.books import Account, Client, Order, Visit
from kuraban.sim.broker import Broker
from kuraban.sim.draws import Draws
from kuraban.sim.instruments import Instrument
from kuraban.sim.stream import Takeover

_MOST_DEVICES = 64  # that the broker remembers for one account


class Hand:
    """How somebody handles the broker's pages: pace and taste in orders."""

    __slots__ = ("draws", "market_share", "odd_lots", "pace", "rounds", "urgency")

    def __init__(
        self, draws: Draws, pace: float, market_share: float, urgency: float, rounds: float, *, odd_lots: bool
    ) -> None:
        self.draws, self.pace, self.market_share, self.urgency = draws, pace, market_share, urgency
        self.rounds, self.odd_lots = rounds, odd_lots

    def after(self, broker: Broker, factor: float = 1.0) -> int:
        """The moment of the next act."""
        return broker.now + 300 + int(self.draws.lognormal(self.pace * factor * 1000, 0.75))


def sign_in(
    broker: Broker, hand: Hand, account: Account, client: Client, by: Takeover | None, *, fails: int = 0,
    factor: str | None = None,
) -> Generator[int, None, Visit | None]:  # fmt: skip
    """Log in, perhaps after failures, and answer the second factor; None if that is not passed.

    `factor` is what this party can answer: None for everything (the owner), otherwise one method or "" for none.
    """
    draws = hand.draws
    passkey = account.factor == "passkey" and client.channel != "api"
    method = "passkey" if passkey else "password"
    if account.taken and by is None and not passkey:
        yield from _locked_out(broker, hand, account, client)
        return None
    for _ in range(fails):
        broker.fail(account, client, "password", by)
        yield broker.now + 1500 + int(draws.lognormal(9_000, 0.7))
    visit = broker.enter(account, client, method, by)
    weak = account.factor not in ("", "passkey") and client.channel != "api"
    if weak and (broker.always_challenges or client.device not in account.known):
        for _ in range(2):
            yield broker.now + 2_000 + int(draws.lognormal(11_000 if account.factor != "push" else 6_000, 0.6))
            if factor not in (None, account.factor):
                broker.challenge(visit, account.factor, passed=False)
                return None
            passed = draws.chance(0.96)
            broker.challenge(visit, account.factor, passed=passed)
            if passed:
                break
        else:
            return None
    if client.device and len(account.known) < _MOST_DEVICES:
        account.known.add(client.device)
    return visit


def _locked_out(broker: Broker, hand: Hand, account: Account, client: Client) -> Generator[int, None, None]:
    """The owner's password does not work any more."""
    for _ in range(hand.draws.integer(2, 5)):
        broker.fail(account, client, "password", None)
        yield broker.now + 1500 + int(hand.draws.lognormal(15_000, 0.8))
    account.knocked = account.knocked or client.channel != "api"


def unlock(broker: Broker, hand: Hand, visit: Visit) -> Generator[int, None, None]:
    """The trading PIN, once in a session, where the broker asks for it."""
    if broker.asks_pin and not visit.pin_given:
        if hand.draws.chance(0.04):
            broker.challenge(visit, "trading_pin", passed=False)
            yield hand.after(broker, 0.4)
        broker.challenge(visit, "trading_pin", passed=True)
        visit.pin_given = True
        yield hand.after(broker, 0.3)


def _limit(hand: Hand, each: Instrument, price: float, side: str, chase: float) -> float | None:
    if hand.draws.chance(hand.market_share):
        return None
    ticks = hand.draws.normal(hand.urgency, 2.5) * max(1.0, 0.0015 * price / each.tick(price))
    offset = ticks * each.tick(price) + chase * price
    return each.on_tick(max(each.tick(price), price + offset if side == "buy" else price - offset))


def _rounded(hand: Hand, each: Instrument, quantity: int) -> int:
    """As people round: to one leading figure, never above what was meant."""
    if quantity <= each.lot or not hand.draws.chance(hand.rounds):
        return quantity
    lots, scale = quantity // each.lot, 1
    while lots >= 10:
        lots //= 10
        scale *= 10
    return lots * scale * each.lot


def buy(
    broker: Broker, hand: Hand, visit: Visit, n: int, value: float, *, margin: bool = False, chase: float = 0.0
) -> Order | None:
    """Buy for about this much, in whole lots (or single shares, for those who use them)."""
    each = broker.market.instruments[n]
    price = broker.market.price(n, broker.now)
    if each.kind == "fund":
        amount = max(100, round(value / 1000) * 1000)
        return broker.exchange.place(visit, visit.account, n, "buy", int(amount / (price * each.unit)), None)
    limit = _limit(hand, each, price, "buy", chase)
    cost = max(price, limit or price * 1.003) * each.unit
    account = visit.account
    reachable = account.free + (account.linked_cash if account.linked and account.sweeps else 0.0)
    value = min(value, broker.margin_power(account) if margin else reachable)
    quantity = _rounded(hand, each, int(value / cost) // each.lot * each.lot)
    if quantity == 0 and hand.odd_lots and each.segment != "hongkong":
        quantity = int(value / cost)
    return broker.exchange.place(visit, account, n, "buy", quantity, limit, margin=margin) if quantity else None


def sell(broker: Broker, hand: Hand, visit: Visit, n: int, share: float, *, chase: float = 0.0) -> Order | None:
    """Sell a share of a position; all of it from 0.95."""
    each = broker.market.instruments[n]
    held = visit.account.held(n)
    quantity = held if share >= 0.95 else int(held * share) // each.lot * each.lot
    if quantity <= 0:
        return None
    limit = None if each.kind == "fund" else _limit(hand, each, broker.market.price(n, broker.now), "sell", chase)
    return broker.exchange.place(visit, visit.account, n, "sell", quantity, limit)


def close_margin(broker: Broker, hand: Hand, visit: Visit, n: int) -> Order | None:
    """Close what is held on margin."""
    account = visit.account
    held = account.on_margin.get(n, (0, 0.0))[0]
    if held <= 0 or any(o.margin and o.instrument == n and o.side == "sell" for o in account.orders):
        return None
    each = broker.market.instruments[n]
    limit = _limit(hand, each, broker.market.price(n, broker.now), "sell", 0.0)
    return broker.exchange.place(visit, account, n, "sell", held, limit, margin=True)


def sell_out(
    broker: Broker, hand: Hand, visit: Visit, share: float = 1.0, *, funds: bool = True, chase: float = 0.0,
    need: float = float("inf"), awake: bool = False,
) -> Generator[int, None, float]:  # fmt: skip
    """Sell position after position until `need` is raised; returns what the orders should bring.

    `awake`: only what trades at this hour.
    """
    raised = 0.0
    account = visit.account
    order = hand.draws.sample(list(account.positions), len(account.positions))
    for n in order:
        if raised >= need or visit.ended:
            break
        each = broker.market.instruments[n]
        if (each.kind == "fund" and not funds) or account.held(n) <= 0:
            continue
        if awake and not times.is_open(each.hours, broker.now):
            continue
        yield from unlock(broker, hand, visit)
        if sell(broker, hand, visit, n, share, chase=chase):
            raised += broker.market.value(n, account.positions.get(n, 0), broker.now) * share
        yield hand.after(broker)
    return raised


def change(broker: Broker, hand: Hand, visit: Visit, name: str, to: str) -> Generator[int, None, None]:
    """Change a setting after finding the page; what leads to money may need the second factor once more."""
    factor = visit.account.factor
    if broker.challenges_changes and factor and name in ("payout_account", "email", "phone", "mfa"):
        broker.challenge(visit, factor, passed=visit.answers)
        yield broker.now + 1_500 + int(hand.draws.lognormal(9_000, 0.6))
        if not visit.answers:
            return
    broker.change(visit, name, to)
    yield hand.after(broker, 1.3)


def await_cash(broker: Broker, hand: Hand, visit: Visit, enough: float) -> Generator[int, None, None]:
    """Wait, for most of an hour at the longest, until sales under way have brought enough to buy with."""
    account = visit.account
    for _ in range(hand.draws.integer(2, 9)):
        selling = any(order.side == "sell" and not order.margin for order in account.orders)
        if account.free >= enough or not selling or visit.ended:
            return
        yield broker.now + 5_000 + int(hand.draws.lognormal(150_000, 0.9))


def pull(broker: Broker, hand: Hand, visit: Visit, amount: float) -> None:
    """Pull money over the bank link: all that is asked for, or a round sum, as people do."""
    if amount > 1_000 and hand.draws.chance(hand.rounds):
        step = 1_000 if amount < 100_000 or hand.draws.chance(0.3) else 10_000
        amount = amount // step * step
    broker.sweep(visit.account, int(amount), visit)


def pay_out(broker: Broker, hand: Hand, visit: Visit, share: float) -> None:
    """Withdraw a share of what may leave, as it is or as a round sum."""
    amount = visit.account.may_leave(broker.today) * share
    if amount > 20_000 and hand.draws.chance(0.7):
        amount = amount // 10_000 * 10_000
    broker.withdraw(visit, int(amount))


def new_destination(draws: Draws) -> str:
    """A bank account as the broker writes it."""
    bank = draws.pick(("9900", "0001", "0005", "0009", "0033", "0036", "0038", "0010", "0310", "0040"))
    return f"{bank}-{draws.integer(1, 999):03d}-{draws.integer(1_000_000, 9_999_999)}"


def settled_later(broker: Broker, draws: Draws) -> int:
    """A moment on the day on which today's sales can be withdrawn."""
    day = times.business_after(broker.today, 2)
    return times.midnight(day) + int(draws.between(7.0, 22.0) * times.HOUR)
