"""楽天証券: an order for Japanese shares was executed; one mail for each fill."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.mail.formats.values import label
from kuraban.home.model import Words

FORMAT = Format(
    id="rakuten.jp_execution",
    broker="rakuten",
    kind="execution",
    title=Words("国内株式の約定", "execution, Japanese shares"),
    senders=("tradesys@rakuten-sec.co.jp",),
    subject=r"国内株式の注文が約定しました",
    body=r"約定単価",
    build=building.execution,
    fields=(
        Field("name", r"^[ \t]*銘柄名[ \t]*:[ \t]*(.+?)[ \t]*\([0-9A-Z]{4,5}\)[ \t]*$", values.text),
        Field("instrument", r"^[ \t]*銘柄名[ \t]*:.*\(([0-9A-Z]{4,5})\)[ \t]*$", values.japan_code),
        Field("margin", label("取引"), values.margin),
        Field("side", label("売買"), values.side),
        Field("price", label("約定単価"), values.number),
        Field("currency", label("約定単価"), values.currency),
        Field("quantity", label("約定数量"), values.number),
        Field("when", label("約定日時"), values.japan_time),
        Field("order", label("注文番号"), values.text),
    ),
    source="public parsers verified on real mail (2026): one mail for each fill, label and value parted by a colon",
)
