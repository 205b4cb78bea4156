"""moomoo証券: the order history of the desktop application, where an order's further fills are rows of their own."""

import re

from kuraban.events import Type
from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Happened, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import foreign, moment, number, tokyo

_ACTS: dict[str, Act | str] = {
    "Buy": Act("buy"),
    "Sell": Act("sell"),
    "Sell Short": Act("sell", margin=True),
    "Short Sell": Act("sell", margin=True),
    "Buy Back": Act("buy", margin=True),
    "買い": Act("buy"),
    "売り": Act("sell"),
}
_CANCELLED = ("Cancelled", "Canceled")
_FAILED = ("Failed", "Rejected", "Deleted", "Disabled", "Expired")


def _order(row: Row) -> Reading | tuple[Reading, ...]:
    what = act(row["side"], _ACTS, "Side")
    if isinstance(what, Passed):
        return what
    fills = [part for part in (row, *row.following) if part.number("fill_quantity")]
    if fills:
        # Of one order, fills alike in time and price are told apart by their count, as other equal rows are.
        return tuple(_fill(row, what, part) for part in fills)
    match = re.match(r"([0-9.,]+)@([0-9.,]+)\Z", row["filled"].replace(" ", ""))
    if match:
        quantity, price = number(match[1]), number(match[2])
        if quantity:
            return _event(row, what, row["time"], quantity, price, "order.executed")
    status = row["status"]
    if status.startswith(_CANCELLED):
        return _event(row, what, row["time"], row.amount("quantity"), row.number("price"), "order.cancelled")
    return Passed("failed_order" if status.startswith(_FAILED) else "working_order")


def _fill(row: Row, what: Act, part: Row) -> Happened:
    quantity, price = part.amount("fill_quantity"), part.number("fill_price")
    return _event(row, what, part["fill_time"] or row["time"], quantity, price, "order.executed")


def _event(row: Row, what: Act, time: str, quantity: float, price: float | None, type_: Type) -> Happened:
    currency = row["currency"]
    rate = 1.0 if currency == "JPY" else row.rates.get(currency)
    return trade(
        what,
        moment(time),
        tokyo(row["code"]) if row["market"] == "JP" else foreign(row["code"]),
        row["name"],
        quantity=quantity,
        price=price,
        notional=None if rate is None or price is None else quantity * price * rate,
        section=row["time"],
        type_=type_,
    )


HISTORY = Format(
    id="moomoo-orders",
    broker="moomoo",
    name=Words("moomoo証券 注文履歴", "moomoo, order history"),
    source="header of the desktop application's export, as public parsers have it (2026)",
    zone="America/New_York",
    tables=(
        Table(
            columns={
                "side": "Side",
                "code": "Symbol",
                "name": "Name",
                "price": "Order Price",
                "quantity": "Order Qty",
                "status": "Status",
                "filled": "Filled@Avg Price",
                "time": "Order Time",
                "market": "Markets",
                "currency": "Currency",
                "fill_quantity": "Fill Qty",
                "fill_price": "Fill Price",
                "fill_time": "Fill Time",
            },
            read=_order,
            continues="side",
        ),
    ),
)
