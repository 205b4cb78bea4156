"""マネックス証券: the transaction history (`YYYYMMDD-YYYYMMDD.csv`), its long and its short form."""

import re
from datetime import date

from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, money, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import CellError, day, foreign, fund, tokyo

_ACTS: dict[str, Act | str] = {
    "お買付": Act("buy"),
    "ご売却": Act("sell"),
    "買付": Act("buy"),
    "売却": Act("sell"),
    "解約": Act("sell"),
    "ご解約": Act("sell"),
    "半年新規買い": Act("buy", margin=True),
    "半年新規売り": Act("sell", margin=True),
    "半年返済売り": Act("sell", margin=True),
    "半年返済買い": Act("buy", margin=True),
    "半年現引": "taken_over",
    "半年現渡": "taken_over",
    "配当金": "dividend",
    "分配金": "dividend",
    "利金": "dividend",
    "MRF再投資": "reinvested",
    "再投資": "reinvested",
    "償還": "redeemed",
    "入庫": "shares_in",
    "出庫": "shares_out",
}


def _row(row: Row) -> Reading:
    word = row["side"]
    if word in ("ご入金", "入金", "ご出金", "出金"):
        out = "出金" in word
        return money("withdrawal.paid" if out else "cash.deposited", row.day("day"), abs(_paid(row)), row["note"])
    what = act(word, _ACTS)
    if isinstance(what, Passed):
        return what
    if "MRF" in row["product"]:  # money that waits in the account, bought and sold by itself
        return Passed("internal")
    if "新規" in word or "返済" in word:
        what = Act(what.side, True, what.recurring, what.certainty)
    is_fund = row.blank("code") or "投信" in row["product"] or "投資信託" in row["product"]
    quantity, price = row.amount("quantity"), row.number("price")
    per_unit = 10_000 if is_fund else 1
    gross = quantity * price / per_unit if price is not None else None
    paid = None if what.margin else row.number("paid")  # a margin close settles its net profit only
    return trade(
        what,
        row.day("day"),
        fund(row["name"]) if is_fund else _instrument(row),
        row["name"],
        quantity=quantity,
        price=price,
        notional=abs(paid) if paid else gross,
        kind="fund" if is_fund else "stock",
        section=row["section"],
    )


def _paid(row: Row) -> float:
    paid = row.number("paid")
    if not paid:
        raise row.error("missing", "paid", "値がありません", "is empty")
    return paid


def _instrument(row: Row) -> str:
    """Codes are five characters padded with spaces; a foreign share's product says which market it is of."""
    abroad = any(word in row["product"] for word in ("米国", "中国", "外国"))
    return foreign(row["code"], row["product"]) if abroad else tokyo(row["code"])


def _covers(_above: list[list[str]], file_name: str) -> tuple[date, date] | None:
    match = re.match(r"(20[0-9]{6})-(20[0-9]{6})\b", file_name)
    if match is None:
        return None
    try:
        first, last = day(match[1]), day(match[2])
    except CellError:
        return None
    return (first, last) if first <= last else None


HISTORY = Format(
    id="monex-history",
    broker="monex",
    name=Words("マネックス証券 取引履歴", "Monex Securities, transactions"),
    source="headers and words of files exported by customers, as public parsers have them (2022–2026)",
    covers=_covers,
    tables=(
        Table(
            columns={
                "day": "約定日",
                "settled": "受渡日",
                "section": "口座",
                "product": "商品",
                "side": "取引",
                "code": "銘柄コード",
                "name": "銘柄名",
                "quantity": "数量*",
                "price": "単価*",
                "paid": "受渡金額*",
                "note": "備考",
            },
            optional=frozenset({"note"}),
            read=_row,
        ),
    ),
)
