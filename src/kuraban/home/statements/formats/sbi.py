"""SBI証券: trades (約定履歴), foreign shares, holdings, cash in and out, and lists that repeat other exports."""

import re
from datetime import date
from itertools import pairwise

from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Held, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, money, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import CellError, day, foreign, fund, tokyo, with_aside

SOURCE = "headers of files exported by customers, as public parsers of several authors agree on them (2024–2026)"

_ACTS: dict[str, Act | str] = {
    "株式現物買": Act("buy"),
    "株式現物売": Act("sell"),
    "信用新規買": Act("buy", margin=True),
    "信用新規売": Act("sell", margin=True),
    "信用返済買": Act("buy", margin=True),
    "信用返済売": Act("sell", margin=True),
    "返済買": Act("buy", margin=True),
    "返済売": Act("sell", margin=True),
    "信用現引": "taken_over",
    "信用現渡": "taken_over",
    "現引": "taken_over",
    "現渡": "taken_over",
    "投信金額買付": Act("buy"),
    "投信口数買付": Act("buy"),
    "投信金額解約": Act("sell"),
    "投信口数解約": Act("sell"),
    "投信分配金再投資": "reinvested",
    "分配金再投資": "reinvested",
    "入庫": "shares_in",
    "出庫": "shares_out",
    "買付": Act("buy"),
    "売却": Act("sell"),
}


def _trade(row: Row) -> Reading:
    what = act(row["side"], _ACTS)
    if isinstance(what, Passed):
        return what
    abroad = any(part in row["product"] for part in ("米国", "外国", "海外", "中国", "香港"))
    is_fund = row.blank("code") and not abroad
    quantity, price = row.amount("quantity"), row.amount("price")
    # The last column is what was settled, or the profit of a margin position that was closed.
    paid = None if what.margin else row.number("paid")
    gross = quantity * price / (10_000 if is_fund else 1)
    return trade(
        what,
        row.day("day"),
        fund(row["name"]) if is_fund else foreign(row["code"]) if abroad else tokyo(row["code"]),
        row["name"],
        quantity=quantity,
        price=price,
        notional=None if abroad else abs(paid) if paid else gross,  # of foreign shares the currency is not stated here
        kind="fund" if is_fund else "stock",
        section=row["section"],
    )


_CURRENCIES = {"日本円": "JPY", "米国ドル": "USD", "香港ドル": "HKD", "中国人民元": "CNY", "人民元": "CNY"}


def _foreign(row: Row) -> Reading:
    what = act(row["side"], _ACTS)
    if isinstance(what, Passed):
        return what
    quantity = row.amount("quantity")
    price, _rate = with_aside(row["price"])  # settled in yen: the price in its currency, with the rate in brackets
    paid = row.amount("paid")
    currency = _CURRENCIES.get(row["currency"])
    rate = 1.0 if currency == "JPY" else row.rates.get(currency or "")
    code = row["code"]
    if not code:
        match = re.search(r"(?:\A|\s)([A-Z0-9][A-Z0-9.]{0,7})\s*/", row["name"])
        if match is None:
            raise row.error("bad_code", "name", "銘柄コードが見つかりません", "holds no ticker")
        code = match[1]
    return trade(
        what,
        row.day("day"),
        foreign(code),
        row["name"],
        quantity=quantity,
        price=price,
        notional=None if rate is None else paid * rate,
        section=row["section"],
    )


def _share_held(row: Row) -> Reading:
    code = row["code"]
    return Held(tokyo(code) if code[:1].isdigit() else foreign(code), row.number("value"))


def _fund_held(row: Row) -> Reading:
    return Held(fund(row["name"]), row.number("value"))


# What 摘要 says of money that never leaves the broker.
_INTERNAL = ("振替", "買付", "売却", "解約", "分配金", "配当", "利金", "償還", "決済", "手数料", "貸株")


def _cash(row: Row) -> Reading:
    paid_in, paid_out, text = row.number("in"), row.number("out"), row["text"]
    amount = paid_in or paid_out
    if not amount or (paid_in and paid_out):
        raise row.error(
            "missing", "out", "出金額と入金額のどちらか一方が必要です", "or the amount paid in must be there, not both"
        )
    when = row.day("day")
    if "ハイブリッド預金" in text:
        return money("cash.swept", when, abs(amount), text) if paid_in else Passed("swept_back")
    if any(word in text for word in _INTERNAL):
        return Passed("internal")
    return money("cash.deposited" if paid_in else "withdrawal.paid", when, abs(amount), text)


