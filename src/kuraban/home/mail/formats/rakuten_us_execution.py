"""楽天証券: an order for American shares was executed."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.mail.formats.values import label
from kuraban.home.model import Words

FORMAT = Format(
    id="rakuten.us_execution",
    broker="rakuten",
    kind="execution",
    title=Words("米国株式の約定", "execution, American shares"),
    senders=("tradesys@rakuten-sec.co.jp",),
    subject=r"(?<!国内株式)の注文が約定しました",
    body=r"銘柄名\(銘柄コード\)",
    build=building.execution,
    fields=(
        Field("order", label("注文番号"), values.text),
        Field("name", r"^[ \t]*銘柄名\(銘柄コード\)[ \t]*:[ \t]*(.+?)[ \t]*\([^()\n]+\)[ \t]*$", values.text),
        Field("instrument", r"^[ \t]*銘柄名\(銘柄コード\)[ \t]*:.*\(([^()\n]+)\)[ \t]*$", values.ticker),
        Field("side", r"^[ \t]*口座・売買[ \t]*:[^\n]*?・([^\n・]+)$", values.side),
        Field("price", label("約定単価"), values.number),
        Field("currency", label("約定単価"), values.currency),
        Field("quantity", label("約定数量"), values.number),
        Field("when", label("約定日時"), values.japan_time),
    ),
    source="a public parser of the mail (2023): text/plain, full-width parentheses, unit 米ドル",
)
