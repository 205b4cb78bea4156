"""Interactive Brokers: a trade of an option. The mail's data is its subject, and its time the time it came."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.model import Words

_TRADE = r"\A\s*(?:BOUGHT|SOLD) "
_CONTRACT = r"[A-Z][A-Z0-9.]* [A-Za-z0-9' -]+? [\d.]+ (?:C|P|CALL|PUT|Call|Put)"

FORMAT = Format(
    id="ib.option_execution",
    broker="ib",
    kind="execution",
    title=Words("約定（オプション）", "execution, options"),
    senders=("donotreply@interactivebrokers.com",),
    subject=_TRADE + r"[\d,.]+ " + _CONTRACT + " @ ",
    build=building.execution_on_arrival,
    reads="subject",
    fields=(
        Field("side", r"\A\s*(BOUGHT|SOLD) ", values.side),
        Field("quantity", _TRADE + r"([\d,.]+) ", values.number),
        Field("instrument", _TRADE + rf"[\d,.]+ ({_CONTRACT}) @ ", values.text),
        Field("price", r" @ \$?([\d,.]+)", values.number),
    ),
    constants={"currency": "USD", "kind": "option"},
    source="public parsers of the subject: BOUGHT 1 UNDERLYING EXPIRY STRIKE RIGHT @ price",
)
