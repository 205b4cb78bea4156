"""SBI証券: holdings (保有証券一覧), cash in and out (`DetailInquiry_…`), and dividends received."""

from kuraban.home.model import Words
from kuraban.home.statements.formats.sbi_trades import SOURCE
from kuraban.home.statements.model import Format, Held, Passed, Reading, Table
from kuraban.home.statements.readings import money
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import foreign, fund, named_or, tokyo


def _share_held(row: Row) -> Reading:
    code = row["code"]
    instrument = named_or(lambda: tokyo(code) if code[:1].isdigit() else foreign(code), row["name"])
    return Held(instrument, row.number("value"))


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
