"""The days of owners: when they come, and the turns of life that change what they come with."""

from collections.abc import Sequence

from kuraban.sim import acts, errands, times, whereabouts
from kuraban.sim.agenda import Script
from kuraban.sim.books import Client, Visit
from kuraban.sim.broker import Broker
from kuraban.sim.customers import Owner
from kuraban.sim.errands import Errand
from kuraban.sim.market import Crowd
from kuraban.sim.turns import RATE, TURNS, WEIGHTS


class Life:
    """Plans every owner's day and runs his visits."""

    def __init__(self, broker: Broker, owners: list[Owner], first_day: int, days: int) -> None:
        self.broker, self.owners = broker, owners
        self._turns = broker.world["turns"] * RATE
        self.scares, self._outages = self._draw_days(first_day, days)

    def _draw_days(self, first_day: int, days: int) -> tuple[dict[int, float], dict[int, int]]:
        """Days on which the news of thefts scares owners, and on which an aggregator's logins all fail."""
        draws, world = self.broker.world.draws(12), self.broker.world
        scares, outages = {}, {}
        for _ in range(draws.poisson(world["scares"] * days / 40)):
            scares[first_day + draws.integer(0, days - 1)] = draws.between(0.01, 0.05)
        for _ in range(draws.poisson(world["outages"] * days / 40)):
            outages[first_day + draws.integer(0, days - 1)] = draws.integer(0, 2)
        return scares, outages

    def plan(self, day: int) -> None:
        """Put the visits of one day on the agenda."""
        crowds = [(c, share) for c, share in self.broker.market.crowds_on(day) if times.is_business(day)]
        crash = day in self.broker.market.crash_days
        workday = times.is_business(day)
        month_day = times.month_day(day)
        for owner in self.owners:
            if owner.away or owner.opens > day:
                continue
            self._plan_owner(owner, day, month_day, crowds, workday=workday, crash=crash)

    def _plan_owner(
        self, owner: Owner, day: int, month_day: int, crowds: list[tuple[Crowd, float]], *, workday: bool, crash: bool
    ) -> None:
        draws = owner.draws
        if owner.opens == day:
            self.broker.agenda.start(times.midnight(day) + self.moment(owner), self._first_steps(owner))
            return
        rate = owner.visits * (1.0 if workday else owner.weekend) * (1.6 if crash else 1.0)
        for _ in range(draws.poisson(rate)):
            chosen: list[Errand] = [errands.look]
            if draws.chance(owner.habits.trades):
                chosen.append(errands.trade)
            elif draws.chance(0.03):
                chosen.append(errands.put_money_in if draws.chance(0.5) else errands.take_money_out)
            self.come(owner, day, chosen)
        if draws.chance(self._turns * (1.0 if owner.visits > 0.1 else 0.4)):
            self._turn(owner, day)
        if draws.chance(self.scares.get(day, 0.0) * (0.3 if owner.segment == "dormant" else 1.0)):
            self.come(owner, day, draws.sample(errands.PRECAUTIONS, draws.integer(1, 3)))
        for crowd, share in crowds:
            if draws.chance(share * owner.crowd):
                self._join(owner, day, crowd)
        sellers = self.broker.world["crash_sellers"]
        if crash and owner.account.positions and draws.chance(sellers * (0.15 if owner.segment == "dormant" else 1.0)):
            start = times.midnight(day) + int(draws.between(8.9, 15.0) * times.HOUR)
            self.broker.agenda.start(start, self.visit(owner, [errands.flee]))
        self._routine(owner, day, month_day)

    def _turn(self, owner: Owner, day: int) -> None:
        turn = owner.draws.weighted(TURNS, WEIGHTS)
        idle = owner.segment == "dormant"
        meant = not turn.of or owner.segment in turn.of or owner.draws.chance(turn.others)
        if meant and (not idle or (turn.idle_too and owner.draws.chance(0.4))):
            turn.act(self, owner, day)

    def moment(self, owner: Owner) -> int:
        """A moment of the day, by the owner's rhythm."""
        hour = owner.draws.cumulative(range(24), owner.hours)
        return hour * times.HOUR + int(owner.draws.uniform() * times.HOUR)

    def come(self, owner: Owner, day: int, chosen: Sequence[Errand]) -> None:
        """Plan a visit at an hour that is usual for the owner."""
        self.broker.agenda.start(times.midnight(day) + self.moment(owner), self.visit(owner, chosen))

    def _join(self, owner: Owner, day: int, crowd: Crowd) -> None:
        errand = errands.buy_one(crowd.instrument) if crowd.side == "buy" else errands.sell_one(crowd.instrument)
        if crowd.side == "sell" and crowd.instrument not in owner.account.positions:
            return
        delay = int(owner.draws.exponential(0.3 if crowd.kind == "circle" else 2.5) * times.HOUR)
        start = times.midnight(day) + crowd.start + delay
        self.broker.agenda.start(start, self.visit(owner, [errands.look, errand]))

    def _routine(self, owner: Owner, day: int, month_day: int) -> None:
        """Payday, monthly fund plans, the household-book service."""
        draws, account = owner.draws, owner.account
        start = times.midnight(day)
        if account.linked and month_day == owner.payday:
            account.linked_cash += round(draws.lognormal(250_000, 0.5))
        if owner.saving and month_day == owner.payday + 1:
            self.broker.agenda.start(start + int(draws.between(7, 15) * times.HOUR), self.save(owner, owner.saving))
        for due, fund, amount in owner.plans:
            if self._is_due(day, due):
                batch = start + int(draws.between(4.0, 7.5) * times.HOUR)
                self.broker.agenda.start(batch, self._plan_order(owner, fund, amount))
        if month_day == 10 and times.date_of(day).month in (6, 12) and draws.chance(0.25):
            self.broker.agenda.start(
                start + int(draws.between(9, 15) * times.HOUR), self.save(owner, owner.saving * 5 + 50_000)
            )
        if owner.aggregator and draws.chance(0.93):
            minute = owner.aggregator.minute + draws.exponential(6.0)
            self.broker.agenda.start(start + int(minute * times.MINUTE), self._aggregate(owner))

    def _is_due(self, day: int, due: int) -> bool:
        """Whether a monthly plan is carried out on this day: its own, or the next on which banks work."""
        return times.is_business(day) and any(
            times.month_day(day - back) == due
            for back in range(10)
            if not any(times.is_business(day - between) for between in range(1, back + 1))
        )

    # ---- scripts -----------------------------------------------------------------------------------------------

    def visit(self, owner: Owner, chosen: Sequence[Errand], *, fails: int = -1) -> Script:
        """One visit: arrive, sign in, run the errands, leave or just stop."""
        broker, draws = self.broker, owner.draws
        if owner.away:
            return
        client = whereabouts.reach(broker, owner)
        if fails < 0:
            fails = draws.poisson(0.06)
        visit = self._resume(owner, client) if not fails else None
        if visit is None:
            visit = yield from acts.sign_in(broker, owner.hand, owner.account, client, None, fails=fails)
        if visit is None:
            return
        for errand in chosen:
            yield owner.hand.after(broker)
            if draws.chance(0.04):
                visit = self._switch(owner, visit)
            yield from errand(broker, owner, visit)
        if draws.chance(owner.leaves):
            yield owner.hand.after(broker)
            broker.leave(visit)

    def _resume(self, owner: Owner, client: Client) -> Visit | None:
        """An app that keeps its session needs no login: the old session goes on, wherever the telephone now is."""
        last = owner.account.last
        if not owner.stays or last is None or last.ended or client.channel != "app" or owner.draws.chance(0.2):
            return None
        if last.client.device != client.device or self.broker.now - last.seen > 6 * times.DAY:
            return None
        visit = self.broker.visit(owner.account, last.session, client, None)
        visit.login, visit.seen = last.login, self.broker.now
        owner.account.last = visit
        return visit

    def _switch(self, owner: Owner, visit: Visit) -> Visit:
        client = whereabouts.switch(self.broker, owner, visit.client)
        if client is visit.client:
            return visit
        moved = self.broker.visit(owner.account, visit.session, client, None)
        moved.pin_given, moved.login, moved.seen = visit.pin_given, visit.login, self.broker.now
        owner.account.last = moved
        return moved

    def save(self, owner: Owner, amount: int) -> Script:
        """Money arrives from outside."""
        self.broker.deposit(owner.account, amount, owner.draws.pick(("bank_transfer", "direct_debit")))
        yield from ()

    def _plan_order(self, owner: Owner, fund: int, amount: int) -> Script:
        broker, account = self.broker, owner.account
        if account.free < amount and not (account.linked and account.sweeps):
            broker.deposit(account, amount, "direct_debit")
            yield broker.now + int(owner.draws.lognormal(40 * times.MINUTE, 0.6))
        price = broker.market.price(fund, broker.now)
        units = int(amount / (price * broker.market.instruments[fund].unit))
        broker.exchange.place(None, account, fund, "buy", units, None, recurring=True)

    def _aggregate(self, owner: Owner) -> Script:
        broker = self.broker
        if owner.aggregator is None:
            return
        client = whereabouts.aggregator_client(broker, owner)
        fails = 3 if owner.draws.chance(0.01) else 0
        if self._outages.get(broker.today) == owner.aggregator.service:
            for _ in range(3):
                broker.fail(owner.account, client, "password", None)
                yield broker.now + int(owner.draws.lognormal(60_000, 0.5))
            return
        visit = yield from acts.sign_in(broker, owner.hand, owner.account, client, None, fails=fails)
        if visit is not None:
            yield broker.now + int(owner.draws.lognormal(4_000, 0.5))
            broker.leave(visit)

    def _first_steps(self, owner: Owner) -> Script:
        """A new account: money in, then the first purchases over the following days."""
        broker, draws = self.broker, owner.draws
        yield from self.visit(owner, [errands.look, errands.strengthen][: draws.integer(1, 2)], fails=0)
        yield broker.now + int(draws.exponential(10) * times.HOUR)
        broker.deposit(owner.account, round(draws.lognormal(400_000, 1.2) / 1000) * 1000 + 1000, "bank_transfer")
        for _ in range(draws.integer(1, 4)):
            yield broker.now + int(draws.exponential(20) * times.HOUR)
            yield from self.visit(owner, [errands.look, errands.trade], fails=0)
