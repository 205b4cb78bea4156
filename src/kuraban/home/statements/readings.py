"""What readers of formats build with: trades, movements of money, tables of the words that brokers use for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from kuraban.events import Cash, Kind, Order, Side, Type
from kuraban.home.model import Certainty, Words
from kuraban.home.statements.model import Happened, Passed
from kuraban.home.statements.values import CellError, shown


@dataclass(frozen=True, slots=True)
class Act:
    """What a broker's word for a trade means."""

    side: Side
    margin: bool = False
    recurring: bool = False
    certainty: Certainty = Certainty.CERTAIN


# What every broker calls by these words is no trade of the owner's, whatever else stands with them.
_NO_TRADES = {
    "再投資": "reinvested",
    "現引": "taken_over",
    "現渡": "taken_over",
    "入庫": "shares_in",
    "出庫": "shares_out",
    "配当": "dividend",
    "分配": "dividend",
    "利金": "dividend",
    "償還": "redeemed",
}


def act(word: str, known: Mapping[str, Act | str], column: str = "取引") -> Act | Passed:
    """The meaning of a word: as known, else as what it has in it says.

    known: word → what it means, or the code under which its row is passed over; `A*` is a beginning. A word that is not
    known but has 買 or 売 in it is a trade marked uncertain. Raises `CellError` (`unknown_word`).
    """
    found = known.get(word)
    if found is None:
        found = next((value for key, value in known.items() if key[-1:] == "*" and word.startswith(key[:-1])), None)
    if isinstance(found, Act):
        return found
    if found is not None:
        return Passed(found)
    code = next((code for part, code in _NO_TRADES.items() if part in word), None)
    if code is not None:
        return Passed(code)
    buys, sells = "買" in word, "売" in word
    if buys != sells:
        return Act("buy" if buys else "sell", "信用" in word or "返済" in word, "積立" in word, Certainty.UNCERTAIN)
    words = Words(
        f"「{column}」に知らない言葉があります: {shown(word)}", f"“{column}” has an unknown word: {shown(word)}"
    )
    raise CellError("unknown_word", words)


def trade(
    what: Act,
    when: date | datetime,
    instrument: str,
    name: str,
    *,
    quantity: float,
    price: float | None,
    notional: float | None,
    kind: Kind = "stock",
    section: str = "",
    order_id: str | None = None,
    same_day: date | None = None,
    type_: Type = "order.executed",
) -> Happened:
    """An execution. notional: JPY. section: 特定, NISA and so on. same_day: the day that all exports agree on.

    Raises `CellError` (`negative`): a side is what says which way a trade goes, never a sign.
    """
    if min(quantity, price or 0.0, notional or 0.0) < 0:
        raise CellError(
            "negative", Words("数量・単価・金額にマイナスがあります", "a quantity, price or amount is negative")
        )
    order = Order(
        id=order_id,
        instrument=instrument,
        side=what.side,
        kind=kind,
        quantity=quantity,
        price=price,
        notional=notional,
        margin=what.margin or None,
        recurring=what.recurring or None,
    )
    moment = when.isoformat(timespec="minutes") if isinstance(when, datetime) else when.isoformat()
    ja_side, en_side = ("買付", "bought") if what.side == "buy" else ("売付", "sold")
    if type_ == "order.cancelled":
        ja_side, en_side = ja_side + "注文の取消", f"cancelled: {what.side}"
    money_ja, money_en = ("", "") if notional is None else (f" {notional:,.0f}円", f" for ¥{notional:,.0f}")
    unit = "口" if kind == "fund" else "株"
    summary = Words(
        f"{moment} {name or instrument} {figure(quantity)}{unit} {ja_side}{money_ja}",
        f"{moment} {en_side} {figure(quantity)} {name or instrument}{money_en}",
    )
    same = (type_, same_day or when, instrument, what.side, quantity, price, what.margin, section, order_id)
    return Happened(type_, when, same, summary, order=order, certainty=what.certainty)


def money(
    type_: Type,
    when: date,
    amount: float,
    description: str,
    *,
    other_side: str = "",
    currency: str = "JPY",
    rate: float | None = 1.0,
) -> Happened:
    """A movement of money; amount in `currency`, of which `rate` is the JPY for one, None where that is unknown."""
    yen = None if rate is None else amount * rate
    out = type_ in ("withdrawal.paid", "withdrawal.requested")
    cash = Cash(
        amount=yen, destination=(other_side or None) if out else None, source=None if out else other_side or None
    )
    ja, en = {
        "withdrawal.paid": ("出金", "paid out"),
        "withdrawal.requested": ("出金の依頼", "withdrawal requested"),
        "cash.swept": ("提携銀行からの引き落とし", "pulled in from the linked bank"),
    }.get(type_, ("入金", "paid in"))
    unit, mark = ("円", "¥") if currency == "JPY" else (f" {currency[:3]}", f"{currency[:3]} ")
    summary = Words(
        f"{when.isoformat()} {ja} {figure(amount)}{unit} {description}".rstrip(),
        f"{when.isoformat()} {en} {mark}{figure(amount)} {description}".rstrip(),
    )
    return Happened(type_, when, (type_, when, amount, description, other_side), summary, cash=cash)


def figure(value: float) -> str:
    """A number with thousands separators and no idle decimals."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")
