"""Robinhood: an order was executed, in the wording of 2025 with a time of day."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.model import Words

FORMAT = Format(
    id="robinhood.execution",
    broker="robinhood",
    kind="execution",
    title=Words("約定", "order executed"),
    senders=("noreply@robinhood.com",),
    subject=r"Your order has been executed",
    body=r"Your order to (?:buy|sell) .* was executed on ",
    build=building.execution,
    fields=(
        Field("side", r"Your order to (buy|sell) ", values.side),
        Field(
            "instrument", r"Your order to (?:buy|sell) (?:\$[\d,.]+|[\d,.]+ shares?) of ([A-Z][A-Z.]*)", values.ticker
        ),
        Field("when", r"was executed on ([A-Z][a-z]+ \d{1,2}, \d{4} at \d{1,2}:\d{2} [AP]M)", values.us_date),
        Field("quantity", r"\bfor ([\d,.]+) shares?\b", values.number, required=False),
        Field("price", r"average price of \$([\d,]*\.?\d+)", values.number),
    ),
    constants={"currency": "USD"},
    source="a public parser of the mail (2025)",
)
