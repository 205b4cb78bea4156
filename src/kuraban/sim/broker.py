"""The simulated broker: one function for every act, whoever performs it.

Owners and thieves call the same functions, so an event's form cannot tell them apart.
"""

import math

from kuraban.sim import times
from kuraban.sim.agenda import Agenda, Script
from kuraban.sim.books import Account, Client, Order, Visit
from kuraban.sim.draws import Draws, Names
from kuraban.sim.instruments import Instrument
from kuraban.sim.market import Market
from kuraban.sim.parameters import World
from kuraban.sim.stream import Group, Stream, Takeover


class Broker:
    """Books, orders, notices. Every method acts at the agenda's present moment."""

    def __init__(self, world: World, market: Market, agenda: Agenda, stream: Stream, names: Names) -> None:
        self.world, self.market, self.agenda, self.stream, self.names = world, market, agenda, stream, names
        self._draws = Draws(*world.key, 2)
        self._gives_rtt = world["rtt_given"] > 0.5
        self._gives_ends = world["ends_given"] > 0.5
        self._gives_notices = world["notices_given"] > 0.5
        self.asks_pin = world["pin_asked"] > 0.5
        self.challenges_changes = world["changes_challenged"] > 0.5
        self.always_challenges = world["challenge_always"] > 0.5
        self.bank = self._draws.pick(("linked_bank", "bank_link", "net_bank"))

    @property
    def now(self) -> int:
        """The present moment."""
        return self.agenda.now

    @property
    def today(self) -> int:
        """The present Japanese day."""
        return times.day_at(self.agenda.now)

    # ---- access ------------------------------------------------------------------------------------------------

    def _client(self, client: Client) -> Group:
        group: Group = {"ip": client.ip, "user_agent": client.user_agent}
        if client.device:
            group["device"] = client.device
        group["channel"] = client.channel
        if self._gives_rtt and client.rtt:
            group["rtt_ms"] = client.rtt
        return group

    def visit(self, account: Account, session: str, client: Client, by: Takeover | None) -> Visit:
        """A party's view of a session; emits nothing."""
        return Visit(account, session, client, by, {"session": session, "client": self._client(client)})

    def fail(self, account: Account, client: Client, method: str, by: Takeover | None) -> None:
        """A login that did not succeed."""
        self.stream.emit(
            "login.failed", account.number, {"client": self._client(client), "auth": {"method": method}}, by
        )

    def enter(self, account: Account, client: Client, method: str, by: Takeover | None) -> Visit:
        """A login that succeeds, and the owner's notice of it."""
        visit = self.visit(account, self.names.next()[:12], client, by)
        name = self.stream.emit("login.succeeded", account.number, {**visit.groups, "auth": {"method": method}}, by)
        visit.login, visit.seen = name, self.now
        if client.channel != "api" and by is None:
            account.last = visit
        self.notify(account, "login", name)
        return visit

    def call(self, account: Account) -> Visit:
        """The owner on the telephone with the call centre: no session, no address."""
        return Visit(
            account, "", Client("", "", "", "phone", 0), None, {"client": {"channel": "phone"}}, pin_given=True
        )

    def challenge(self, visit: Visit, method: str, *, passed: bool) -> None:
        """A second factor or trading PIN, passed or not."""
        kind = "challenge.passed" if passed else "challenge.failed"
        self.stream.emit(kind, visit.account.number, {**visit.groups, "auth": {"method": method}}, visit.by)

    def leave(self, visit: Visit) -> None:
        """The end of a session."""
        visit.ended = True
        if self._gives_ends:
            self.stream.emit("session.ended", visit.account.number, visit.groups, visit.by)

    def change(self, visit: Visit, name: str, to: str) -> None:
        """A setting."""
        account = visit.account
        groups = {**visit.groups, "setting": {"name": name, "to": to}}
        event = self.stream.emit("setting.changed", account.number, groups, visit.by)
        if name.startswith("notice."):
            account.notices[name[7:]] = to == "on"
        elif name == "payout_account":
            account.destination = to
        elif name == "sweep":
            account.sweeps = to == "on"
        elif name == "mfa":
            account.factor = "" if to == "off" else to
        self.notify(account, "setting", event)

    def notify(self, account: Account, kind: str, about: str) -> None:
        """Send the owner a notice, if the broker reports them and the owner has them on."""
        if self._gives_notices and account.notices.get(kind, kind == "setting"):
            delay = int(self._draws.lognormal(6_000, 0.9))
            self.agenda.start(self.now + delay, self._notice(account, kind, about))

    def _notice(self, account: Account, kind: str, about: str) -> Script:
        groups = {"about": [about], "notice": {"kind": kind, "channel": account.mail}}
        self.stream.emit("notice.sent", account.number, groups, None)
        yield from ()

    def reset(self, account: Account, denied: list[str], *, confirmed: bool = False) -> None:
        """The broker has spoken with the owner: what he says of the events, and new credentials if not his."""
        kind = "owner.confirmed" if confirmed else "owner.denied"
        if denied:
            self.stream.emit(kind, account.number, {"about": denied}, None)
        if confirmed:
            return
        for order in list(account.orders):
            if order.by is not None:
                self._close(order, {})
        self.stream.emit("credentials.reset", account.number, {}, None)
        account.credentials += 1
        account.last = None
        account.known.clear()

    # ---- money -------------------------------------------------------------------------------------------------

    def deposit(self, account: Account, amount: int, source: str, visit: Visit | None = None) -> None:
        """Money comes in."""
        groups = {**(visit.groups if visit else {}), "cash": {"amount": amount, "source": source}}
        by = visit.by if visit else None
        name = self.stream.emit("cash.deposited", account.number, groups, by)
        account.cash += amount
        account.touched = True
        self.notify(account, "cash", name)

    def sweep(self, account: Account, amount: int, visit: Visit | None) -> None:
        """Pull money over the bank link."""
        amount = min(amount, int(account.linked_cash))
        if amount <= 0:
            return
        groups = {**(visit.groups if visit else {}), "cash": {"amount": amount, "source": self.bank}}
        name = self.stream.emit("cash.swept", account.number, groups, visit.by if visit else None)
        account.cash += amount
        account.linked_cash -= amount
        account.touched = True
        self.notify(account, "cash", name)

    def withdraw(self, visit: Visit, amount: int) -> None:
        """Ask for a payment to the payout account; it leaves on the next business day."""
        account = visit.account
        if amount <= 0 or amount > account.may_leave(self.today):
            return
        cash = {"amount": amount, "destination": account.destination}
        name = self.stream.emit("withdrawal.requested", account.number, {**visit.groups, "cash": cash}, visit.by)
        account.cash -= amount
        account.touched = True
        self.notify(account, "withdrawal", name)
        when = times.midnight(times.business_after(self.today)) + int(self._draws.between(8.6, 14.5) * times.HOUR)
        self.agenda.start(when, self._pay(account, cash, visit.by, account.credentials))

    def _pay(self, account: Account, cash: Group, by: Takeover | None, credentials: int) -> Script:
        if by is not None and account.credentials != credentials:
            account.cash += cash["amount"]  # stopped in time
        else:
            self.stream.emit("withdrawal.paid", account.number, {"cash": cash}, by)
        account.touched = True
        yield from ()

    def margin_power(self, account: Account) -> int:
        """What can still be bought on margin."""
        if not account.margin_ratio:
            return 0
        used = sum(cost for _, cost in account.on_margin.values())
        collateral = account.cash + 0.8 * sum(
            self.market.value(n, q, self.now)
            for n, q in account.positions.items()
            if self.market.instruments[n].segment in ("prime", "standard", "growth")
        )
        return max(0, round(account.margin_ratio * collateral - used))

    def snapshot(self, account: Account) -> None:
        """The books as of now."""
        positions = [
            {"instrument": self.market.instruments[n].code, "value": self.market.value(n, q, self.now)}
            for n, q in account.positions.items()
            if q > 0
        ]
        holdings = {
            "cash": round(account.cash),
            "linked_cash": round(account.linked_cash) if account.linked else 0,
            "margin_power": self.margin_power(account),
            "positions": positions,
        }
        self.stream.emit("account.snapshot", account.number, {"holdings": holdings}, None)
        account.touched = False

    def worth(self, account: Account) -> float:
        """Cash and holdings at present prices."""
        return account.cash + sum(self.market.value(n, q, self.now) for n, q in account.positions.items())

    # ---- orders ------------------------------------------------------------------------------------------------

    def place(
        self, visit: Visit | None, account: Account, instrument: int, side: str, quantity: int, limit: float | None,
        *, margin: bool = False, recurring: bool = False,
    ) -> Order | None:  # fmt: skip
        """Enter an order if the account can bear it; the exchange takes it from there."""
        each = self.market.instruments[instrument]
        price = limit if limit is not None else self.market.price(instrument, self.now)
        notional = quantity * price * each.unit
        if quantity <= 0 or not account.is_open:
            return None
        if side == "buy" and not margin and notional > account.free:
            if not (account.linked and account.sweeps) or account.linked_cash < notional - account.free:
                return None
            self.sweep(account, math.ceil(notional - account.free), visit)
        if side == "sell" and not margin and quantity > account.held(instrument):
            return None
        order = Order(
            f"{self.names.next()[:14]}", account, instrument, side, quantity, limit, margin, recurring,
            visit.by if visit else None, notional if side == "buy" and not margin else 0.0, quantity,
        )  # fmt: skip
        account.reserved += order.reserved
        if side == "sell" and not margin:
            account.promised[instrument] = account.promised.get(instrument, 0) + quantity
        groups = {**(visit.groups if visit else {"client": {"channel": "batch"}})}
        groups["order"] = self._order(order, each, quantity, limit, notional)
        self.stream.emit("order.placed", account.number, groups, order.by)
        account.orders.append(order)
        account.touched = True
        self.agenda.start(self.now, self._work(order, each))
        return order

    def _order(self, order: Order, each: Instrument, quantity: int, price: float | None, notional: float) -> Group:
        group: Group = {
            "id": order.name,
            "instrument": each.code,
            "side": order.side,
            "kind": each.kind,
            "quantity": quantity,
        }
        if price is not None:
            group["price"] = price
        group["notional"] = round(notional)
        if order.margin:
            group["margin"] = True
        if order.recurring:
            group["recurring"] = True
        return group

    def cancel(self, visit: Visit, order: Order) -> None:
        """Take an order back."""
        if order.is_open:
            self._close(order, visit.groups)

    def _close(self, order: Order, groups: Group) -> None:
        each = self.market.instruments[order.instrument]
        price = order.limit
        notional = order.left * (price or self.market.price(order.instrument, self.now)) * each.unit
        group = self._order(order, each, order.left, price, notional)
        self.stream.emit(
            "order.cancelled", order.account.number, {**groups, "order": group}, order.by if groups else None
        )
        self._release(order, order.left)
        self._done(order)

    def _done(self, order: Order) -> None:
        order.is_open = False
        order.account.orders.remove(order)
        order.account.reserved -= order.reserved
        order.reserved = 0.0

    def _release(self, order: Order, quantity: int) -> None:
        account = order.account
        share = order.reserved * quantity / max(1, order.left)
        order.reserved -= share
        account.reserved -= share
        if order.side == "sell" and not order.margin:
            account.promised[order.instrument] -= quantity
        order.left -= quantity

    def _work(self, order: Order, each: Instrument) -> Script:
        """The exchange's side of an order: waits for trading hours, fills in parts, expires at the close."""
        draws, market = self._draws, self.market
        if each.kind == "fund":
            day = self.today + (times.since_midnight(self.now) >= times.FUND_CUTOFF)
            day = times.business_after(day - 1)
            yield times.midnight(times.business_after(day)) + int(draws.between(17.5, 21.0) * times.HOUR)
            if order.is_open:
                price = market.price(order.instrument, self.now)
                if order.side == "buy":  # ordered by amount: the units follow from the day's price
                    order.left = max(1, int(order.reserved / (price * each.unit)))
                self._execute(order, each, order.left, price)
            return
        opening = times.next_open(each.hours, self.now)
        wait = int(draws.lognormal(350, 0.9)) if opening == self.now else int(draws.lognormal(2_500, 1.2))
        end = times.closing(each.hours, self.now)
        yield opening + wait
        while order.is_open and self.now < end and times.is_open(each.hours, self.now):
            price = market.price(order.instrument, self.now)
            if self._crosses(order, price):
                part = self._part(order, each, price)
                if order.side == "buy" and not order.margin:
                    part = self._affordable(order, each, part, price)
                    if part == 0:
                        self._close(order, {})
                        return
                self._execute(order, each, part, price)
                yield self.now + int(draws.exponential(25_000)) + 40
            else:
                opening = times.next_open(each.hours, self.now + int(draws.exponential(12 * times.MINUTE)) + 500)
                yield min(opening, end)
        if order.is_open:
            yield max(self.now, end) + int(draws.between(1, 25) * times.MINUTE)
            if order.is_open:
                self._close(order, {})

    def _crosses(self, order: Order, price: float) -> bool:
        low, high = self.market.limits(order.instrument)
        if (order.side == "buy" and price >= high) or (order.side == "sell" and price <= low):
            return self._draws.chance(0.15)  # limit up or down: few find a counterpart
        if order.limit is None:
            return True
        return price <= order.limit if order.side == "buy" else price >= order.limit

    def _part(self, order: Order, each: Instrument, price: float) -> int:
        """How much of the order finds a counterpart at once."""
        value = order.left * price * each.unit
        depth = max(each.adv * 0.03 * self._draws.lognormal(1.0, 0.6), value * self._draws.between(0.2, 0.9))
        if depth >= value * 0.85 or order.left <= each.lot:
            return order.left
        lots = max(1, int(order.left * depth / value) // each.lot)
        return min(order.left, lots * each.lot)

    @staticmethod
    def _affordable(order: Order, each: Instrument, part: int, price: float) -> int:
        """What the account's cash still covers when the price has moved on."""
        account = order.account
        most = int((account.free + order.reserved) / (price * each.unit))
        return part if part <= most else max(0, most) // each.lot * each.lot

    def _execute(self, order: Order, each: Instrument, quantity: int, price: float) -> None:
        account, n = order.account, order.instrument
        notional = quantity * price * each.unit
        self.market.trade(n, order.side, notional)
        self._release(order, quantity)
        if order.margin:
            self._book_margin(account, order, quantity, notional)
        elif order.side == "buy":
            account.cash -= notional
            account.positions[n] = account.positions.get(n, 0) + quantity
        else:
            account.cash += notional
            account.settling.append((times.business_after(self.today, 2), notional))
            account.positions[n] -= quantity
            if account.positions[n] <= 0:
                del account.positions[n]
                account.promised.pop(n, None)
        account.touched = True
        group = self._order(order, each, quantity, price, notional)
        name = self.stream.emit("order.executed", account.number, {"order": group}, order.by)
        if order.left <= 0:
            self._done(order)
        self.notify(account, "execution", name)

    def _book_margin(self, account: Account, order: Order, quantity: int, notional: float) -> None:
        held, cost = account.on_margin.get(order.instrument, (0, 0.0))
        if order.side == "buy":
            account.on_margin[order.instrument] = held + quantity, cost + notional
            return
        closed = min(quantity, held)
        part = cost * closed / max(1, held)
        account.cash += notional - part
        if account.cash < 0:
            self._call_margin(account)
        if held - closed > 0:
            account.on_margin[order.instrument] = held - closed, cost - part
        else:
            account.on_margin.pop(order.instrument, None)

    def _call_margin(self, account: Account) -> None:
        """A loss beyond the cash: the owner pays the rest in."""
        groups = {"cash": {"amount": math.ceil(-account.cash), "source": "margin_call"}}
        self.stream.emit("cash.deposited", account.number, groups, None)
        account.cash = 0.0
