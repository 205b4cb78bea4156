"""Schwab: a login to the account is confirmed."""

from kuraban.home.mail.formats import building
from kuraban.home.mail.formats.model import Format
from kuraban.home.model import Words

FORMAT = Format(
    id="schwab.login",
    broker="schwab",
    kind="login",
    title=Words("ログインの確認", "a login"),
    senders=("donotreply@mail.schwab.com",),
    subject=r"Confirming your recent login",
    build=building.login,
    source="a public parser that tells the mail by this subject",
)