def _covers(above: list[list[str]], _file_name: str) -> tuple[date, date] | None:
    """約定開始年月日 and 約定終了年月日 stand in a small table of their own above the trades."""
    for names, cells in pairwise(above):
        if "約定開始年月日" in names and "約定終了年月日" in names and len(cells) >= len(names):
            try:
                first, last = (day(cells[names.index(name)].strip()) for name in ("約定開始年月日", "約定終了年月日"))
            except CellError:
                return None
            return (first, last) if first <= last else None
    return None


TRADES = Format(
    id="sbi-trades",
    broker="sbi",
    name=Words("SBI証券 約定履歴", "SBI Securities, trades"),
    source=SOURCE,
    covers=_covers,
    tables=(
        Table(
            columns={
                "day": "約定日",
                "name": "銘柄",
                "code": "銘柄コード",
                "market": "市場",
                "product": "商品区分",
                "side": "取引",
                "section": "預り",
                "quantity": "約定数量",
                "price": "約定単価",
                "settled": "受渡日",
                "paid": "受渡金額/決済損益",
            },
            optional=frozenset({"product"}),
            read=_trade,
        ),
    ),
)

FOREIGN = Format(
    id="sbi-foreign",
    broker="sbi",
    name=Words("SBI証券 外国株式 約定履歴", "SBI Securities, foreign shares, trades"),
    source=SOURCE,
    tables=(
        Table(
            columns={
                "day": "国内約定日",
                "currency": "通貨|決済通貨",
                "name": "銘柄名|銘柄",
                "code": "銘柄コード",
                "side": "取引",
                "section": "預り区分|預り",
                "quantity": "約定数量",
                "price": "約定単価",
                "settled": "国内受渡日",
                "paid": "受渡金額|受渡金額/決済損益",
            },
            optional=frozenset({"code", "currency", "section", "settled"}),
            read=_foreign,
        ),
    ),
)

HOLDINGS = Format(
    id="sbi-holdings",
    broker="sbi",
    name=Words("SBI証券 保有証券一覧", "SBI Securities, holdings"),
    source=SOURCE,
    holdings=True,
    tables=(
        Table(
            columns={"code": "銘柄コード", "name": "銘柄名称", "quantity": "保有株数", "value": "評価額"},
            read=_share_held,
        ),
        Table(
            columns={"name": "ファンド名", "quantity": "保有口数", "nav": "基準価額", "value": "評価額"},
            read=_fund_held,
        ),
    ),
)

CASH = Format(
    id="sbi-cash",
    broker="sbi",
    name=Words("SBI証券 入出金明細", "SBI Securities, cash in and out"),
    source=SOURCE,
    tables=(
        Table(
            columns={
                "day": "入出金日",
                "deal": "取引",
                "sort": "区分",
                "text": "摘要",
                "out": "出金額",
                "in": "入金額",
            },
            read=_cash,
        ),
    ),
)

DISTRIBUTIONS = Format(
    id="sbi-distributions",
    broker="sbi",
    name=Words("SBI証券 配当金・分配金履歴", "SBI Securities, dividends"),
    source=SOURCE,
    tables=(
        Table(
            columns={"day": "受渡日", "section": "口座", "product": "商品", "name": "銘柄名", "paid": "受取額*"},
            read=lambda row: Passed("dividend"),
        ),
    ),
)

MARGIN_CLOSES = Format(
    id="sbi-margin-closes",
    broker="sbi",
    name=Words("SBI証券 信用決済明細", "SBI Securities, margin positions closed"),
    source=SOURCE,
    tables=(
        Table(
            columns={
                "side": "取引",
                "day": "決済日",
                "settled": "受渡日",
                "quantity": "決済数量",
                "cost": "建単価",
                "paid": "受渡金額/決済損益",
                "code": "銘柄コード",
            },
            read=lambda row: Passed("in_history"),
        ),
    ),
)
