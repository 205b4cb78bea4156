"""SBI証券: an order was executed, in the newer layout with the label and its value on one line."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.mail.formats.values import label
from kuraban.home.model import Words

FORMAT = Format(
    id="sbi.execution",
    broker="sbi",
    kind="execution",
    title=Words("約定通知", "execution"),
    senders=("alert_master@sbisec.co.jp",),
    subject=r"\[SBI証券\]約定通知/注文番号",
    body=r"銘柄名\(銘柄コード\)",
    build=building.execution,
    fields=(
        Field("when", label("約定日時"), values.japan_time),
        Field("order", label("注文番号"), values.text),
        Field("side", label("取引種別"), values.side),
        Field("margin", label("取引種別"), values.margin),
        Field("name", r"^[ \t]*銘柄名\(銘柄コード\)[ \t:]*(.+?)[ \t]*\([0-9A-Z]{4,5}\)", values.text),
        Field("instrument", r"^[ \t]*銘柄名\(銘柄コード\)[ \t:]*.*\(([0-9A-Z]{4,5})\)", values.japan_code),
        Field("quantity", label("株数"), values.number),
        Field("price", label("約定価格"), values.number),
    ),
    source="a public parser of the mail: first part plain text in UTF-8, each label at the start of its line",
)
