"""SBI証券: an order was executed, in the older layout with the value on the line below its label."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.mail.formats.values import label
from kuraban.home.model import Words

FORMAT = Format(
    id="sbi.execution_older",
    broker="sbi",
    kind="execution",
    title=Words("約定通知（旧書式）", "execution (older layout)"),
    senders=("alert_master@sbisec.co.jp",),
    subject=r"約定通知",
    body=r"^[ \t]*銘柄[ \t]*:?[ \t]*$",
    build=building.execution,
    fields=(
        Field("when", label("約定日時"), values.japan_time),
        Field("order", label("注文番号"), values.text),
        Field("name", r"^[ \t]*銘柄[ \t]*:?[ \t]*\n([^\n]+(?:\n[^\n]+)?)", values.joined),
        Field("instrument", r"^[ \t]*銘柄[ \t]*:?[ \t]*\n([^\n]+\n[^\n]+)", values.japan_code_within),
        Field("side", r"^(?![ \t]*(?:株数|価格|銘柄))([^\n]*[買売])[ \t]*$", values.side),
        Field("margin", r"^(?![ \t]*(?:株数|価格|銘柄))([^\n]*[買売])[ \t]*$", values.margin),
        Field("quantity", r"株数[ \t]*:[ \t]*([^\n]+?)(?:[ \t]{2,}|[ \t]*$|[ \t]+価格)", values.number),
        Field("price", r"価格[ \t]*:[ \t]*([^\n]+)", values.number),
    ),
    source="a public dispatcher of the mail (fileszero/slackMail, 2020 to 2022)",
)
