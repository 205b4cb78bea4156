"""Robinhood: an order was executed, in the older wording with a date only."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.model import Words

FORMAT = Format(
    id="robinhood.execution_older",
    broker="robinhood",
    kind="execution",
    title=Words("約定（旧書式）", "order executed (older wording)"),
    senders=("noreply@robinhood.com",),
    subject=r"Your order has been executed",
    body=r"Your order to (?:buy|sell) .* was executed at an average price of ",
    build=building.execution,
    fields=(
        Field("side", r"Your order to (buy|sell) ", values.side),
        Field("quantity", r"Your order to (?:buy|sell) ([\d,.]+) shares?", values.number),
        Field("instrument", r"Your order to (?:buy|sell) [\d,.]+ shares? of ([A-Z][A-Z.]*)", values.ticker),
        Field("price", r"average price of \$([\d,]*\.?\d+)", values.number),
        Field("day", r"average price of \$[\d,.]+ on ([A-Z][a-z]+ \d{1,2}(?:st|nd|rd|th)?,? \d{4})", values.us_date),
    ),
    constants={"currency": "USD"},
    source="a public parser of the mail (sahilsk11/hood)",
)
