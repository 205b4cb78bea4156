"""楽天証券: a fund plan (積立) was set up."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.mail.formats.values import label
from kuraban.home.model import Words

FORMAT = Format(
    id="rakuten.plan_set",
    broker="rakuten",
    kind="plan",
    title=Words("投資信託の積立設定の完了", "a fund plan was set up"),
    senders=("service@rakuten-sec.co.jp",),
    subject=r"【投資信託】積立設定が完了しました",
    body=r"積立設定内容",
    build=building.notice("plan", Words("投資信託の積立が設定されました", "a fund plan was set up")),
    fields=(
        Field("name", r"積立設定内容[^\n]*\n+[ \t]*([^\n\t]+)", values.text, required=False),
        Field("day", label("積立指定日"), values.text, required=False),
        Field("amount", label("積立金額"), values.number, required=False),
    ),
    source="a public parser with tests (kakeibo, Google Apps Script)",
)
