"""楽天証券: purchases of a fund plan (積立) were executed; one mail may list several funds."""

from kuraban.home.mail.formats import building, values
from kuraban.home.mail.formats.model import Field, Format
from kuraban.home.mail.formats.values import label
from kuraban.home.model import Words

FORMAT = Format(
    id="rakuten.fund_execution",
    broker="rakuten",
    kind="execution",
    title=Words("投資信託の積立の約定", "execution of a fund plan"),
    senders=("service@rakuten-sec.co.jp",),
    subject=r"【投資信託】積立購入が完了しました",
    body=r"購入金額",
    build=building.execution,
    records=r"^[^\n\t]+\n+[ \t]*口座区分",
    common=(Field("day", r"(\d{1,2}月\d{1,2}日)に完了\(約定\)した注文", values.japan_date),),
    fields=(
        Field("instrument", r"\A([^\n\t]+)\n", values.fund),
        Field("name", r"\A([^\n\t]+)\n", values.text),
        Field("amount", label("購入金額"), values.number),
    ),
    constants={"side": "buy", "kind": "fund", "recurring": True, "currency": "JPY"},
    source="a public parser with tests (kakeibo, Google Apps Script): HTML only, one table for each fund",
)
