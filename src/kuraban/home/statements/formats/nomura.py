"""野村證券: the transaction history (取引履歴)."""

from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, money, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import by_name, foreign, fund, tokyo

_ACTS: dict[str, Act | str] = {
    "現物買付": Act("buy"),
    "現物売却": Act("sell"),
    "現物再投": "reinvested",
    "現物解約": Act("sell"),
    "信用新規買": Act("buy", margin=True),
    "信用新規売": Act("sell", margin=True),
    "信用返済買": Act("buy", margin=True),
    "信用返済売": Act("sell", margin=True),
    "入金(配当金)": "dividend",
    "入金(分配金)": "dividend",
    "入金(利金)": "dividend",
    "入金(償還金)": "redeemed",
    "入庫*": "shares_in",
    "出庫*": "shares_out",
}


def _row(row: Row) -> Reading:
    word = row["side"]
    if word not in _ACTS and word.startswith(("入金", "出金")):
        paid = row.number("paid")
        if not paid:
            raise row.error("missing", "paid", "値がありません", "is empty")
        out = word.startswith("出金")
        rate = 1.0 if row["settled_in"] in ("", "JPY") else row.rates.get(row["settled_in"])
        return money(
            "withdrawal.paid" if out else "cash.deposited",
            row.day("day"),
            abs(paid),
            word,
            currency=row["settled_in"] or "JPY",
            rate=rate,
        )
    what = act(word, _ACTS, "取引区分")
    if isinstance(what, Passed):
        return what
    product = row["product"]
    is_fund = "投信" in product or "投資信託" in product
    quantity, price = row.amount("quantity"), row.number("price")
    in_yen = row["settled_in"] in ("", "JPY")
    rate = 1.0 if in_yen else row.rates.get(row["settled_in"])
    paid = None if what.margin else row.number("paid")
    gross = quantity * price if what.margin and price is not None else None
    value = abs(paid) if paid else gross
    return trade(
        what,
        row.day("day"),
        _instrument(row, is_fund),
        row["name"],
        quantity=quantity,
        price=price,
        notional=None if value is None or rate is None else value * rate,
        kind="fund" if is_fund else "stock",
        section=row["section"],
    )


def _instrument(row: Row, is_fund: bool) -> str:
    code = row["code"]
    if is_fund:
        return fund(row["name"])
    if not code:  # as foreign shares come in this export
        return by_name(row["name"])
    return foreign(code) if "外" in row["product"] else tokyo(code)


HISTORY = Format(
    id="nomura-history",
    broker="nomura",
    name=Words("野村證券 取引履歴", "Nomura Securities, transactions"),
    source="headers and words of files exported by customers, as public parsers have them (2026)",
    tables=(
        Table(
            columns={
                "day": "約定日",
                "settled": "受渡日",
                "product": "商品",
                "code": "銘柄コード",
                "name": "銘柄名",
                "text": "摘要",
                "side": "取引区分",
                "section": "預り区分",
                "currency": "発行通貨",
                "quantity": "数量",
                "price": "単価",
                "paid": "受渡金額/決済損益",
                "rate": "レート",
                "settled_in": "決済通貨",
            },
            read=_row,
        ),
    ),
)
