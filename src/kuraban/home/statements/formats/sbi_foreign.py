"""SBI証券: trades in foreign shares (`yakujo…`), settled in their currency or in yen."""

import re

from kuraban.home.model import Words
from kuraban.home.statements.formats.sbi_trades import ACTS, SOURCE
from kuraban.home.statements.model import Format, Passed, Reading, Table
from kuraban.home.statements.readings import act, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import foreign, with_aside

_CURRENCIES = {"日本円": "JPY", "米国ドル": "USD", "香港ドル": "HKD", "中国人民元": "CNY", "人民元": "CNY"}


def _foreign(row: Row) -> Reading:
    what = act(row["side"], ACTS)
    if isinstance(what, Passed):
        return what
    quantity = row.amount("quantity")
    price, _rate = with_aside(row["price"])  # settled in yen: the price in its currency, with the rate in brackets
    paid = row.amount("paid")
    currency = _CURRENCIES.get(row["currency"])
    rate = 1.0 if currency == "JPY" else row.rates.get(currency or "")
    code, market = row["code"], row["market"]
    if not code:
        match = re.search(r"(?:\A|\s)([A-Z0-9][A-Z0-9.]{0,7})\s*/\s*(.*)\Z", row["name"])
        if match is None:
            raise row.error("bad_code", "name", "銘柄コードが見つかりません", "holds no ticker")
        code, market = match[1], match[2]
    return trade(
        what,
        row.day("day"),
        foreign(code, market),
        row["name"],
        quantity=quantity,
        price=price,
        notional=None if rate is None else paid * rate,
        section=row["section"],
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
                "market": "市場",
                "side": "取引",
                "section": "預り区分|預り",
                "quantity": "約定数量",
                "price": "約定単価",
                "settled": "国内受渡日",
                "paid": "受渡金額|受渡金額/決済損益",
            },
            optional=frozenset({"code", "market", "currency", "section", "settled"}),
            read=_foreign,
        ),
    ),
)
