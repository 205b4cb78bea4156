"""What thieves do once inside, and what follows: the goal scripts and the owner's discovery."""

from dataclasses import dataclass

from kuraban.sim import acts, errands, times
from kuraban.sim.agenda import Script
from kuraban.sim.books import Visit
from kuraban.sim.broker import Broker
from kuraban.sim.draws import Draws
from kuraban.sim.intrusion import Foothold, flood, get_in
from kuraban.sim.life import Life


@dataclass(frozen=True, slots=True)
class Target:
    """What a campaign buys, and when."""

    names: tuple[int, ...]
    opening: int  # the buying begins
    length: int  # milliseconds
    night: bool  # orders are entered the evening before


def pick_target(broker: Broker, draws: Draws, day: int) -> Target:
    """One to nine thin, cheap names and a window on a business day."""
    world = broker.world
    foreign = draws.chance(world["ring_foreign"])
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


def _look(broker: Broker, foothold: Foothold) -> int:
    return broker.now + 2_000 + int(foothold.crew.draws.lognormal(broker.world["look_s"] * 1000, 0.7))


def _prepare(broker: Broker, foothold: Foothold, visit: Visit) -> Script:
    """Silence the owner's notices, and perhaps lock him out."""
    draws, world = foothold.crew.draws, broker.world
    if draws.chance(world["changes_password"] * 0.5):
        yield from acts.change(broker, foothold.hand, visit, "password", "changed")
    if draws.chance(world["mutes"]):
        for name in draws.sample(("login", "execution", "withdrawal", "cash"), draws.integer(1, 3)):
            if foothold.account.notices.get(name):
                yield from acts.change(broker, foothold.hand, visit, f"notice.{name}", "off")


def scout(broker: Broker, foothold: Foothold) -> Script:
    """Look in on an earlier day; sometimes switch the notices off already."""
    visit = yield from get_in(broker, foothold)
    if visit is None:
        return
    yield _look(broker, foothold)
    if foothold.crew.draws.chance(broker.world["mutes"] * 0.5):
        yield from _prepare(broker, foothold, visit)
    if foothold.crew.draws.chance(0.3):
        broker.leave(visit)


def _raise_cash(broker: Broker, foothold: Foothold, visit: Visit, need: float) -> Script:
    """Pull the linked bank and sell until there is enough to spend."""
    draws, world, account = foothold.crew.draws, broker.world, foothold.account
    if account.linked and draws.chance(world["uses_sweep"]):
        broker.sweep(account, int(account.linked_cash * draws.pick((1.0, 1.0, 0.9, 0.5))), visit)
        yield foothold.hand.after(broker)
    if foothold.crew.family.sells and draws.chance(world["sells_first"]):
        if account.orders and draws.chance(0.4):
            broker.cancel(visit, draws.pick(account.orders))
            yield foothold.hand.after(broker)
        chase = max(0.0, draws.normal(0.003, 0.006))
        awake = draws.chance(0.75)
        yield from acts.sell_out(
            broker, foothold.hand, visit, funds=draws.chance(0.2), chase=chase, need=need, awake=awake
        )


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
        broker.agenda.start(
            broker.now + 60_000, flood(broker, foothold, round(world["flood"] * draws.lognormal(1, 0.5)))
        )
    visit = yield from get_in(broker, foothold)
    if visit is None:
        return
    yield _look(broker, foothold)
    yield from _prepare(broker, foothold, visit)
    budget = broker.worth(account) * min(1.0, world["stolen"] * draws.lognormal(1.0, 0.35))
    yield from _raise_cash(broker, foothold, visit, max(0.0, budget - account.free))
    yield foothold.hand.after(broker, 2.0)
    if foothold.crew.family.goal != "margin":
        yield from _spend(broker, foothold, visit, target, min(max(budget, 0.0), account.free * 1.2 + 1), margin=False)
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
        broker.sweep(account, int(account.linked_cash), visit)
        yield foothold.hand.after(broker)
    if draws.chance(0.6):
        yield from acts.sell_out(broker, foothold.hand, visit, funds=draws.chance(0.4))
    rounds = max(1, draws.poisson(world["payouts"]))
    for number in range(rounds):
        share = draws.pick((0.4, 0.6, 1.0)) if number < rounds - 1 else 1.0
        _withdraw(broker, foothold, visit, share)
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


def _withdraw(broker: Broker, foothold: Foothold, visit: Visit, share: float) -> None:
    amount = int(foothold.account.may_leave(broker.today) * share)
    if amount > 20_000 and foothold.crew.draws.chance(0.7):
        amount = amount // 10_000 * 10_000
    broker.withdraw(visit, amount)


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
    pulls = draws.integer(1, 3)
    for part in range(pulls):
        broker.sweep(account, int(account.linked_cash / (pulls - part) * draws.between(0.85, 1.0)), visit)
        yield foothold.hand.after(broker)
    yield from _spend(broker, foothold, visit, target, account.free, margin=False)


def look(broker: Broker, foothold: Foothold, target: Target) -> Script:
    """A rehearsal: see whether the password works, read the balances, go."""
    for _ in range(foothold.crew.draws.integer(1, 2)):
        yield from scout(broker, foothold)
        yield broker.now + int(foothold.crew.draws.lognormal(30 * times.HOUR, 0.7))


GOALS = {"ring": ring, "margin": ring, "payout": payout, "slow": slow, "sweep": sweep, "look": look}


def aftermath(life: Life, foothold: Foothold, target: Target) -> Script:
    """The owner finds out, soon or late; the broker resets him; some thieves come back."""
    broker, draws, owner = life.broker, foothold.crew.draws, foothold.owner
    account, takeover = owner.account, foothold.takeover
    alert = account.notices.get("execution") and draws.chance(broker.world["notices_read"])
    hours = draws.lognormal(5.0, 0.9) if alert else draws.lognormal(90.0, 0.9)
    if owner.segment == "dormant" and not alert:
        hours *= 6
    yield broker.now + int(hours * times.HOUR)
    if not takeover.events:
        return
    yield from life.visit(owner, [errands.look], fails=draws.poisson(1.0))
    yield broker.now + int(draws.lognormal(0.7, 0.8) * times.HOUR)
    foothold_known = draws.sample(takeover.events, draws.integer(1, 3)) if draws.chance(0.85) else []
    broker.reset(account, foothold_known)
    yield broker.now + int(draws.between(0.2, 20.0) * times.HOUR)
    repairs = [errands.sell_one(n) for n in target.names] if draws.chance(0.6) else []
    if draws.chance(0.4):
        repairs.insert(0, errands.strengthen)
    yield from life.visit(owner, [errands.setting("password", "changed"), errands.look, *repairs])
    comes_back = draws.chance(broker.world["returns"]) or foothold.crew.family.flood
    if comes_back and foothold.crew.family.entry in ("relay", "cookie"):
        yield broker.now + int(draws.lognormal(20.0, 0.8) * times.HOUR)
        foothold.credentials = account.credentials
        later = Target(target.names, broker.now, target.length, night=False)
        yield from GOALS[foothold.crew.family.goal](broker, foothold, later)
