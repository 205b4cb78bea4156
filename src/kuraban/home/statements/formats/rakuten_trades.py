"""楽天証券: trade histories of Japanese shares, American shares and funds (`tradehistory(JP)`, `(US)`, `(INVST)`)."""

from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import foreign, fund, tokyo, with_aside

SOURCE = "headers of files exported by customers, as public parsers of several authors agree on them (2020–2026)"

# The words for margin trades are not confirmed by a sample; a word with 買 or 売 in it is read as uncertain.
_ACTS: dict[str, Act | str] = {
    "買付": Act("buy"),
    "売付": Act("sell"),
    "入庫": "shares_in",
    "出庫": "shares_out",
    "解約": Act("sell"),
    "再投資": "reinvested",
    "分配金": "dividend",
    "償還": "redeemed",
}


def _act(row: Row) -> Act | Passed:
    what = act(row["side"], _ACTS, "売買区分")
    if isinstance(what, Act) and row["deal"] not in ("", "現物"):
        return Act(what.side, True, False, what.certainty)
    return what


def _japanese(row: Row) -> Reading:
    what = _act(row)
    if isinstance(what, Passed):
        return what
    quantity, price = row.amount("quantity"), row.amount("price")
    # A margin row settles the difference only; what was bought or sold is quantity × price.
    paid = None if what.margin else row.number("paid")
    return trade(
        what,
        row.day("day"),
        tokyo(row["code"]),
        row["name"],
        quantity=quantity,
        price=price,
        notional=abs(paid) if paid else quantity * price,
        section=row["section"],
    )


def _american(row: Row) -> Reading:
    what = _act(row)
    if isinstance(what, Passed):
        return what
    quantity, price, rate = row.amount("quantity"), row.amount("price"), row.number("rate")
    yen, dollars = row.number("paid_yen"), row.number("paid_dollars")
    rate = rate or row.rates.get("USD")
    if yen is None and rate is not None:
        yen = (dollars if dollars is not None else quantity * price) * rate
    # 約定日 and 為替レート can differ between two exports of one trade; 受渡日 does not.
    return trade(
        what,
        row.day("day"),
        foreign(row["code"]),
        row["name"],
        quantity=quantity,
        price=price,
        notional=None if yen is None else abs(yen),
        section=row["section"],
        same_day=None if row.blank("settled") else row.day("settled"),
    )


def _fund(row: Row) -> Reading:
    what = act(row["side"], _ACTS, "取引")
    if isinstance(what, Passed):
        return what
    yen, _points = with_aside(row["paid"])
    if yen is None:
        raise row.error("missing", "paid", "値がありません", "is empty")
    what = Act(what.side, what.margin, "積立" in row["how"] or "積立" in row["section"], what.certainty)
    return trade(
        what,
        row.day("day"),
        fund(row["name"]),
        row["name"],
        quantity=row.amount("quantity"),
        price=row.number("price"),  # for 10,000 units (口)
        notional=abs(yen),
        kind="fund",
        section=row["section"],
    )


JAPANESE = Format(
    id="rakuten-jp",
    broker="rakuten",
    name=Words("楽天証券 国内株式 取引履歴", "Rakuten Securities, Japanese shares, trades"),
    source=SOURCE,
    tables=(
        Table(
            columns={
                "day": "約定日",
                "settled": "受渡日",
                "code": "銘柄コード",
                "name": "銘柄名",
                "market": "市場名称",
                "section": "口座区分",
                "deal": "取引区分",
                "side": "売買区分",
                "quantity": "数量［株］",
                "price": "単価［円］",
                "paid": "受渡金額［円］",
            },
            read=_japanese,
        ),
    ),
)

AMERICAN = Format(
    id="rakuten-us",
    broker="rakuten",
    name=Words("楽天証券 米国株式 取引履歴", "Rakuten Securities, American shares, trades"),
    source=SOURCE,
    tables=(
        Table(
            columns={
                "day": "約定日",
                "settled": "受渡日",
                "code": "ティッカー",
                "name": "銘柄名",
                "section": "口座",
                "deal": "取引区分",
                "side": "売買区分",
                "currency": "決済通貨",
                "quantity": "数量［株］",
                "price": "単価［USドル］",
                "rate": "為替レート",
                "paid_dollars": "受渡金額［USドル］",
                "paid_yen": "受渡金額［円］",
            },
            read=_american,
        ),
    ),
)

FUNDS = Format(
    id="rakuten-invst",
    broker="rakuten",
    name=Words("楽天証券 投資信託 取引履歴", "Rakuten Securities, funds, trades"),
    source=SOURCE,
    tables=(
        Table(
            columns={
                "day": "約定日",
                "settled": "受渡日",
                "name": "ファンド名",
                "section": "口座",
                "side": "取引",
                "how": "買付方法",
                "quantity": "数量［口］",
                "price": "単価",
                "paid": "受渡金額/(ポイント利用)[円]",
            },
            read=_fund,
        ),
    ),
)
