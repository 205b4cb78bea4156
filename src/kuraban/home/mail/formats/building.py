"""Values become the event they state: an execution, a message about the account, a call for money."""

from kuraban.events import Notice, Order
from kuraban.home.mail.formats.model import Build, Stated, Surroundings, Values
from kuraban.home.model import Words
from kuraban.plurals import agreeing, plural

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


def execution_on_arrival(values: Values, around: Surroundings) -> Stated:
    """An execution whose notice gives no time: it is taken to have happened when the mail came."""
    return execution({**values, "when": around.when}, around)


def login(values: Values, around: Surroundings) -> Stated:
    """A login that the notice confirms, at the time the mail came."""
    return Stated("login.succeeded", around.when, Words("ログインがありました", "there was a login"))


def _executed(values: Values) -> Words:
    done = _SIDES.get(values.get("side", ""), Words("約定", "traded"))
    name = values.get("name") or values.get("instrument") or ""
    ja, en = f"{name} {done.ja}".strip(), f"{done.en} {name}".strip()
    quantity, price, amount = (values.get(key) for key in ("quantity", "price", "amount"))
    unit = Words("口", "unit") if values.get("kind") == "fund" else Words("株", "share")
    if values.get("kind") == "option":
        unit = Words("枚", "contract")
    if quantity is not None:
        units = agreeing(quantity, unit.en, plural(unit.en))
        ja, en = f"{ja} {quantity:,.10g}{unit.ja}", f"{en}, {quantity:,.10g} {units}"
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


def notice(kind: str, words: Words) -> Build:
    """A builder for notices that state no event of the account itself, only that they were sent: `notice.received`.

    Uses `name`, `day` (as text) and `amount` for the words, where there are any.
    """

    def build(values: Values, around: Surroundings) -> Stated:
        amount = values.get("amount")
        money = _money(amount, values.get("currency", "JPY")) if amount is not None else None
        told = [value for value in (values.get("name"), values.get("day")) if value]
        ja = "、".join([*told, *([money.ja] if money is not None else [])])
        en = ", ".join([*told, *([money.en] if money is not None else [])])
        summary = Words(f"{words.ja}（{ja}）", f"{words.en} ({en})") if ja else words
        return Stated("notice.received", around.when, summary, notice=Notice(kind=kind, channel="email"))

    return build
