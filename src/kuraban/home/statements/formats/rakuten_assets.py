"""楽天証券: holdings (`assetbalance`), cash in and out (`Withdrawallist`), and lists that repeat other exports."""

from collections.abc import Sequence
from datetime import date

from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Held, Passed, Reading, Table
from kuraban.home.statements.readings import money
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import CellError, clean, foreign, fund, named_or, number, tokyo

SOURCE = "headers of files exported by customers, as public parsers have them (2023–2026)"


def _holding(row: Row) -> Reading:
    sort, code = row["sort"], row["code"]
    if "投資信託" in sort or not code:
        instrument = fund(row["name"])
    elif "国内" in sort:
        instrument = named_or(lambda: tokyo(code), row["name"])
    else:
        instrument = named_or(lambda: foreign(code, "" if "米国" in sort else sort), row["name"])
    as_of = None if row.blank("as_of") else _day_or_none(row)
    return Held(instrument, row.number("value"), as_of)


def _day_or_none(row: Row) -> date | None:
    """現在値(更新日) holds a date for some kinds of holdings and a time of day for others."""
    try:
        return row.day("as_of")
    except CellError:
        return None


def _cash_held(cells: Sequence[str]) -> Held | None:
    """Of 資産合計欄 and the like only the line 預り金 (cash) says more than the details below it do."""
    if len(cells) >= 2 and clean(cells[0]) == "預り金":
        return Held(None, number(clean(cells[1])))
    return None


def _cash(row: Row) -> Reading:
    paid_in, paid_out = row.number("in"), row.number("out")
    if bool(paid_in) == bool(paid_out):
        raise row.error(
            "missing", "in", "入金額と出金額のどちらか一方が必要です", "or the amount paid out must be there, not both"
        )
    what, day = row["what"], row.day("day")
    swept = any(word in what for word in ("スイープ", "マネーブリッジ"))
    if paid_in:
        return money("cash.swept" if swept else "cash.deposited", day, abs(paid_in), what, other_side=row["bank"])
    assert paid_out
    if swept:
        return Passed("swept_back")
    return money("withdrawal.paid", day, abs(paid_out), what, other_side=row["bank"])


BALANCE = Format(
    id="rakuten-assets",
    broker="rakuten",
    name=Words("楽天証券 保有商品一覧", "Rakuten Securities, holdings"),
    source=SOURCE,
    holdings=True,
    titles=("■",),
    asides=("■資産合計", "■ 資産合計", "■参考為替", "■ 参考為替"),
    loose=_cash_held,
    tables=(
        Table(
            columns={
                "sort": "種別",
                "code": "銘柄コード・ティッカー",
                "name": "銘柄",
                "section": "口座",
                "quantity": "保有数量",
                "as_of": "現在値(更新日)",
                "value": "時価評価額[円]",
            },
            optional=frozenset({"as_of"}),
            read=_holding,
        ),
    ),
)

CASH = Format(
    id="rakuten-cash",
    broker="rakuten",
    name=Words("楽天証券 入出金履歴", "Rakuten Securities, cash in and out"),
    source=SOURCE,
    tables=(
        Table(
            columns={"day": "入出金日", "in": "入金額*", "out": "出金額*", "what": "内容|お取引区分", "bank": "出金先"},
            optional=frozenset({"bank"}),
            read=_cash,
        ),
    ),
)

DIVIDENDS = Format(
    id="rakuten-dividends",
    broker="rakuten",
    name=Words("楽天証券 配当・分配金", "Rakuten Securities, dividends"),
    source=SOURCE,
    tables=(
        Table(
            columns={
                "day": "入金日",
                "product": "商品",
                "section": "口座",
                "code": "銘柄コード",
                "name": "銘柄",
                "currency": "受取通貨",
                "paid": "受取金額*",
            },
            read=lambda row: Passed("dividend"),
        ),
    ),
)

REALISED = Format(
    id="rakuten-realised",
    broker="rakuten",
    name=Words("楽天証券 実現損益", "Rakuten Securities, realised gains"),
    source=SOURCE,
    tables=(
        Table(
            columns={
                "day": "約定日",
                "settled": "受渡日",
                "name": "銘柄名|ファンド名",
                "section": "口座",
                "side": "取引",
                "quantity": "数量*",
                "cost": "平均取得価額*",
                "gain": "実現損益*",
            },
            read=lambda row: Passed("in_history"),
        ),
    ),
)
