"""What thieves do once inside: one script for each goal."""

from collections.abc import Generator
from dataclasses import dataclass

from kuraban.sim import acts, times
from kuraban.sim.agenda import Script
from kuraban.sim.books import Visit
from kuraban.sim.broker import Broker
from kuraban.sim.crews import Crew, Foothold
from kuraban.sim.draws import Draws
from kuraban.sim.intrusion import flood, get_in


@dataclass(frozen=True, slots=True)
class Target:
    """What a campaign buys, and when."""

    names: tuple[int, ...]
    opening: int  # the buying begins
    length: int  # milliseconds
    night: bool  # orders are entered the evening before


def pick_target(broker: Broker, draws: Draws, day: int, *, margin: bool = False) -> Target:
    """One to nine thin, cheap names and a window on a business day."""
    world = broker.world
    foreign = draws.chance(world["ring_foreign"]) and not margin  # Japanese shares only are bought on margin
    pool = broker.market.pools["hongkong"] if foreign else broker.market.cheap
    listed = broker.market.instruments
    if foreign:
        pool = [n for n in pool if listed[n].price < 3.0 and listed[n].adv < 120e6]
    else:
        pool = [n for n in pool if 40 <= listed[n].price <= 200] or pool
    count = max(1, min(9, draws.poisson(world["ring_names"] - 1) + 1))
    day = times.business_after(day - 1)
    first = draws.pick((10.6, 11.0, 14.2)) if foreign else draws.pick((8.2, 9.0, 10.2, 12.5, 13.4))
    opening = times.midnight(day) + int((first + draws.between(-0.15, 0.5)) * times.HOUR)
    length = int(world["ring_hours"] * draws.lognormal(1.0, 0.3) * times.HOUR)
    return Target(tuple(draws.sample(pool, count)), opening, length, draws.chance(world["night_orders"]))


