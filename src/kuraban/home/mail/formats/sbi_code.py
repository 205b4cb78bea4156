"""SBI証券: a one-time code for the authentication of a device or of a login. The code is never read."""

from kuraban.home.mail.formats import building
from kuraban.home.mail.formats.model import Format
from kuraban.home.model import Words

FORMAT = Format(
    id="sbi.code",
    broker="sbi",
    kind="code",
    title=Words("認証コード", "one-time code"),
    senders=("info@sbisec.co.jp",),
    subject=r"認証コード(入力画面)?のお知らせ",
    build=building.notice("code", Words("認証コードが送られました", "a one-time code was sent")),
    secret=True,
    source="public parsers of the mail: 認証コード入力画面のお知らせ (from 2025), 認証コードのお知らせ (before)",
)
