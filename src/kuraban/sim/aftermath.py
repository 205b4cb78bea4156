"""What follows a theft: the owner finds out, the broker replaces his credentials, some thieves come back."""

from kuraban.sim import errands, times
from kuraban.sim.agenda import Script
from kuraban.sim.crews import Foothold
from kuraban.sim.life import Life
from kuraban.sim.thefts import GOALS, Target


def aftermath(life: Life, foothold: Foothold, target: Target, *, again: bool = False) -> Script:
    """The owner finds out, soon or late; the broker resets him; some thieves come back, once."""
    broker, draws, owner = life.broker, foothold.crew.draws, foothold.owner
    account, takeover = owner.account, foothold.takeover
    alert = account.notices.get("execution") and draws.chance(broker.world["notices_read"])
    hours = draws.lognormal(5.0, 0.9) if alert else draws.lognormal(90.0, 0.9)
    if owner.segment == "dormant" and not alert:
        hours *= 6
    latest = broker.now + int(hours * times.HOUR)
    while broker.now < latest and not account.knocked:  # who finds himself locked out does not wait
        yield min(latest, broker.now + int(draws.exponential(3.0) * times.HOUR) + times.MINUTE)
    account.knocked = False
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
    comes_back = not again and (draws.chance(broker.world["returns"]) or foothold.crew.family.flood)
    if comes_back and foothold.crew.family.entry in ("relay", "cookie"):
        yield broker.now + int(draws.lognormal(20.0, 0.8) * times.HOUR)
        foothold.credentials = account.credentials
        broker.agenda.start(broker.now, aftermath(life, foothold, target, again=True))
        later = Target(target.names, broker.now, target.length, night=False)
        yield from GOALS[foothold.crew.family.goal](broker, foothold, later)
