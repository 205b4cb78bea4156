"""Interactive Brokers: a trade. The mail's data is its subject, and its time the time it came."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.model import Words

_TRADE = r"\A\s*(?:PINK )?(?:BOUGHT|SOLD) "

FORMAT = Format(
    id="ib.execution",
    broker="ib",
    kind="execution",
    title=Words("約定（株式）", "execution, shares"),
    senders=("donotreply@interactivebrokers.com",),
    subject=_TRADE + r"[\d,.]+ [A-Z][A-Z0-9. -]* @ ",
    build=building.execution_on_arrival,
    reads="subject",
    fields=(
        Field("side", r"\A\s*(?:PINK )?(BOUGHT|SOLD) ", values.side),
        Field("quantity", _TRADE + r"([\d,.]+) ", values.number),
        Field("instrument", _TRADE + r"[\d,.]+ (?:PINK )?([A-Z][A-Z0-9. -]*?) @ ", values.ticker),
        Field("price", r" @ \$?([\d,.]+)", values.number),
    ),
    constants={"currency": "USD"},
    source="three public parsers of the subject, e.g. IBKR-Trade-Tracker: BOUGHT|SOLD quantity SYMBOL @ price",
)
