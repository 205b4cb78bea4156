"""マネックス証券: an execution alert. Only how its text begins is known, so its values stay unread."""

from kuraban.home.mail.formats import building
from kuraban.home.mail.formats.model import Format
from kuraban.home.model import Certainty, Words

FORMAT = Format(
    id="monex.execution",
    broker="monex",
    kind="execution",
    title=Words("約定アラートメール", "execution alert"),
    senders=("@monex.co.jp",),
    subject=r"",
    body=r"\A\s*約定アラートメールです。",
    build=building.notice(
        "execution", Words("約定の通知（内容は読み取れません）", "a notice of an execution, not readable")
    ),
    certainty=Certainty.UNCERTAIN,
    source="a public parser of the mail (2022): the text begins with 約定アラートメールです。",
)
