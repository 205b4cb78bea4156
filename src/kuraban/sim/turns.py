"""Turns of life: the rare events that change what an owner comes with, and how often each of them happens."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from kuraban.sim import errands, times, upheavals, whereabouts
from kuraban.sim.agenda import Script
from kuraban.sim.books import Visit
from kuraban.sim.broker import Broker
from kuraban.sim.customers import Owner
from kuraban.sim.errands import Errand
from kuraban.sim.upheavals import at_usual_hour

if TYPE_CHECKING:
    from kuraban.sim.life import Life


def new_phone(life: "Life", owner: Owner, day: int) -> None:
    """Another telephone; the next visit comes from it."""
    whereabouts.new_phone(life.broker, owner)
    chosen: list[Errand] = [errands.look]
    if owner.draws.chance(0.4):
        chosen.append(errands.setting("device", owner.draws.pick(("registered", "replaced"))))
    life.come(owner, day, chosen)


def new_desk(life: "Life", owner: Owner, day: int) -> None:
    """Another computer."""
    if owner.desk and owner.desk.channel != "api":
        whereabouts.new_desk(life.broker, owner)
        life.come(owner, day, [errands.look])


def move(life: "Life", owner: Owner, day: int) -> None:
    """Another house, another line."""
    whereabouts.move_house(owner)
    life.come(owner, day, [errands.setting("address", "changed")])


def trip(life: "Life", owner: Owner, day: int) -> None:
    """Some days abroad."""
    whereabouts.travel(owner, day, owner.draws.integer(2, 12), far=True)
    if owner.draws.chance(0.3):
        life.come(owner, day + 1, [errands.look, errands.trade])


def weekend(life: "Life", owner: Owner, day: int) -> None:
    """A few days at a hotel or with the family, elsewhere in Japan."""
    whereabouts.travel(owner, day, owner.draws.integer(1, 4), far=False)


def strengthen(life: "Life", owner: Owner, day: int) -> None:
    """A better second factor."""
    life.come(owner, day, [errands.strengthen])


def cleared(life: "Life", owner: Owner, day: int) -> None:
    """The browser's memory is gone."""
    whereabouts.lose_token(life.broker, owner)


def asked(life: "Life", owner: Owner, day: int) -> None:
    """The broker asks the owner of his own visit: he confirms, or does not remember."""
    at_usual_hour(life, owner, day, _asked(life, owner))


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
    """A rare event and how often it happens to an owner who uses his account.

    `rate` is an estimate of real life, a day (assumption); the world's `turns` enriches all of them. Owners of other
    segments than `of` take part with the share `others` of the rate.
    """

    act: Callable[["Life", Owner, int], None]
    rate: float
    idle_too: bool  # also happens to owners that hardly ever come
    of: tuple[str, ...] = ()
    others: float = 1.0


TURNS = (
    Turn(new_phone, 1 / 1600, True),  # kept for about four and a half years
    Turn(new_desk, 1 / 2200, True),
    Turn(move, 1 / 5000, True),
    Turn(trip, 1 / 1200, False),
    Turn(weekend, 1 / 60, False),
    Turn(cleared, 1 / 150, False),
    Turn(by_phone, 1 / 800, True),
    Turn(big_deposit, 1 / 900, True),
    Turn(aggregator, 1 / 4000, False),
    Turn(asked, 1 / 10_000, False),
    Turn(strengthen, 1 / 700, False),
    Turn(upheavals.forgot, 1 / 800, True),
    Turn(upheavals.password, 1 / 1500, False),
    Turn(upheavals.old_password, 1 / 1500, True),
    Turn(upheavals.helpdesk, 1 / 4000, True),
    Turn(upheavals.lock, 1 / 4000, False),
    Turn(upheavals.contact, 1 / 2500, False),
    Turn(upheavals.payout, 1 / 3000, True),
    Turn(upheavals.payout_and_out, 1 / 6000, True),
    Turn(upheavals.mute, 1 / 900, False),
    Turn(upheavals.weaken, 1 / 4000, False),
    Turn(upheavals.sweep, 1 / 900, True),
    Turn(upheavals.leave, 1 / 6000, True),
    Turn(upheavals.flee, 1 / 2500, True),
    Turn(upheavals.rotate, 1 / 700, True, ("penny_fan", "day_trader"), 0.2),
    Turn(upheavals.first_margin, 1 / 400, False, ("margin_user", "day_trader"), 0.15),
    Turn(upheavals.comeback, 1 / 200, True, ("dormant", "saver"), 0.0),
)
RATE = sum(turn.rate for turn in TURNS)
WEIGHTS = tuple(turn.rate for turn in TURNS)
