"""What owners come for: looking, trading, money, settings, and the rarer turns that resemble a theft."""

from collections.abc import Callable

from kuraban.sim import acts
from kuraban.sim.agenda import Script
from kuraban.sim.books import Visit
from kuraban.sim.broker import Broker
from kuraban.sim.customers import Owner, draw_liking

Errand = Callable[[Broker, Owner, Visit], Script]


def look(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Read the positions and a chart or two."""
    yield owner.hand.after(broker, 1.5)


def trade(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """The usual buying and selling."""
    draws, hand, account = owner.draws, owner.hand, owner.account
    for _ in range(1 + draws.poisson(owner.habits.orders - 1.0)):
        yield from acts.unlock(broker, hand, visit)
        if account.orders and draws.chance(0.25):
            broker.exchange.cancel(visit, draws.pick(account.orders))
        elif account.on_margin and draws.chance(0.5):
            acts.close_margin(broker, hand, visit, draws.pick(list(account.on_margin)))
        elif account.positions and draws.chance(0.45):
            acts.sell(broker, hand, visit, draws.pick(list(account.positions)), draws.pick((1.0, 1.0, 0.5, 0.3)))
        else:
            _buy_something(broker, owner, visit)
        yield hand.after(broker, draws.pick((0.7, 1.0, 2.5)))


def _buy_something(broker: Broker, owner: Owner, visit: Visit) -> None:
    draws, account = owner.draws, owner.account
    novel = draws.chance(owner.habits.novelty) or not owner.favourites
    n = draw_liking(broker.market, owner) if novel else draws.pick(owner.favourites)
    if novel:
        owner.favourites.append(n)
        del owner.favourites[:-24]
    leveraged = account.margin_ratio > 0 and owner.segment in ("margin_user", "day_trader") and draws.chance(0.5)
    margin = leveraged and broker.market.instruments[n].market == "XTKS"
    worth = max(broker.worth(account), 50_000.0)
    value = worth * min(1.0, draws.lognormal(owner.habits.size, 0.9))
    if margin:
        value *= draws.between(1.0, 2.5)
    elif value > account.free and not account.sweeps and draws.chance(0.25):
        value = account.free
    acts.buy(broker, owner.hand, visit, n, value, margin=margin)


def buy_one(n: int) -> Errand:
    """Buy one particular instrument: the name of the day."""

    def errand(broker: Broker, owner: Owner, visit: Visit) -> Script:
        draws = owner.draws
        yield from acts.unlock(broker, owner.hand, visit)
        account = owner.account
        value = max(account.free, 30_000.0) * min(1.0, draws.lognormal(0.4, 0.8))
        if account.free < 50_000 and account.positions and draws.chance(0.5):
            need = draws.lognormal(300_000, 1.0)
            raised = yield from acts.sell_out(broker, owner.hand, visit, need=need, funds=False)
            yield owner.hand.after(broker)
            yield from acts.await_cash(broker, owner.hand, visit, 0.8 * raised)
            value = account.free
        acts.buy(broker, owner.hand, visit, n, value, chase=max(0.0, draws.normal(0.0, 0.02)))
        yield owner.hand.after(broker)

    return errand


def sell_one(n: int) -> Errand:
    """Sell one particular instrument, if held."""

    def errand(broker: Broker, owner: Owner, visit: Visit) -> Script:
        if owner.account.held(n) > 0:
            yield from acts.unlock(broker, owner.hand, visit)
            acts.sell(broker, owner.hand, visit, n, 1.0)
        yield owner.hand.after(broker)

    return errand


def flee(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Sell much or all: a crash, or a change of mind."""
    share = owner.draws.pick((1.0, 1.0, 0.5))
    draws = owner.draws
    yield from acts.sell_out(broker, owner.hand, visit, share, funds=draws.chance(0.4), awake=draws.chance(0.5))


def rotate(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Sell most positions and put it all into one to three thin names, because a friend or a chat said so."""
    draws = owner.draws
    raised = yield from acts.sell_out(
        broker,
        owner.hand,
        visit,
        funds=draws.chance(0.15),
        awake=draws.chance(0.6),
        chase=draws.pick((0.0, 0.0, 0.005)),
    )
    yield owner.hand.after(broker, draws.pick((1.0, 4.0, 12.0)))
    yield from acts.await_cash(broker, owner.hand, visit, 0.8 * raised)
    pool = broker.market.pools["hongkong"] if draws.chance(0.25) else broker.market.cheap
    names = draws.sample(pool, draws.integer(1, 3))
    for n in names:
        for _ in range(draws.integer(1, 3)):
            value = owner.account.free * draws.between(0.3, 1.0)
            acts.buy(broker, owner.hand, visit, n, value, chase=max(0.0, draws.normal(0.005, 0.012)))
            yield owner.hand.after(broker)


def put_money_in(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Transfer money at once, from a bank or over the link."""
    account, draws = owner.account, owner.draws
    amount = round(draws.lognormal(200_000, 1.1) / 1000) * 1000 or 1000
    if account.linked and draws.chance(0.6):
        everything = draws.chance(0.15)
        acts.pull(broker, owner.hand, visit, account.linked_cash if everything else min(amount, account.linked_cash))
    else:
        broker.deposit(account, amount, "instant_transfer", visit)
    yield owner.hand.after(broker, 0.5)


def take_money_out(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Withdraw part or all of the cash."""
    acts.pay_out(broker, owner.hand, visit, owner.draws.pick((1.0, 0.5, 0.3)))
    yield owner.hand.after(broker)


def setting(name: str, to: str) -> Errand:
    """Change one setting."""

    def errand(broker: Broker, owner: Owner, visit: Visit) -> Script:
        value = acts.new_destination(owner.draws) if name == "payout_account" else to
        yield from acts.change(broker, owner.hand, visit, name, value)

    return errand


def mute(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Too many mails: switch some notices off (or on again)."""
    names = [f"notice.{name}" for name in ("login", "execution", "withdrawal", "cash")]
    for name in owner.draws.sample(names, owner.draws.integer(1, 3)):
        on = owner.account.notices.get(name[7:], True)
        yield from acts.change(broker, owner.hand, visit, name, "off" if on else "on")


def unlink(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Switch the automatic pull from the bank on or off."""
    if owner.account.linked:
        yield from acts.change(broker, owner.hand, visit, "sweep", "off" if owner.account.sweeps else "on")


def strengthen(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Register a better second factor."""
    to = owner.draws.weighted(("passkey", "totp", "sms_otp", "email_otp"), (4, 2, 3, 2))
    yield from acts.change(broker, owner.hand, visit, "mfa", to)


def empty_link(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Pull most of what lies in the linked bank, in one or a few goes."""
    account, draws = owner.account, owner.draws
    pulls = draws.pick((1, 1, 1, 2, 3))
    for part in range(pulls):
        if account.linked:
            acts.pull(broker, owner.hand, visit, account.linked_cash / (pulls - part) * draws.between(0.8, 1.0))
            yield owner.hand.after(broker)


def first_margin(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Buy on margin for the first time, with an account opened for it today or long ago."""
    draws, account, market = owner.draws, owner.account, broker.market
    account.margin_ratio = account.margin_ratio or draws.between(1.8, 3.0)
    yield from acts.unlock(broker, owner.hand, visit)
    for _ in range(draws.integer(1, 4)):
        n = draws.pick(market.cheap) if draws.chance(0.3) else market.choose(draws, "tokyo")
        value = broker.margin_power(account) * min(1.0, draws.lognormal(0.25, 0.8))
        acts.buy(broker, owner.hand, visit, n, value, margin=True)
        yield owner.hand.after(broker)


def weaken(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """The second factor is a nuisance: off, or back to a weaker one."""
    if owner.account.factor:
        to = owner.draws.weighted(("off", "email_otp", "sms_otp"), (3, 2, 2))
        yield from acts.change(broker, owner.hand, visit, "mfa", to)


def alert_me(broker: Broker, owner: Owner, visit: Visit) -> Script:
    """Switch on every notice that is off."""
    for name, on in list(owner.account.notices.items()):
        if not on and name != "setting":
            yield from acts.change(broker, owner.hand, visit, f"notice.{name}", "on")


# What owners do on the day the news reports thefts.
PRECAUTIONS: tuple[Errand, ...] = (
    look, setting("password", "changed"), setting("trading_pin", "changed"), strengthen, alert_me, unlink,
    setting("aggregator", "off"), setting("lock", "on"),
)  # fmt: skip
