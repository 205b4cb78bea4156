"""SBI証券: trades (約定履歴, `SaveFile_…`), and the list of margin positions closed, which repeats them."""

from datetime import date
from itertools import pairwise

from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import CellError, day, foreign, fund, tokyo

SOURCE = "headers of files exported by customers, as public parsers of several authors agree on them (2024–2026)"

ACTS: dict[str, Act | str] = {
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
    what = act(row["side"], ACTS)
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
        fund(row["name"]) if is_fund else foreign(row["code"], row["market"]) if abroad else tokyo(row["code"]),
        row["name"],
        quantity=quantity,
        price=price,
        notional=None if abroad else abs(paid) if paid else gross,  # of foreign shares the currency is not stated here
        kind="fund" if is_fund else "stock",
        section=row["section"],
    )


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
