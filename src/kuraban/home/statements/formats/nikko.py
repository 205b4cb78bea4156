"""SMBC日興証券: the transaction history (`Torireki`): settlement dates first, years of two digits."""

import re

from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, money, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import foreign, fund, tokyo

_ACTS: dict[str, Act | str] = {
    "買付": Act("buy"),
    "売却": Act("sell"),
    "解約": Act("sell"),
    "再投資": "reinvested",
    "償還金": "redeemed",
    "分配金*": "dividend",
    "配当金*": "dividend",
    "利金*": "dividend",
    "入庫": "shares_in",
    "出庫": "shares_out",
    "振替": "internal",
    "残高": "balance",
}


def _row(row: Row) -> Reading:
    word = row["side"]
    paid_in, paid_out = row.number("in"), row.number("out")
    when = row.day("settled" if row.blank("day") else "day")
    if word in ("入金", "出金"):
        amount = paid_out if word == "出金" else paid_in
        if not amount:
            column = "out" if word == "出金" else "in"
            raise row.error("missing", column, "値がありません", "is empty")
        description = row["text"] or row["name"]
        return money("withdrawal.paid" if word == "出金" else "cash.deposited", when, abs(amount), description)
    what = act(word, _ACTS, "取引種類")
    if isinstance(what, Passed):
        return what
    if "MRF" in row["product"] or "MRF" in row["name"]:  # money that waits in the account, bought and sold by itself
        return Passed("internal")
    paid = paid_out if what.side == "buy" else paid_in
    match = re.search(r"通貨:\s*([A-Z]{3})", row["text"])
    rate = 1.0 if match is None else row.rates.get(match[1])  # settled in another currency: amounts are in it
    is_fund = row.blank("code")
    return trade(
        what,
        when,
        fund(row["name"]) if is_fund else _instrument(row),
        row["name"],
        quantity=row.amount("quantity"),
        price=row.number("price"),
        notional=None if paid is None or rate is None else abs(paid) * rate,
        kind="fund" if is_fund else "stock",
        section=row["section"],
    )


def _instrument(row: Row) -> str:
    return foreign(row["code"]) if "外" in row["product"] or "米" in row["product"] else tokyo(row["code"])


HISTORY = Format(
    id="nikko-history",
    broker="nikko",
    name=Words("SMBC日興証券 取引履歴", "SMBC Nikko Securities, transactions"),
    source="header and words of files exported by a customer, as a public parser has them (2025)",
    tables=(
        Table(
            columns={
                "settled": "受渡日",
                "day": "約定日",
                "product": "商品等",
                "side": "取引種類",
                "name": "銘柄名（ファンド名）",
                "code": "銘柄コード",
                "section": "口座",
                "quantity": "数量",
                "price": "単価",
                "out": "支払（出金）",
                "in": "預り（入金）",
                "text": "摘要",
            },
            read=_row,
        ),
    ),
)
