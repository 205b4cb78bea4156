"""SBI証券: a call for money, for American shares on margin or for futures and options.

The mail about American shares holds no amount; the one about futures and options holds 入金期日 and 入金額.
"""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.mail.formats.values import label
from kuraban.home.model import Words

FORMAT = Format(
    id="sbi.margin_call",
    broker="sbi",
    kind="margin_call",
    title=Words("追証・証拠金不足", "margin call"),
    senders=("@sbisec.co.jp",),
    subject=r"追加保証金\(追証\)の発生に伴うご入金のお願い|証拠金不足通知",
    build=building.notice("margin_call", Words("追証・証拠金不足の通知です", "a call for money on a margin account")),
    fields=(
        Field("day", label("入金期日"), values.text, required=False),
        Field("amount", label("入金額"), values.number, required=False),
    ),
    source="the broker's help pages on mail services; a public blog that quotes the subject of the American notice",
)
