"""Turns of life: the rare events that change what an owner comes with, many of which resemble a theft."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from kuraban.sim import acts, errands, times, whereabouts
from kuraban.sim.agenda import Script
from kuraban.sim.books import Visit
from kuraban.sim.broker import Broker
from kuraban.sim.customers import Owner
from kuraban.sim.errands import Errand

if TYPE_CHECKING:
    from kuraban.sim.life import Life


def _at(life: "Life", owner: Owner, day: int, script: Script) -> int:
    start = times.midnight(day) + life.moment(owner)
    life.broker.agenda.start(start, script)
    return start


def new_phone(life: "Life", owner: Owner, day: int) -> None:
    """Another telephone; the next visit comes from it."""
    whereabouts.new_phone(life.broker, owner)
    chosen: list[Errand] = [errands.look]
    if owner.draws.chance(0.4):
        chosen.append(errands.setting("device", owner.draws.pick(("registered", "replaced"))))
    life.come(owner, day, chosen)


def move(life: "Life", owner: Owner, day: int) -> None:
    """Another house, another line."""
    whereabouts.move_house(owner)
    life.come(owner, day, [errands.setting("address", "changed")])


def trip(life: "Life", owner: Owner, day: int) -> None:
    """Some days abroad."""
    whereabouts.travel(owner, day, owner.draws.integer(2, 12))
    if owner.draws.chance(0.3):
        life.come(owner, day + 1, [errands.look, errands.trade])


def forgot(life: "Life", owner: Owner, day: int) -> None:
    """Failures, then a new password."""
    chosen = [errands.setting("password", "changed"), errands.look]
    if owner.draws.chance(0.3):
        chosen.append(errands.setting("trading_pin", "changed"))
    _at(life, owner, day, life.visit(owner, chosen, fails=owner.draws.integer(2, 6)))


def payout(life: "Life", owner: Owner, day: int) -> None:
    """Another bank account."""
    life.come(owner, day, [errands.setting("payout_account", "")])


def payout_and_out(life: "Life", owner: Owner, day: int) -> None:
    """Another bank account, and money to it at once."""
    chosen: list[Errand] = [errands.setting("payout_account", ""), errands.take_money_out]
    if owner.draws.chance(0.3):
        chosen.insert(0, errands.put_money_in)
    if owner.draws.chance(0.3):
        chosen.insert(0, errands.setting("password", "changed"))
    life.come(owner, day, chosen)


def leave(life: "Life", owner: Owner, day: int) -> None:
    """Sell everything, take the money, go to another broker."""
    _at(life, owner, day, _leave(life, owner))


def _leave(life: "Life", owner: Owner) -> Script:
    broker, draws = life.broker, owner.draws
    yield from life.visit(owner, [errands.flee])
    for _ in range(draws.integer(1, 2)):
        yield acts.settled_later(broker, draws)
        yield from life.visit(owner, [errands.flee, errands.take_money_out])
    owner.away = draws.chance(0.7)


def rotate(life: "Life", owner: Owner, day: int) -> None:
    """Everything into one or a few thin names."""
    life.come(owner, day, [errands.look, errands.rotate])


def flee(life: "Life", owner: Owner, day: int) -> None:
    """Out of the market."""
    life.come(owner, day, [errands.look, errands.flee])


def comeback(life: "Life", owner: Owner, day: int) -> None:
    """An owner who had forgotten the account comes back, on new machines, with failures, and puts it in order."""
    draws = owner.draws
    if owner.segment not in ("dormant", "saver"):
        return
    if draws.chance(0.5):
        whereabouts.new_phone(life.broker, owner)
    if draws.chance(0.2):
        whereabouts.move_house(owner)
    options: tuple[Errand, ...] = (
        errands.trade, errands.flee, errands.rotate, errands.take_money_out, errands.strengthen,
        errands.setting("password", "changed"), errands.setting("email", "changed"), errands.put_money_in,
        errands.empty_link,
    )  # fmt: skip
    chosen = [errands.look, *draws.sample(options, draws.integer(1, 3))]
    start = _at(life, owner, day, life.visit(owner, chosen, fails=draws.poisson(1.2)))
    for later in range(1, draws.integer(2, 6)):
        when = start + later * times.DAY + int(draws.normal(0.0, 2.0) * times.HOUR)
        life.broker.agenda.start(when, life.visit(owner, [errands.look, errands.trade]))


def mute(life: "Life", owner: Owner, day: int) -> None:
    """Notices off or on."""
    life.come(owner, day, [errands.mute])


def sweep(life: "Life", owner: Owner, day: int) -> None:
    """The bank link is switched, or emptied into the account and spent."""
    chosen: list[Errand] = [errands.unlink]
    if owner.draws.chance(0.4):
        chosen += [errands.empty_link, errands.trade]
    life.come(owner, day, chosen)


def strengthen(life: "Life", owner: Owner, day: int) -> None:
    """A better second factor."""
    life.come(owner, day, [errands.strengthen])


def password(life: "Life", owner: Owner, day: int) -> None:
    """A new password for no particular reason."""
    life.come(owner, day, [errands.setting("password", "changed")])


def contact(life: "Life", owner: Owner, day: int) -> None:
    """Another mail address or telephone number."""
    life.come(owner, day, [errands.setting(owner.draws.pick(("email", "phone")), "changed")])


def cleared(life: "Life", owner: Owner, day: int) -> None:
    """The browser's memory is gone."""
    whereabouts.lose_token(life.broker, owner)


