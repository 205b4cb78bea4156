"""The words of the evidence package, in both languages."""

from datetime import datetime
from zoneinfo import ZoneInfo

from kuraban.home.incident.model import Entry
from kuraban.home.model import Words
from kuraban.home.wording import called

MINE = {
    "mine": Words("本人の操作", "the owner's own"),
    "not_mine": Words("本人の操作ではない", "not the owner's"),
    "unknown": Words("未確認", "not said"),
    "no_act": Words("-", "-"),
}
VERDICTS = {
    "verified": Words("本物と確認", "verified"),
    "unverified": Words("確認できない", "unverified"),
    "forged": Words("偽物", "forged"),
    "lookalike": Words("似せたもの", "lookalike"),
}
COLUMNS = (
    Words("起きた時刻", "happened"),
    Words("通知が届いた時刻", "notice arrived"),
    Words("本人に知らせた時刻", "owner alerted"),
    Words("口座", "account"),
    Words("内容(日本語)", "what (Japanese)"),
    Words("内容(英語)", "what (English)"),
    Words("本人の申告", "the owner says"),
    Words("通知の真偽", "notice is"),
    Words("読み取り", "reading"),
    Words("理由", "reasons"),
    Words("種類", "type"),
    Words("イベントID", "event id"),
    Words("出所", "sources"),
    Words("知らせの番号", "alert"),
)
TITLE = Words("証券口座の不正アクセスに関する時系列", "Timeline of unauthorised access to brokerage accounts")
NOTE = Words(
    "この記録は蔵番(Kuraban)が、本人の受信メールと証券会社のCSVから作成しました。時刻は日本時間です。"
    "「起きた時刻」は通知または取引履歴に書かれた時刻、「通知が届いた時刻」は本人のメールサーバーが受け取った時刻またはファイルを読んだ時刻です。"
    "元のメールとファイルは一字も変えずに mails と exports に入っています。",
    "Kuraban made this record from the owner's own mails and the brokers' CSV exports. Times are Japan time. "
    "“Happened” is the time that the notice or the history states; “arrived” is when the owner's mail server took the "
    "notice in, or when the file was read. The original mails and files are in `mails` and `exports`, byte for byte.",
)
README = Words(
    """このフォルダについて

timeline-ja.pdf / timeline-en.pdf  時系列(何が、いつ起き、いつ分かったか)
timeline.csv                       同じ内容の表
alerts.csv                         蔵番が知らせたこと(全体としての理由)
actions.csv                        本人がしたこと(電話、変更など)
hardening.csv                      事前にしていた対策の記録
originals.csv                      元のメールとファイルの一覧(差出人、真偽、ハッシュ)
mails/ exports/                    元のメールとファイル(一字も変えていません)
SHA256SUMS                         すべてのファイルのハッシュ

確かめ方: このフォルダで sha256sum -c SHA256SUMS (Windowsでは Get-FileHash)。
SHA256SUMS のハッシュを紙に書くか、担当者にメールで送っておくと、後から変えていないことを示せます。

注意: 個人情報と、偽メールを含みます。メールの中のリンクを開かないでください。渡す相手を選んでください。
""",
    """About this folder

timeline-ja.pdf / timeline-en.pdf  the timeline: what happened when, and when it was known
timeline.csv                       the same as a table
alerts.csv                         what Kuraban told the owner, with the reasons as a whole
actions.csv                        what the owner did (calls, changes)
hardening.csv                      the record of precautions taken before
originals.csv                      the list of original mails and files (sender, verdict, hash)
mails/ exports/                    the originals, byte for byte
SHA256SUMS                         the hash of every file

To check: in this folder, sha256sum -c SHA256SUMS (on Windows, Get-FileHash).
Write the hash of SHA256SUMS on paper, or mail it to the person in charge: it then shows that nothing was changed later.

Mind: it holds personal data and forged mails. Open no link in them, and choose whom to give it to.
""",
)


def moment(when: datetime | None, zone: str, dated_only: bool = False) -> str:
    """A time for people, in the zone of the package: to the second, or the day alone; "" where there is none."""
    if when is None:
        return ""
    if dated_only:
        return when.date().isoformat()
    return when.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def cells(entry: Entry, zone: str) -> list[str]:
    """One row of the table, its columns as in COLUMNS."""
    mine = MINE[entry.mine]
    verdict = VERDICTS.get(entry.verdict or "", Words("", ""))
    reading = Words("確か", "certain") if entry.certain else Words("推定", "uncertain")
    return [
        moment(entry.happened, zone, entry.dated_only),
        moment(entry.arrived, zone),
        moment(entry.told, zone),
        called(entry.account).ja,
        entry.what.ja,
        entry.what.en,
        both(mine),
        both(verdict),
        both(reading),
        " / ".join(both(words) for words in entry.why),
        entry.kind,
        entry.event,
        " ".join(entry.sources),
        entry.alert or "",
    ]


def both(words: Words) -> str:
    """Both languages in one cell."""
    if words.ja == words.en:
        return words.ja
    return f"{words.ja} ({words.en})"
