"""Charles Schwab: the transactions of one account."""

from kuraban.events import Type
from kuraban.home.model import Words
from kuraban.home.statements.model import Format, Passed, Reading, Table
from kuraban.home.statements.readings import Act, act, money, trade
from kuraban.home.statements.rows import Row
from kuraban.home.statements.values import foreign

_ACTS: dict[str, Act | str] = {
    "Buy": Act("buy"),
    "Sell": Act("sell"),
    "Sell Short": Act("sell", margin=True),
    "Buy to Cover": Act("buy", margin=True),
    "Buy to Open": Act("buy"),
    "Buy to Close": Act("buy"),
    "Sell to Open": Act("sell"),
    "Sell to Close": Act("sell"),
    "Reinvest Shares": "reinvested",
    "Reinvest Dividend": "reinvested",
    "Cash Dividend": "dividend",
    "Qualified Dividend": "dividend",
    "Qual Div Reinvest": "dividend",
    "Non-Qualified Div": "dividend",
    "Special Dividend": "dividend",
    "Long Term Cap Gain*": "dividend",
    "Short Term Cap Gain*": "dividend",
    "Pr Yr *": "dividend",
    "Bank Interest": "interest",
    "Bond Interest": "interest",
    "Credit Interest": "interest",
    "Margin Interest": "interest",
    "Foreign Tax Paid": "tax",
    "NRA Tax Adj": "tax",
    "NRA Withholding": "tax",
    "ADR Mgmt Fee": "fee",
    "Service Fee": "fee",
    "Misc Cash Entry": "internal",
    "Journal": "internal",
    "Journaled Shares": "shares_out",
    "Stock Plan Activity": "shares_in",
    "Security Transfer": "shares_out",
    "Stock Split": "split",
    "Reverse Split": "split",
    "Spin-off": "split",
    "Name Change": "split",
    "Cash In Lieu": "split",
    "Full Redemption": "redeemed",
    "Assigned": "not_traded",
    "Expired": "not_traded",
}
_MONEY = (
    "MoneyLink Transfer",
    "MoneyLink Deposit",
    "Wire",
    "Funds Received",
    "Funds Paid",
    "Bank Transfer",
    "ATM Withdrawal",
    "Visa Purchase",
)
_OPTION_ACTS = ("Buy to Open", "Buy to Close", "Sell to Open", "Sell to Close")


def _row(row: Row) -> Reading:
    word = row["action"]
    if word.startswith(_MONEY):
        amount = row.number("amount")
        if not amount:
            return Passed("not_traded")
        kind: Type = "withdrawal.paid" if amount < 0 else "cash.deposited"
        text = f"{word} {row['text']}".strip()
        return money(kind, row.day("day"), abs(amount), text, currency="USD", rate=row.rates.get("USD"))
    what = act(word, _ACTS, "Action")
    if isinstance(what, Passed):
        return what
    quantity, price = abs(row.number("quantity") or 0.0), row.number("price")
    if not quantity:
        raise row.error("missing", "quantity", "値がありません", "is empty")
    option = word in _OPTION_ACTS or " " in row["code"]
    amount, rate = row.number("amount"), row.rates.get("USD")
    dollars = abs(amount) if amount else quantity * price if price is not None else None
    return trade(
        what,
        row.day("day"),
        row["code"] if option else foreign(row["code"]),
        row["text"],
        quantity=quantity,
        price=price,
        notional=None if rate is None or dollars is None else dollars * rate,
        kind="option" if option else "stock",
    )


TRANSACTIONS = Format(
    id="schwab-transactions",
    broker="schwab",
    name=Words("Charles Schwab 取引履歴", "Charles Schwab, transactions"),
    source="header of files exported by customers, as public parsers have it",
    zone="America/New_York",
    titles=("Transactions ",),
    tables=(
        Table(
            columns={
                "day": "Date",
                "action": "Action",
                "code": "Symbol",
                "text": "Description",
                "quantity": "Quantity",
                "price": "Price",
                "fees": "Fees & Comm",
                "amount": "Amount",
            },
            read=_row,
            dates="mdy",
        ),
    ),
)
