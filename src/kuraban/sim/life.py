"""The days of owners: when they come, and the turns of life that change what they come with."""

from collections.abc import Sequence
from typing import NamedTuple

from kuraban.sim import acts, errands, times, whereabouts
from kuraban.sim.agenda import Script
from kuraban.sim.broker import Account, Broker, Visit
from kuraban.sim.customers import Owner
from kuraban.sim.errands import Errand
from kuraban.sim.market import Crowd


class Turn(NamedTuple):
    """A rare event in an owner's life: its rate a day, scaled by `turns` of the world (assumptions)."""

    name: str
    rate: float
    idle_too: bool  # happens to owners that never come, and brings them in


TURNS = (
    Turn("new_phone", 1 / 500, True),
    Turn("move", 1 / 1500, True),
    Turn("trip", 1 / 150, False),
    Turn("forgot", 1 / 250, True),
    Turn("payout", 1 / 700, True),
    Turn("payout_and_out", 1 / 1200, True),
    Turn("leave", 1 / 2000, True),
    Turn("rotate", 1 / 900, True),
    Turn("flee", 1 / 700, True),
    Turn("comeback", 1 / 400, True),
    Turn("mute", 1 / 300, False),
    Turn("sweep", 1 / 500, True),
    Turn("strengthen", 1 / 300, False),
    Turn("password", 1 / 350, False),
    Turn("contact", 1 / 600, False),
    Turn("cleared", 1 / 90, False),
    Turn("old_password", 1 / 800, True),
    Turn("helpdesk", 1 / 2500, True),
    Turn("not_mine", 1 / 8000, False),
    Turn("big_deposit", 1 / 400, True),
)
_TOTAL = sum(turn.rate for turn in TURNS)


