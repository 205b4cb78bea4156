"""Fidelity: an order was executed. Only the subject is known, so its values stay unread."""

from kuraban.home.mail.formats import building
from kuraban.home.mail.formats.model import Format
from kuraban.home.model import Certainty, Words

FORMAT = Format(
    id="fidelity.execution",
    broker="fidelity",
    kind="execution",
    title=Words("約定の通知", "order execution"),
    senders=("fidelity.alerts@fidelity.com",),
    subject=r"Fidelity Alerts: Order Execution",
    build=building.notice(
        "execution", Words("約定の通知（内容は読み取れません）", "a notice of an execution, not readable")
    ),
    certainty=Certainty.UNCERTAIN,
    source="public parsers that tell the mail by this subject",
)