def accomplices(broker: Broker, crew: Crew, target: Target) -> Script:
    """The crew's own accounts, at other brokers: they buy before, and sell into the hijacked accounts' purchases."""
    draws, market = crew.draws, broker.market
    slices = draws.integer(8, 24)
    part = broker.world["accumulates"] * draws.lognormal(1.0, 0.4) / slices
    for side, until in (("buy", target.opening), ("sell", target.opening + int(1.3 * target.length))):
        gap = max(times.MINUTE, (until - broker.now) // slices)
        for _ in range(slices):
            for n in target.names:
                if times.is_open(market.instruments[n].hours, broker.now):
                    market.price(n, broker.now)
                    market.trade(n, side, market.instruments[n].adv * part)
            yield broker.now + int(draws.exponential(gap)) + times.SECOND


def _look(broker: Broker, foothold: Foothold) -> int:
    return broker.now + 2_000 + int(foothold.crew.draws.lognormal(broker.world["look_s"] * 1000, 0.7))


def _prepare(broker: Broker, foothold: Foothold, visit: Visit) -> Script:
    """Silence the owner's notices, and perhaps lock him out."""
    draws, world = foothold.crew.draws, broker.world
    if draws.chance(world["changes_password"] * 0.5):
        yield from acts.change(broker, foothold.hand, visit, "password", "changed")
    if draws.chance(0.08):
        name = draws.pick(("trading_pin", "email", "phone", "device"))
        to = draws.pick(("registered", "replaced")) if name == "device" else "changed"
        yield from acts.change(broker, foothold.hand, visit, name, to)
    if foothold.crew.takes("mutes"):
        yield from _silence(broker, foothold, visit)


def _silence(broker: Broker, foothold: Foothold, visit: Visit) -> Script:
    """Switch off the owner's notices."""
    draws = foothold.crew.draws
    for name in draws.sample(("login", "execution", "withdrawal", "cash"), draws.integer(1, 3)):
        if foothold.account.notices.get(name):
            yield from acts.change(broker, foothold.hand, visit, f"notice.{name}", "off")


def scout(broker: Broker, foothold: Foothold) -> Script:
    """Look in on an earlier day; sometimes switch the notices off already."""
    visit = yield from get_in(broker, foothold)
    if visit is None:
        return
    yield _look(broker, foothold)
    if foothold.crew.draws.chance(broker.world["mutes"] * 0.7):
        yield from _silence(broker, foothold, visit)
    if foothold.crew.draws.chance(0.3):
        broker.leave(visit)


def _raise_cash(broker: Broker, foothold: Foothold, visit: Visit, need: float) -> Generator[int, None, float]:
    """Pull the linked bank and sell until there is enough to spend.

    Returns what a purchase will pull from the bank by itself, for thieves who leave that to the broker.
    """
    draws, world, account = foothold.crew.draws, broker.world, foothold.account
    wants_link = account.linked and foothold.crew.family.goal != "margin" and draws.chance(world["uses_sweep"])
    leaves_it = wants_link and account.sweeps and draws.chance(0.6)
    if wants_link and not leaves_it:
        acts.pull(broker, foothold.hand, visit, account.linked_cash * draws.pick((1.0, 1.0, 0.9, 0.5)))
        yield foothold.hand.after(broker)
    if foothold.crew.family.sells and draws.chance(world["sells_first"]):
        if account.orders and draws.chance(0.4):
            broker.exchange.cancel(visit, draws.pick(account.orders))
            yield foothold.hand.after(broker)
        chase = max(0.0, draws.normal(0.003, 0.006))
        awake = draws.chance(0.75)
        raised = yield from acts.sell_out(
            broker, foothold.hand, visit, funds=draws.chance(0.2), chase=chase, need=need, awake=awake
        )
        yield foothold.hand.after(broker, 2.0)
        yield from acts.await_cash(broker, foothold.hand, visit, 0.7 * raised)
    return account.linked_cash if leaves_it else 0.0


def _spend(broker: Broker, foothold: Foothold, visit: Visit, target: Target, budget: float, *, margin: bool) -> Script:
    """Buy the target names in several orders at rising prices."""
    draws = foothold.crew.draws
    yield from acts.unlock(broker, foothold.hand, visit)
    parts = draws.integer(1, 6) + len(target.names) - 1
    for part in range(parts):
        if foothold.is_out or visit.ended:
            return
        n = target.names[part % len(target.names)]
        value = budget / parts * draws.lognormal(1.0, 0.4)
        acts.buy(broker, foothold.hand, visit, n, value, margin=margin, chase=max(0.0, draws.normal(0.01, 0.015)))
        yield foothold.hand.after(broker, draws.pick((0.6, 1.0, 3.0)))


def ring(broker: Broker, foothold: Foothold, target: Target) -> Script:
    """Sell what there is and buy the campaign's names."""
    draws, world, account = foothold.crew.draws, broker.world, foothold.account
    if foothold.crew.family.flood:
        begin = broker.now + int(draws.normal(1.0, 2.0) * times.MINUTE)
        broker.agenda.start(begin, flood(broker, foothold, round(world["flood"] * draws.lognormal(1, 0.5))))
    visit = yield from get_in(broker, foothold)
    if visit is None:
        return
    yield _look(broker, foothold)
    yield from _prepare(broker, foothold, visit)
    budget = broker.worth(account) * min(1.0, world["stolen"] * draws.lognormal(1.0, 0.35))
    more = yield from _raise_cash(broker, foothold, visit, max(0.0, budget - account.free))
    yield foothold.hand.after(broker, 2.0)
    if account.free < 0.2 * budget and any(order.by and order.side == "sell" for order in account.orders):
        opening = times.next_open(times.TOKYO, broker.now)
        if opening > broker.now:  # sold in the night: the money comes in the morning
            yield opening + int(draws.lognormal(12 * times.MINUTE, 0.8))
            again = yield from get_in(broker, foothold)
            if again is None:
                return
            visit = again
    if foothold.crew.family.goal != "margin":
        most = (account.free + more) * 1.2 + 1
        yield from _spend(broker, foothold, visit, target, min(max(budget, 0.0), most), margin=False)
    leverages = foothold.crew.family.goal == "margin" or draws.chance(world["uses_margin"])
    if leverages and account.margin_ratio and broker.market.instruments[target.names[0]].market == "XTKS":
        power = broker.margin_power(account) * draws.between(0.3, 0.95)
        yield from _spend(broker, foothold, visit, target, power, margin=True)
    if draws.chance(0.3):
        broker.leave(visit)


def payout(broker: Broker, foothold: Foothold, target: Target) -> Script:
    """Point the payout account to a mule's and withdraw over the following days."""
    draws, world, account = foothold.crew.draws, broker.world, foothold.account
    visit = yield from get_in(broker, foothold)
    if visit is None:
        return
    yield _look(broker, foothold)
    if draws.chance(world["changes_password"]):
        yield from acts.change(broker, foothold.hand, visit, "password", "changed")
    if draws.chance(0.3):
        yield from acts.change(broker, foothold.hand, visit, draws.pick(("email", "phone")), "changed")
    yield from acts.change(broker, foothold.hand, visit, "payout_account", acts.new_destination(draws))
    if draws.chance(world["mutes"]):
        yield from acts.change(broker, foothold.hand, visit, "notice.withdrawal", "off")
    if account.linked and draws.chance(world["uses_sweep"]):
        acts.pull(broker, foothold.hand, visit, account.linked_cash)
        yield foothold.hand.after(broker)
    if draws.chance(0.6):
        yield from acts.sell_out(broker, foothold.hand, visit, funds=draws.chance(0.4))
    rounds = max(1, draws.poisson(world["payouts"]))
    for number in range(rounds):
        share = draws.pick((0.4, 0.6, 1.0)) if number < rounds - 1 else 1.0
        acts.pay_out(broker, foothold.hand, visit, share)
        if number == rounds - 1:
            break
        yield (
            acts.settled_later(broker, draws)
            if draws.chance(0.7)
            else broker.now + int(draws.between(5, 26) * times.HOUR)
        )
        again = yield from get_in(broker, foothold)
        if again is None:
            return
        visit = again
        yield _look(broker, foothold)


def slow(broker: Broker, foothold: Foothold, target: Target) -> Script:
    """A little every day, at the hours at which the owner is awake."""
    draws, world, account = foothold.crew.draws, broker.world, foothold.account
    for _ in range(max(2, round(world["slow_days"]))):
        visit = yield from get_in(broker, foothold)
        if visit is None:
            return
        yield _look(broker, foothold)
        budget = broker.worth(account) * world["slow_share"] * draws.lognormal(1.0, 0.3)
        if account.free < budget and account.positions:
            yield from acts.sell_out(broker, foothold.hand, visit, need=budget, funds=False)
            yield from acts.await_cash(broker, foothold.hand, visit, 0.7 * budget)
        yield foothold.hand.after(broker, 3.0)
        yield from acts.unlock(broker, foothold.hand, visit)
        n = draws.pick(target.names)
        acts.buy(broker, foothold.hand, visit, n, min(budget, account.free))
        yield foothold.hand.after(broker)
        if draws.chance(0.5):
            broker.leave(visit)
        day = times.business_after(broker.today, 1 if draws.chance(0.75) else 2)
        yield times.midnight(day) + int(draws.between(9.0, 15.0) * times.HOUR)


def sweep(broker: Broker, foothold: Foothold, target: Target) -> Script:
    """Leave the holdings alone: pull the linked bank and spend that."""
    draws, account = foothold.crew.draws, foothold.account
    visit = yield from get_in(broker, foothold)
    if visit is None:
        return
    yield _look(broker, foothold)
    if not account.sweeps and draws.chance(0.5):
        yield from acts.change(broker, foothold.hand, visit, "sweep", "on")
    if account.sweeps and draws.chance(0.4):  # the purchase pulls what it needs by itself
        budget = account.free + account.linked_cash * draws.between(0.6, 1.0)
    else:
        pulls = draws.integer(1, 3)
        for part in range(pulls):
            acts.pull(broker, foothold.hand, visit, account.linked_cash / (pulls - part) * draws.between(0.85, 1.0))
            yield foothold.hand.after(broker)
        budget = account.free
    yield from _spend(broker, foothold, visit, target, budget, margin=False)


def look(broker: Broker, foothold: Foothold, target: Target) -> Script:
    """A rehearsal: see whether the password works, read the balances, go."""
    for _ in range(foothold.crew.draws.integer(1, 2)):
        yield from scout(broker, foothold)
        yield broker.now + int(foothold.crew.draws.lognormal(30 * times.HOUR, 0.7))


GOALS = {"ring": ring, "margin": ring, "payout": payout, "slow": slow, "sweep": sweep, "look": look}
