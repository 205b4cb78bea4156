"""楽天証券: the next purchases of a fund plan (積立) are announced."""

from kuraban.home.mail.formats import building
from kuraban.home.mail.formats.model import Format
from kuraban.home.model import Words

FORMAT = Format(
    id="rakuten.plan_next",
    broker="rakuten",
    kind="plan",
    title=Words("投資信託の次回積立予定", "the next purchases of a fund plan"),
    senders=("service@rakuten-sec.co.jp",),
    subject=r"【投資信託】次回積立予定をお知らせします",
    build=building.notice("plan", Words("次回の積立予定のお知らせです", "the next purchases of a fund plan are due")),
    source="a public parser with tests (kakeibo, Google Apps Script): existence and subject",
)