class Life:
    """Plans every owner's day and runs his visits."""

    def __init__(self, broker: Broker, owners: list[Owner]) -> None:
        self.broker, self.owners = broker, owners
        self._turns = broker.world["turns"] * _TOTAL
        self._weights = [turn.rate for turn in TURNS]

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
            self.broker.agenda.start(times.midnight(day) + self._time(owner), self._first_steps(owner))
            return
        rate = owner.visits * (1.0 if workday else owner.weekend) * (1.6 if crash else 1.0)
        for _ in range(draws.poisson(rate)):
            chosen: list[Errand] = [errands.look]
            if draws.chance(owner.habits.trades):
                chosen.append(errands.trade)
            elif draws.chance(0.03):
                chosen.append(errands.put_money_in if draws.chance(0.5) else errands.take_money_out)
            self._come(owner, day, chosen)
        if draws.chance(self._turns * (1.0 if owner.visits > 0.1 else 0.4)):
            self._turn(owner, day, TURNS[self._which(owner)])
        for crowd, share in crowds:
            if draws.chance(share * owner.crowd):
                self._join(owner, day, crowd)
        sellers = self.broker.world["crash_sellers"]
        if crash and owner.account.positions and draws.chance(sellers * (0.15 if owner.segment == "dormant" else 1.0)):
            start = times.midnight(day) + int(draws.between(8.9, 15.0) * times.HOUR)
            self.broker.agenda.start(start, self.visit(owner, [errands.flee]))
        self._routine(owner, day, month_day)

    def _which(self, owner: Owner) -> int:
        return owner.draws.weighted(range(len(TURNS)), self._weights)

    def _time(self, owner: Owner) -> int:
        """A moment of the day, by the owner's rhythm."""
        hour = owner.draws.cumulative(range(24), owner.hours)
        return hour * times.HOUR + int(owner.draws.uniform() * times.HOUR)

    def _come(self, owner: Owner, day: int, chosen: list[Errand]) -> None:
        self.broker.agenda.start(times.midnight(day) + self._time(owner), self.visit(owner, chosen))

    def _join(self, owner: Owner, day: int, crowd: Crowd) -> None:
        errand = errands.buy_one(crowd.instrument) if crowd.side == "buy" else errands.sell_one(crowd.instrument)
        if crowd.side == "sell" and crowd.instrument not in owner.account.positions:
            return
        delay = int(owner.draws.exponential(2.5) * times.HOUR)
        start = times.midnight(day) + crowd.start + delay
        self.broker.agenda.start(start, self.visit(owner, [errands.look, errand]))

    def _routine(self, owner: Owner, day: int, month_day: int) -> None:
        """Payday, monthly fund plans, the household-book service."""
        draws, account = owner.draws, owner.account
        start = times.midnight(day)
        if account.linked and month_day == owner.payday:
            account.linked_cash += round(draws.lognormal(250_000, 0.5))
        if owner.saving and month_day == owner.payday + 1:
            self.broker.agenda.start(start + int(draws.between(7, 15) * times.HOUR), self._save(owner, owner.saving))
        for due, fund, amount in owner.plans:
            if month_day == due:
                batch = start + int(draws.between(4.0, 7.5) * times.HOUR)
                self.broker.agenda.start(batch, self._plan_order(owner, fund, amount))
        if owner.aggregator and draws.chance(0.93):
            minute = owner.aggregator.minute + draws.exponential(6.0)
            self.broker.agenda.start(start + int(minute * times.MINUTE), self._aggregate(owner))

    # ---- scripts -----------------------------------------------------------------------------------------------

    def visit(self, owner: Owner, chosen: Sequence[Errand], *, fails: int = -1) -> Script:
        """One visit: arrive, sign in, run the errands, leave or just stop."""
        broker, draws = self.broker, owner.draws
        if owner.away:
            return
        client = whereabouts.reach(broker, owner)
        if fails < 0:
            fails = draws.poisson(0.06)
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

    def _switch(self, owner: Owner, visit: Visit) -> Visit:
        client = whereabouts.switch(self.broker, owner, visit.client)
        if client is visit.client:
            return visit
        moved = self.broker.visit(owner.account, visit.session, client, None)
        moved.pin_given, moved.login, moved.seen = visit.pin_given, visit.login, self.broker.now
        owner.account.last = moved
        return moved

    def _save(self, owner: Owner, amount: int) -> Script:
        self.broker.deposit(owner.account, amount, owner.draws.pick(("bank_transfer", "direct_debit")))
        yield from ()

    def _plan_order(self, owner: Owner, fund: int, amount: int) -> Script:
        broker, account = self.broker, owner.account
        if account.free < amount and not (account.linked and account.sweeps):
            broker.deposit(account, amount, "direct_debit")
            yield broker.now + int(owner.draws.lognormal(40 * times.MINUTE, 0.6))
        price = broker.market.price(fund, broker.now)
        units = int(amount / (price * broker.market.instruments[fund].unit))
        broker.place(None, account, fund, "buy", units, None, recurring=True)

    def _aggregate(self, owner: Owner) -> Script:
        broker = self.broker
        client = whereabouts.aggregator_client(broker, owner)
        fails = 3 if owner.draws.chance(0.01) else 0
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

    # ---- turns of life -----------------------------------------------------------------------------------------

    def _turn(self, owner: Owner, day: int, turn: Turn) -> None:
        if owner.segment == "dormant" and not turn.idle_too:
            return
        if owner.segment == "dormant" and not owner.draws.chance(0.4):
            return
        action = getattr(self, f"_turn_{turn.name}")
        action(owner, day)

    def _turn_new_phone(self, owner: Owner, day: int) -> None:
        whereabouts.new_phone(self.broker, owner)
        chosen: list[Errand] = [errands.look]
        if owner.draws.chance(0.4):
            chosen.append(errands.setting("device", owner.draws.pick(("registered", "replaced"))))
        self._come(owner, day, chosen)

    def _turn_move(self, owner: Owner, day: int) -> None:
        whereabouts.move_house(owner)
        self._come(owner, day, [errands.setting("address", "changed")])

    def _turn_trip(self, owner: Owner, day: int) -> None:
        whereabouts.travel(owner, day, owner.draws.integer(2, 12))

    def _turn_forgot(self, owner: Owner, day: int) -> None:
        start = times.midnight(day) + self._time(owner)
        chosen = [errands.setting("password", "changed"), errands.look]
        if owner.draws.chance(0.3):
            chosen.append(errands.setting("trading_pin", "changed"))
        self.broker.agenda.start(start, self.visit(owner, chosen, fails=owner.draws.integer(2, 6)))

    def _turn_payout(self, owner: Owner, day: int) -> None:
        self._come(owner, day, [errands.setting("payout_account", "")])

    def _turn_payout_and_out(self, owner: Owner, day: int) -> None:
        chosen: list[Errand] = [errands.setting("payout_account", ""), errands.take_money_out]
        if owner.draws.chance(0.3):
            chosen.insert(0, errands.put_money_in)
        self._come(owner, day, chosen)

    def _turn_leave(self, owner: Owner, day: int) -> None:
        self.broker.agenda.start(times.midnight(day) + self._time(owner), self._leave(owner))

    def _leave(self, owner: Owner) -> Script:
        broker, draws = self.broker, owner.draws
        yield from self.visit(owner, [errands.flee])
        for _ in range(draws.integer(1, 2)):
            yield acts.settled_later(broker, draws)
            yield from self.visit(owner, [errands.flee, errands.take_money_out])
        owner.away = draws.chance(0.7)

    def _turn_rotate(self, owner: Owner, day: int) -> None:
        self._come(owner, day, [errands.look, errands.rotate])

    def _turn_flee(self, owner: Owner, day: int) -> None:
        self._come(owner, day, [errands.look, errands.flee])

    def _turn_comeback(self, owner: Owner, day: int) -> None:
        draws = owner.draws
        if owner.segment not in ("dormant", "saver"):
            return
        if draws.chance(0.5):
            whereabouts.new_phone(self.broker, owner)
        if draws.chance(0.2):
            whereabouts.move_house(owner)
        options: tuple[Errand, ...] = (
            errands.trade, errands.flee, errands.rotate, errands.take_money_out, errands.strengthen,
            errands.setting("password", "changed"), errands.setting("email", "changed"), errands.put_money_in,
        )  # fmt: skip
        chosen = [errands.look, *draws.sample(options, draws.integer(1, 3))]
        start = times.midnight(day) + self._time(owner)
        self.broker.agenda.start(start, self.visit(owner, chosen, fails=draws.poisson(1.2)))
        for later in range(1, draws.integer(2, 6)):
            when = start + later * times.DAY + int(draws.normal(0.0, 2.0) * times.HOUR)
            self.broker.agenda.start(when, self.visit(owner, [errands.look, errands.trade]))

    def _turn_mute(self, owner: Owner, day: int) -> None:
        self._come(owner, day, [errands.mute])

    def _turn_sweep(self, owner: Owner, day: int) -> None:
        chosen: list[Errand] = [errands.unlink]
        if owner.draws.chance(0.3):
            chosen += [errands.put_money_in, errands.trade]
        self._come(owner, day, chosen)

    def _turn_strengthen(self, owner: Owner, day: int) -> None:
        self._come(owner, day, [errands.strengthen])

    def _turn_password(self, owner: Owner, day: int) -> None:
        self._come(owner, day, [errands.setting("password", "changed")])

    def _turn_contact(self, owner: Owner, day: int) -> None:
        self._come(owner, day, [errands.setting(owner.draws.pick(("email", "phone")), "changed")])

    def _turn_cleared(self, owner: Owner, day: int) -> None:
        whereabouts.lose_token(self.broker, owner)

    def _turn_old_password(self, owner: Owner, day: int) -> None:
        """An app or program that keeps trying a password that is no longer right."""
        self.broker.agenda.start(times.midnight(day) + self._time(owner), self._knock(owner))

    def _knock(self, owner: Owner) -> Script:
        broker, draws = self.broker, owner.draws
        client = whereabouts.reach(broker, owner)
        for _ in range(draws.integer(4, 40)):
            broker.fail(owner.account, client, "password", None)
            yield broker.now + int(draws.lognormal(20_000, 1.2))

    def _turn_helpdesk(self, owner: Owner, day: int) -> None:
        self.broker.agenda.start(times.midnight(day) + self._time(owner), self._helpdesk(owner, owner.account))

    def _helpdesk(self, owner: Owner, account: Account) -> Script:
        """Locked out for good: the broker re-identifies the owner."""
        client = whereabouts.reach(self.broker, owner)
        for _ in range(owner.draws.integer(3, 6)):
            self.broker.fail(account, client, "password", None)
            yield self.broker.now + int(owner.draws.lognormal(15_000, 0.8))
        yield self.broker.now + int(owner.draws.between(1, 72) * times.HOUR)
        self.broker.reset(account, [])
        yield self.broker.now + int(owner.draws.between(0.2, 30) * times.HOUR)
        yield from self.visit(owner, [errands.setting("password", "changed"), errands.look])

    def _turn_not_mine(self, owner: Owner, day: int) -> None:
        """An owner who does not recognise his own visit, or confirms it when asked."""
        self.broker.agenda.start(times.midnight(day) + self._time(owner), self._asked(owner))

    def _asked(self, owner: Owner) -> Script:
        recent: list[str] = []
        yield from self.visit(owner, [self._remember(recent), errands.trade])
        yield self.broker.now + int(owner.draws.exponential(8) * times.HOUR)
        self.broker.reset(owner.account, recent, confirmed=owner.draws.chance(0.75))

    @staticmethod
    def _remember(into: list[str]) -> Errand:
        def errand(broker: Broker, owner: Owner, visit: Visit) -> Script:
            into.append(visit.login)
            yield owner.hand.after(broker)

        return errand

    def _turn_big_deposit(self, owner: Owner, day: int) -> None:
        amount = round(owner.draws.lognormal(2e6, 0.9) / 10_000) * 10_000 + 10_000
        start = times.midnight(day) + int(owner.draws.between(8.5, 15) * times.HOUR)
        self.broker.agenda.start(start, self._save(owner, amount))
        self.broker.agenda.start(start + 2 * times.HOUR, self.visit(owner, [errands.look, errands.trade]))
