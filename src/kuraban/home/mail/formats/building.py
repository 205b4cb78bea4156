"""Values become the event they state: an execution, a message about the account, a call for money."""

from typing import Any

from kuraban.events import Notice, Order
from kuraban.home.mail.formats.model import Stated, Surroundings, Values
from kuraban.home.model import Words

_SIDES = {"buy": Words("買付", "bought"), "sell": Words("売付", "sold")}


def execution(values: Values, around: Surroundings) -> Stated:
    """An order that was executed.

    Uses `when` (or `day`, a date only), `side`, `instrument`, `name`, `quantity`, `price`, `currency`, `amount`,
    `order`, `margin`, `recurring`, `kind`; `multiplier` is how many units one quantity stands for (100 for an American
    option). A notional is stated in yen only: prices in other currencies leave it unknown.
    """
    quantity, price = values.get("quantity"), values.get("price")
    notional = values.get("amount")
    if notional is None and quantity is not None and price is not None and values.get("currency", "JPY") == "JPY":
        notional = quantity * price
    order = Order(
        id=values.get("order"),
        instrument=values.get("instrument"),
        side=values.get("side"),
        kind=values.get("kind", "stock"),
        quantity=quantity,
        price=price,
        notional=notional if values.get("currency", "JPY") == "JPY" else None,
        margin=values.get("margin"),
        recurring=values.get("recurring"),
    )
    when, dated_only = (values["when"], False) if values.get("when") is not None else (values["day"], True)
    return Stated("order.executed", when, _executed(values), dated_only, order=order)


def _executed(values: Values) -> Words:
    done = _SIDES.get(values.get("side", ""), Words("約定", "traded"))
    name = values.get("name") or values.get("instrument") or "?"
    ja, en = f"{name} を{done.ja}", f"{done.en} {name}"
    quantity, price, amount = (values.get(key) for key in ("quantity", "price", "amount"))
    unit = Words("口", "units") if values.get("kind") == "fund" else Words("株", "shares")
    if values.get("kind") == "option":
        unit = Words("枚", "contracts")
    if quantity is not None:
        ja, en = f"{ja} {quantity:,.10g}{unit.ja}", f"{en}, {quantity:,.10g} {unit.en}"
    if price is not None:
        shown = _money(price, values.get("currency", "JPY"))
        ja, en = f"{ja}、単価 {shown.ja}", f"{en} at {shown.en}"
    elif amount is not None:
        shown = _money(amount, values.get("currency", "JPY"))
        ja, en = f"{ja}、{shown.ja}", f"{en} for {shown.en}"
    return Words(ja, en)


def _money(amount: float, currency: str) -> Words:
    if currency == "JPY":
        return Words(f"{amount:,.10g}円", f"JPY {amount:,.10g}")
    return Words(f"{amount:,.10g}米ドル", f"USD {amount:,.10g}")


def notice(kind: str, words: Words) -> Any:
    """A builder for notices that state no event of the account itself, only that they were sent: `notice.received`."""

    def build(values: Values, around: Surroundings) -> Stated:
        name = values.get("name")
        summary = Words(f"{words.ja}（{name}）", f"{words.en} ({name})") if name else words
        return Stated("notice.received", around.when, summary, notice=Notice(kind=kind, channel="email"))

    return build
