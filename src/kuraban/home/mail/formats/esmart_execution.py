"""三菱UFJ eスマート証券（旧auカブコム証券）: an order was executed."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.mail.formats.values import label
from kuraban.home.model import Words

_DONE = r"約定しました。\s*"
_TIME = r"\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}"

FORMAT = Format(
    id="esmart.execution",
    broker="esmart",
    kind="execution",
    title=Words("約定通知", "execution"),
    senders=("support@kabu.com",),
    subject=r"【[^】]{1,20}】約定通知",
    body=r"約定しました。",
    build=building.execution,
    fields=(
        Field("when", rf"{_DONE}({_TIME})", values.japan_time),
        Field("instrument", rf"{_DONE}{_TIME}\s*\n[^\d/\n]*(\d[\dA-Z]\d[\dA-Z])/", values.japan_code),
        Field("name", rf"{_DONE}{_TIME}\s*\n[^/\n]*/([^\n]+)", values.text),
        Field("side", rf"{_DONE}{_TIME}\s*\n[^\n]+\n([^/\n]+)", values.side),
        Field("margin", rf"{_DONE}{_TIME}\s*\n[^\n]+\n([^/\n]+)", values.margin),
        Field("price", label("単価"), values.number),
        Field("quantity", label("数量"), values.number),
        Field("amount", label("金額"), values.number, required=False),
    ),
    source="several public parsers of the mail (2022 to 2024), under the tag 【auKabucom】; the later tag is not known",
)