def old_password(life: "Life", owner: Owner, day: int) -> None:
    """An app or program that keeps trying a password that is no longer right."""
    _at(life, owner, day, _knock(life, owner))


def _knock(life: "Life", owner: Owner) -> Script:
    broker, draws = life.broker, owner.draws
    client = whereabouts.reach(broker, owner)
    for _ in range(draws.integer(4, 40)):
        broker.fail(owner.account, client, "password", None)
        yield broker.now + int(draws.lognormal(20_000, 1.2))


def helpdesk(life: "Life", owner: Owner, day: int) -> None:
    """Locked out for good."""
    _at(life, owner, day, _helpdesk(life, owner))


def _helpdesk(life: "Life", owner: Owner) -> Script:
    broker, draws = life.broker, owner.draws
    client = whereabouts.reach(broker, owner)
    for _ in range(draws.integer(3, 6)):
        broker.fail(owner.account, client, "password", None)
        yield broker.now + int(draws.lognormal(15_000, 0.8))
    yield broker.now + int(draws.between(1, 72) * times.HOUR)
    broker.reset(owner.account, [])
    yield broker.now + int(draws.between(0.2, 30) * times.HOUR)
    yield from life.visit(owner, [errands.setting("password", "changed"), errands.look])


def asked(life: "Life", owner: Owner, day: int) -> None:
    """The broker asks the owner of his own visit: he confirms, or does not remember."""
    _at(life, owner, day, _asked(life, owner))


def _asked(life: "Life", owner: Owner) -> Script:
    recent: list[str] = []

    def remember(broker: Broker, who: Owner, visit: Visit) -> Script:
        if visit.login:
            recent.append(visit.login)
        yield who.hand.after(broker)

    yield from life.visit(owner, [remember, errands.trade])
    yield life.broker.now + int(owner.draws.exponential(8) * times.HOUR)
    if recent:
        life.broker.reset(owner.account, recent, confirmed=owner.draws.chance(0.75))


def big_deposit(life: "Life", owner: Owner, day: int) -> None:
    """An inheritance, a sale, a transfer from another broker; invested soon after."""
    amount = round(owner.draws.lognormal(2e6, 0.9) / 10_000) * 10_000 + 10_000
    start = times.midnight(day) + int(owner.draws.between(8.5, 15) * times.HOUR)
    life.broker.agenda.start(start, life.save(owner, amount))
    life.broker.agenda.start(start + 2 * times.HOUR, life.visit(owner, [errands.look, errands.trade]))


def lock(life: "Life", owner: Owner, day: int) -> None:
    """A worried owner locks the account for some days."""
    start = _at(life, owner, day, life.visit(owner, [errands.setting("lock", "on")]))
    later = start + int(owner.draws.between(0.5, 12) * times.DAY)
    life.broker.agenda.start(later, life.visit(owner, [errands.setting("lock", "off"), errands.look]))


def aggregator(life: "Life", owner: Owner, day: int) -> None:
    """The household-book service is switched off; it keeps trying for a while, or not."""
    life.come(owner, day, [errands.setting("aggregator", "off")])
    owner.aggregator = None


def by_phone(life: "Life", owner: Owner, day: int) -> None:
    """An order given to the call centre."""
    start = times.midnight(day) + int(owner.draws.between(8.6, 16) * times.HOUR)
    life.broker.agenda.start(start, _call(life, owner))


def _call(life: "Life", owner: Owner) -> Script:
    visit = life.broker.call(owner.account)
    for _ in range(owner.draws.integer(1, 3)):
        yield from errands.trade(life.broker, owner, visit)


class Turn(NamedTuple):
    """A rare event: its rate a day, scaled by `turns` of the world (assumptions; enriched, to make them count)."""

    act: Callable[["Life", Owner, int], None]
    rate: float
    idle_too: bool  # also happens to owners that hardly ever come


TURNS = (
    Turn(new_phone, 1 / 500, True),
    Turn(move, 1 / 1500, True),
    Turn(trip, 1 / 150, False),
    Turn(forgot, 1 / 300, True),
    Turn(payout, 1 / 800, True),
    Turn(payout_and_out, 1 / 1200, True),
    Turn(leave, 1 / 2000, True),
    Turn(rotate, 1 / 900, True),
    Turn(flee, 1 / 700, True),
    Turn(comeback, 1 / 300, True),
    Turn(mute, 1 / 300, False),
    Turn(sweep, 1 / 600, True),
    Turn(strengthen, 1 / 300, False),
    Turn(password, 1 / 400, False),
    Turn(contact, 1 / 600, False),
    Turn(cleared, 1 / 90, False),
    Turn(old_password, 1 / 800, True),
    Turn(helpdesk, 1 / 2500, True),
    Turn(asked, 1 / 8000, False),
    Turn(big_deposit, 1 / 400, True),
    Turn(lock, 1 / 1500, False),
    Turn(aggregator, 1 / 2000, False),
    Turn(by_phone, 1 / 400, True),
)
RATE = sum(turn.rate for turn in TURNS)
WEIGHTS = tuple(turn.rate for turn in TURNS)
