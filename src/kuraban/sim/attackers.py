"""Campaigns: which attackers come, whom they pick, and when."""

from kuraban.sim import crews, errands, intrusion, thefts, times
from kuraban.sim.aftermath import aftermath
from kuraban.sim.agenda import Script
from kuraban.sim.broker import Broker
from kuraban.sim.crews import Crew, Foothold
from kuraban.sim.customers import Owner
from kuraban.sim.draws import Draws
from kuraban.sim.families import Family, families_of
from kuraban.sim.life import Life
from kuraban.sim.parameters import World
from kuraban.sim.stream import Takeover
from kuraban.sim.thefts import GOALS, Target

_LEAST_WORTH = 250_000.0  # a thief does not bother below (assumption)


class Underworld:
    """Plans every campaign of a world before its first day."""

    def __init__(
        self, world: World, broker: Broker, life: Life, owners: list[Owner], first_day: int, days: int, wanted: int
    ) -> None:
        self.world, self.broker, self.life, self.owners = world, broker, life, owners
        self.first_day, self.days = first_day, days
        self.takeovers: list[Takeover] = []
        self._draws = world.draws(9)
        self._taken: set[int] = set()
        self._families = families_of(world.name)
        self._numbers: dict[str, int] = {}
        self._plan(wanted)
        self._noise()

    def _plan(self, wanted: int) -> None:
        """Campaigns until the number of takeovers is reached: every family once, then by weight."""
        rest, once = list(self._families), list(self._families)
        while rest and len(self.takeovers) < wanted:
            pool = once or rest
            family = self._draws.weighted(pool, [f.weight for f in pool])
            if once:
                once.remove(family)
            before = len(self.takeovers)
            self._campaign(family, wanted - before)
            if len(self.takeovers) == before:  # nobody is left for them
                rest = [f for f in rest if f is not family]

    def _campaign(self, family: Family, most: int) -> None:
        number = self._numbers[family.name] = self._numbers.get(family.name, 0) + 1
        name = f"{family.name}-{number}"
        draws = self.world.draws(10, sum(self._numbers.values()))
        crew = crews.form_crew(self.world, self.broker, family, name, draws)
        size = max(2, round(draws.normal(self.world["ring_accounts"], 1.2))) if family.crew else draws.integer(3, 6)
        victims = self._victims(family, draws, min(size, most))
        day = self._day(draws, family)
        leveraged = family.goal == "margin"
        target = thefts.pick_target(self.broker, draws, day, margin=leveraged)
        footholds = [self._settle(crew, owner) for owner in victims]
        if family.entry == "stuffing" and victims:
            self._spray(crew, target, [f for f in footholds if draws.chance(self.world["checked"])])
        for foothold in footholds:
            if not family.crew and draws.chance(0.7):  # each of these has a day of his own
                target = thefts.pick_target(self.broker, draws, self._day(draws, family), margin=leveraged)
            self._attack(foothold, target)
        if family.goal in ("ring", "margin") and victims:
            start = target.opening - int(draws.between(0.5, 30.0) * times.HOUR)
            self.broker.agenda.start(start, thefts.accomplices(self.broker, crew, target))
            self._chasers(target, draws, draws.poisson(self.world["chasers"] * len(victims)))

    def _chasers(self, target: Target, draws: Draws, count: int) -> None:
        """Owners who see a name rise and jump on it."""
        quick = [o for o in self.owners if o.segment in ("day_trader", "penny_fan", "active", "margin_user")]
        for owner in draws.sample(quick, count):
            start = target.opening + int(target.length * draws.uniform()) + int(draws.exponential(1.5) * times.HOUR)
            errand = errands.buy_one(draws.pick(target.names))
            self.broker.agenda.start(start, self.life.visit(owner, [errands.look, errand]))

    def _day(self, draws: Draws, family: Family) -> int:
        warmup = self.world["warmup"]
        last = 0.75 if family.goal in ("slow", "payout") else 0.96
        first = self.first_day + int(self.days * warmup) + 1
        possible = [d for d in range(first, self.first_day + round(self.days * last)) if times.is_business(d)]
        return draws.pick(possible) if possible else self.first_day + self.days - 1

    def _victims(self, family: Family, draws: Draws, count: int) -> list[Owner]:
        found: list[Owner] = []
        for _ in range(60 * count + 200):
            if len(found) >= count:
                break
            owner = draws.pick(self.owners)
            if owner.account.index not in self._taken and self._suits(family, owner):
                self._taken.add(owner.account.index)
                found.append(owner)
        return found

    def _suits(self, family: Family, owner: Owner) -> bool:
        account = owner.account
        worth = self.broker.worth(account)
        spendable = account.cash + (account.linked_cash if account.linked else 0.0)
        fits = {
            "any": worth > _LEAST_WORTH,
            "dormant": owner.segment in ("dormant", "saver") and spendable > 100_000,
            "linked": account.linked and account.linked_cash > 200_000,
            "margin": account.margin_ratio > 0 and worth > _LEAST_WORTH,
            "desk": worth > _LEAST_WORTH and owner.desk is not None and owner.segment != "dormant",
        }[family.victims]
        if owner.opens or not fits or not self._draws.chance((worth + spendable) / 4e6):
            return False  # richer accounts are likelier to be worth the trouble
        if family.entry == "stuffing":
            return account.factor in ("", "email_otp") or (family.goal == "look" and account.factor != "passkey")
        if family.entry == "relay":
            return account.factor != "passkey" and owner.segment != "dormant"
        if family.entry == "cookie":
            return owner.visits > 0.15
        return True

    def _spray(self, crew: Crew, target: Target, hits: list[Foothold]) -> None:
        draws = crew.draws
        count = round(len(self.owners) * self.world["spray_accounts"] * draws.lognormal(1.0, 0.4))
        hours = draws.lognormal(3.0, 0.8)
        start = target.opening - int((hours + draws.exponential(30.0)) * times.HOUR)
        script = intrusion.spray(self.broker, crew, self.owners, count, hours, hits)
        self.broker.agenda.start(max(self._earliest(), start), script)

    def _noise(self) -> None:
        """Lists that are tried and lead nowhere: most sprays."""
        for number in range(self._draws.poisson(2.0 * self.days / 40)):
            draws = self.world.draws(11, number)
            crew = crews.form_crew(self.world, self.broker, self._families[0], "", draws) if self._families else None
            if crew is None:
                return
            count = round(len(self.owners) * self.world["spray_accounts"] * draws.lognormal(0.6, 0.6))
            start = times.midnight(self.first_day) + int(draws.uniform() * self.days * times.DAY)
            script = intrusion.spray(self.broker, crew, self.owners, count, draws.lognormal(4.0, 1.0))
            self.broker.agenda.start(start, script)

    def _settle(self, crew: Crew, owner: Owner) -> Foothold:
        takeover = Takeover(owner.account.number, crew.family.name, crew.name)
        self.takeovers.append(takeover)
        return crews.settle(crew, self.broker, owner, takeover)

    def _attack(self, foothold: Foothold, target: Target) -> None:
        crew, world = foothold.crew, self.world
        draws = crew.draws
        start = target.opening + int(target.length * draws.uniform() ** 0.8)
        if draws.chance(world["ring_reserve"]):
            start += int(draws.between(0.5, 3.0) * times.HOUR)
        if target.night and crew.family.goal in ("ring", "margin"):
            evening = times.midnight(times.day_at(target.opening)) - int(draws.between(1.0, 6.0) * times.HOUR)
            start = min(start, evening)
        if crew.family.goal in ("payout", "look", "sweep") and draws.chance(0.6):
            day = times.day_at(target.opening)
            start = times.midnight(day) + int(draws.uniform() * times.DAY)
            if foothold.keeps_hours:
                hour = draws.cumulative(range(24), foothold.owner.hours)
                start = times.midnight(day) + int((hour + draws.uniform()) * times.HOUR)
        if crew.family.entry != "cookie" and draws.chance(world["visits_before"]):
            ahead = (0.3 + draws.exponential(1.0 + world["mutes_ahead_days"])) * times.DAY
            self.broker.agenda.start(max(self._earliest(), start - int(ahead)), thefts.scout(self.broker, foothold))
        self.broker.agenda.start(start, self._act(foothold, target))

    def _earliest(self) -> int:
        return times.midnight(self.first_day + int(self.days * self.world["warmup"] * 0.8))

    def _act(self, foothold: Foothold, target: Target) -> Script:
        self.broker.agenda.start(self.broker.now, aftermath(self.life, foothold, target))
        yield from GOALS[foothold.crew.family.goal](self.broker, foothold, target)
