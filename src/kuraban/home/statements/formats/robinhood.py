"""Robinhood: the account activity report, whose descriptions can span lines and which ends in a paragraph of law."""

from kuraban.events import Type
from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, money, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import foreign

_ACTS: dict[str, Act | str] = {
    "Buy": Act("buy"),
    "Sell": Act("sell"),
    "BTO": Act("buy"),
    "BTC": Act("buy"),
    "STO": Act("sell"),
    "STC": Act("sell"),
    "OEXP": "not_traded",
    "OASGN": "not_traded",
    "OEXCS": "not_traded",
    "CDIV": "dividend",
    "MDIV": "dividend",
    "DTAX": "tax",
    "AFEE": "fee",
    "DFEE": "fee",
    "GOLD": "fee",
    "INT": "interest",
    "MINT": "interest",
    "SLIP": "interest",
    "GDBP": "interest",
    "SPL": "split",
    "SPR": "split",
    "CIL": "split",
    "SOFF": "split",
    "MRGS": "split",
    "ACATI": "shares_in",
    "ACATO": "shares_out",
    "REC": "shares_in",
    "ITRF": "internal",
    "FUTSWP": "internal",
    "JNL": "internal",
}
_MONEY = ("ACH", "RTP", "WIRE", "DCF", "XENT", "XENT_CC")
_OPTION_ACTS = ("BTO", "BTC", "STO", "STC")


def _row(row: Row) -> Reading:
    word = row["action"]
    amount, rate = row.number("amount"), row.rates.get("USD")
    if word in _MONEY:
        if not amount:
            raise row.error("missing", "amount", "値がありません", "is empty")
        text = f"{word} {row['text']}"[:200]
        kind: Type = "withdrawal.paid" if amount < 0 else "cash.deposited"
        return money(kind, row.day("day"), abs(amount), text, currency="USD", rate=rate)
    what = act(word, _ACTS, "Trans Code")
    if isinstance(what, Passed):
        return what
    quantity, price = row.amount("quantity"), row.number("price")
    option = word in _OPTION_ACTS
    dollars = abs(amount) if amount else quantity * price if price is not None else None
    return trade(
        what,
        row.day("day"),
        row["text"][:200] if option else foreign(row["code"]),
        row["text"].partition(" CUSIP")[0][:80],
        quantity=quantity,
        price=price,
        notional=None if rate is None or dollars is None else dollars * rate,
        kind="option" if option else "stock",
    )


ACTIVITY = Format(
    id="robinhood-activity",
    broker="robinhood",
    name=Words("Robinhood 取引履歴", "Robinhood, account activity"),
    source="header of files exported by customers, as public parsers have it",
    zone="America/New_York",
    titles=("The data provided",),
    tables=(
        Table(
            columns={
                "day": "Activity Date",
                "processed": "Process Date",
                "settled": "Settle Date",
                "code": "Instrument",
                "text": "Description",
                "action": "Trans Code",
                "quantity": "Quantity",
                "price": "Price",
                "amount": "Amount",
            },
            read=_row,
            dates="mdy",
        ),
    ),
)
