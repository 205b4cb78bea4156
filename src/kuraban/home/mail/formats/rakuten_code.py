"""楽天証券: the additional authentication at login (絵文字認証). Its two secret words are never read."""

from kuraban.home.mail.formats import building
from kuraban.home.mail.formats.model import Format
from kuraban.home.model import Words

FORMAT = Format(
    id="rakuten.code",
    broker="rakuten",
    kind="code",
    title=Words("ログイン追加認証コード（絵文字）", "additional authentication at login (emoji)"),
    senders=("service@rakuten-sec.co.jp",),
    subject=r"ログイン追加認証コードを送付",
    body=r"絵文字\s*[1１]\s*の内容",
    build=building.notice("code", Words("ログインの追加認証コードが送られました", "a login code was sent")),
    secret=True,
    source="public parsers of the mail (subject, ISO-2022-JP body lines 絵文字１の内容, 絵文字２の内容)",
)
