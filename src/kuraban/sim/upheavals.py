"""Turns of life that look like a theft: settings that guard money, everything sold, the long absent who come back."""

from typing import TYPE_CHECKING

from kuraban.sim import acts, errands, times, whereabouts
from kuraban.sim.agenda import Script
from kuraban.sim.customers import Owner
from kuraban.sim.errands import Errand

if TYPE_CHECKING:
    from kuraban.sim.life import Life


def at_usual_hour(life: "Life", owner: Owner, day: int, script: Script) -> int:
    """Start a script at an hour that is usual for the owner; returns when."""
    start = times.midnight(day) + life.moment(owner)
    life.broker.agenda.start(start, script)
    return start


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
    at_usual_hour(life, owner, day, _leave(life, owner))


def _leave(life: "Life", owner: Owner) -> Script:
    broker, draws = life.broker, owner.draws
    yield from life.visit(owner, [errands.flee])
    for _ in range(draws.integer(1, 2)):
        yield acts.settled_later(broker, draws)
        yield from life.visit(owner, [errands.flee, errands.take_money_out])
    owner.away = draws.chance(0.7)


def rotate(life: "Life", owner: Owner, day: int) -> None:
    """Everything into one or a few thin names, mostly while the market is open."""
    chosen = [errands.look, errands.rotate]
    if owner.draws.chance(0.3):
        life.come(owner, day, chosen)
        return
    start = times.midnight(times.business_after(day - 1)) + int(owner.draws.between(8.9, 14.8) * times.HOUR)
    life.broker.agenda.start(start, life.visit(owner, chosen))


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
    start = at_usual_hour(life, owner, day, life.visit(owner, chosen, fails=draws.poisson(1.2)))
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


def weaken(life: "Life", owner: Owner, day: int) -> None:
    """The second factor off, or a weaker one."""
    life.come(owner, day, [errands.weaken])


def first_margin(life: "Life", owner: Owner, day: int) -> None:
    """The first purchases on margin, perhaps the only ones for years."""
    life.come(owner, day, [errands.look, errands.first_margin])


def forgot(life: "Life", owner: Owner, day: int) -> None:
    """Failures, then a new password."""
    chosen = [errands.setting("password", "changed"), errands.look]
    if owner.draws.chance(0.3):
        chosen.append(errands.setting("trading_pin", "changed"))
    at_usual_hour(life, owner, day, life.visit(owner, chosen, fails=owner.draws.integer(2, 6)))


def password(life: "Life", owner: Owner, day: int) -> None:
    """A new password for no particular reason."""
    life.come(owner, day, [errands.setting("password", "changed")])


def contact(life: "Life", owner: Owner, day: int) -> None:
    """Another mail address or telephone number."""
    life.come(owner, day, [errands.setting(owner.draws.pick(("email", "phone")), "changed")])


def old_password(life: "Life", owner: Owner, day: int) -> None:
    """An app or program that keeps trying a password that is no longer right."""
    at_usual_hour(life, owner, day, _knock(life, owner))


def _knock(life: "Life", owner: Owner) -> Script:
    broker, draws = life.broker, owner.draws
    client = whereabouts.reach(broker, owner)
    for _ in range(draws.integer(4, 40)):
        broker.fail(owner.account, client, "password", None)
        yield broker.now + int(draws.lognormal(20_000, 1.2))


def helpdesk(life: "Life", owner: Owner, day: int) -> None:
    """Locked out for good."""
    at_usual_hour(life, owner, day, _helpdesk(life, owner))


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


def lock(life: "Life", owner: Owner, day: int) -> None:
    """A worried owner locks the account for some days."""
    start = at_usual_hour(life, owner, day, life.visit(owner, [errands.setting("lock", "on")]))
    later = start + int(owner.draws.between(0.5, 12) * times.DAY)
    life.broker.agenda.start(later, life.visit(owner, [errands.setting("lock", "off"), errands.look]))
