"""Orders: entered, worked by the exchange in parts, cancelled, expired, and booked."""

import math
from typing import TYPE_CHECKING

from kuraban.sim import times
from kuraban.sim.agenda import Script
from kuraban.sim.books import Account, Order, Visit
from kuraban.sim.draws import Draws
from kuraban.sim.instruments import Instrument
from kuraban.sim.stream import Group, Takeover

if TYPE_CHECKING:
    from kuraban.sim.broker import Broker


class Exchange:
    """Works the orders of one broker's accounts against the market's prices."""

    def __init__(self, broker: "Broker", draws: Draws) -> None:
        self._broker, self._draws = broker, draws
        self._market, self._agenda, self._stream = broker.market, broker.agenda, broker.stream

    # ---- entering and taking back --------------------------------------------------------------------------------

    def place(
        self, visit: Visit | None, account: Account, instrument: int, side: str, quantity: int, limit: float | None,
        *, margin: bool = False, recurring: bool = False,
    ) -> Order | None:  # fmt: skip
        """Enter an order if the account can bear it; the exchange takes it from there."""
        each = self._market.instruments[instrument]
        price = limit if limit is not None else self._market.price(instrument, self._agenda.now)
        notional = quantity * price * each.unit
        if quantity <= 0 or not account.is_open or each.listed > times.day_at(self._agenda.now):
            return None
        if side == "buy" and not margin and not self._fund(account, notional, visit):
            return None
        if side == "sell" and not margin and quantity > account.held(instrument):
            return None
        order = Order(
            self._broker.names.next()[:14], account, instrument, side, quantity, limit, margin, recurring,
            visit.by if visit else None, notional if side == "buy" and not margin else 0.0, quantity,
        )  # fmt: skip
        account.reserved += order.reserved
        if side == "sell" and not margin:
            account.promised[instrument] = account.promised.get(instrument, 0) + quantity
        groups = {**(visit.groups if visit else {"client": {"channel": "batch"}})}
        groups["order"] = _group(order, each, quantity, limit, notional)
        self._stream.emit("order.placed", account.number, groups, order.by)
        account.orders.append(order)
        account.touched = True
        self._agenda.start(self._agenda.now, self._work(order, each))
        return order

    def _fund(self, account: Account, notional: float, visit: Visit | None) -> bool:
        """Whether cash covers the purchase, if need be after the automatic pull from the linked bank."""
        missing = notional - account.free
        if missing > 0 and account.linked and account.sweeps and account.linked_cash >= missing:
            self._broker.sweep(account, math.ceil(missing), visit)
        return notional <= account.free

    def cancel(self, visit: Visit, order: Order) -> None:
        """Take an order back."""
        if order.is_open:
            self._close(order, visit.groups, visit.by)

    def cancel_all_of_thieves(self, account: Account) -> None:
        """The broker takes back what a thief has entered."""
        for order in list(account.orders):
            if order.by is not None:
                self._close(order, {}, None)

    def _close(self, order: Order, groups: Group, by: Takeover | None) -> None:
        each = self._market.instruments[order.instrument]
        price = order.limit
        notional = order.left * (price or self._market.price(order.instrument, self._agenda.now)) * each.unit
        group = _group(order, each, order.left, price, notional)
        self._stream.emit("order.cancelled", order.account.number, {**groups, "order": group}, by)
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

    # ---- at the exchange -----------------------------------------------------------------------------------------

    def _work(self, order: Order, each: Instrument) -> Script:
        """Waits for trading hours, fills in parts, expires at the close."""
        if each.kind == "fund":
            yield from self._work_fund(order, each)
            return
        draws, agenda = self._draws, self._agenda
        opening = times.next_open(each.hours, agenda.now)
        wait = int(draws.lognormal(350, 0.9)) if opening == agenda.now else int(draws.lognormal(2_500, 1.2))
        end = times.closing(each.hours, agenda.now)
        yield opening + wait
        while order.is_open and agenda.now < end and times.is_open(each.hours, agenda.now):
            price = self._market.price(order.instrument, agenda.now)
            if self._crosses(order, price):
                part = self._part(order, each, price)
                if order.side == "buy" and not order.margin:
                    part = _affordable(order, each, part, price)
                    if part == 0:
                        self._close(order, {}, None)
                        return
                self._execute(order, each, part, price)
                yield agenda.now + int(draws.exponential(25_000)) + 40
            else:
                opening = times.next_open(each.hours, agenda.now + int(draws.exponential(12 * times.MINUTE)) + 500)
                yield min(opening, end)
        if order.is_open:
            yield max(agenda.now, end) + int(draws.between(1, 25) * times.MINUTE)
            if order.is_open:
                self._close(order, {}, None)

    def _work_fund(self, order: Order, each: Instrument) -> Script:
        """A fund is bought at the price of the next day that is computed."""
        now = self._agenda.now
        day = times.day_at(now) + (times.since_midnight(now) >= times.FUND_CUTOFF)
        day = times.business_after(day - 1)
        yield times.midnight(times.business_after(day)) + int(self._draws.between(17.5, 21.0) * times.HOUR)
        if order.is_open:
            price = self._market.price(order.instrument, self._agenda.now)
            if order.side == "buy":  # ordered by amount: the units follow from the day's price
                order.left = max(1, int(order.reserved / (price * each.unit)))
            self._execute(order, each, order.left, price)

    def _crosses(self, order: Order, price: float) -> bool:
        low, high = self._market.limits(order.instrument)
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

    # ---- booking -------------------------------------------------------------------------------------------------

    def _execute(self, order: Order, each: Instrument, quantity: int, price: float) -> None:
        account, n = order.account, order.instrument
        notional = quantity * price * each.unit
        self._market.trade(n, order.side, notional)
        self._release(order, quantity)
        if order.margin:
            self._book_margin(account, order, quantity, notional)
        elif order.side == "buy":
            account.cash -= notional
            account.positions[n] = account.positions.get(n, 0) + quantity
        else:
            today = times.day_at(self._agenda.now)
            account.cash += notional
            account.may_leave(today)  # forgets what has settled
            account.settling.append((times.business_after(today, 2), notional))
            account.positions[n] -= quantity
            if account.positions[n] <= 0:
                del account.positions[n]
                account.promised.pop(n, None)
        account.touched = True
        group = _group(order, each, quantity, price, notional)
        name = self._stream.emit("order.executed", account.number, {"order": group}, order.by)
        if order.left <= 0:
            self._done(order)
        self._broker.notify(account, "execution", name)

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
        self._stream.emit("cash.deposited", account.number, groups, None)
        account.cash = 0.0


def _affordable(order: Order, each: Instrument, part: int, price: float) -> int:
    """What the account's cash still covers when the price has moved on."""
    account = order.account
    most = int((account.free + order.reserved) / (price * each.unit))
    return part if part <= most else max(0, most) // each.lot * each.lot


def _group(order: Order, each: Instrument, quantity: int, price: float | None, notional: float) -> Group:
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
