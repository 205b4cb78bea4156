"""Schwab: a trade confirmation (eConfirm). It gives the trade's date, not its time."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.model import Certainty, Words

_ROW = r"Quantity\s+Price\s+Principal\s+Charge and/or Interest\s+Total Amount\s+"

FORMAT = Format(
    id="schwab.econfirm",
    broker="schwab",
    kind="execution",
    title=Words("取引確認（eConfirm）", "trade confirmation (eConfirm)"),
    senders=("donotreply@mail.schwab.com",),
    subject=r"Schwab eConfirms? account ending in",
    body=r"Trade Date:",
    build=building.execution,
    fields=(
        Field("day", r"Trade Date:\s*(\d{1,2}/\d{1,2}/\d{2,4})", values.us_date),
        Field("quantity", _ROW + r"([\d,.]+)", values.number, required=False),
        Field("price", _ROW + r"[\d,.]+\s+\$?([\d,.]+)", values.number, required=False),
    ),
    constants={"currency": "USD"},
    certainty=Certainty.UNCERTAIN,
    source="public parsers of the mail: labels Trade Date, Settle Date and the heading of the row of figures",
)
