"""Notices whose exact text is not known: told by the words of the subject, and always marked *uncertain*.

Brokers publish that they send notices of logins, withdrawals, deposits and changes, but mostly not their wording. A
mail from a broker's own address whose subject speaks of one of these is taken for one; anything else stays
unrecognised.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from kuraban.events import Cash, Notice, Setting, SettingName, Type
from kuraban.home.mail.formats.model import Stated, Surroundings, ValueUnreadError
from kuraban.home.mail.formats.values import number
from kuraban.home.model import Words


class _Kind(NamedTuple):
    """One kind of notice. kind: as `Letter.kind`; subject: the words that tell it."""

    kind: str
    subject: re.Pattern[str]
    build: Callable[[str, Surroundings], Stated | None]


def _plain_notice(kind: str, words: Words) -> Callable[[str, Surroundings], Stated | None]:
    def build(text: str, around: Surroundings) -> Stated:
        return Stated("notice.received", around.when, words, notice=Notice(kind=kind, channel="email"))

    return build


def _login(text: str, around: Surroundings) -> Stated:
    failed = re.search(r"失敗|ロック|failed|locked|unsuccessful", around.subject, re.IGNORECASE) is not None
    type_: Type = "login.failed" if failed else "login.succeeded"
    words = Words("ログインに失敗したという通知", "a notice of a failed login") if failed else _LOGGED_IN
    return Stated(type_, around.when, words)


_LOGGED_IN = Words("ログインがあったという通知", "a notice of a login")
_AMOUNT = re.compile(
    r"(?:出金|振込|入金|振替|送金)[^\n\d]{0,30}?([\d,]+)[ \t]*円|(?:amount|withdrawal|deposit)[^\n\d]{0,30}\$([\d,.]+)",
    re.I,
)


def _amount(text: str, around: Surroundings) -> float | None:
    match = _AMOUNT.search(text)
    if match is None or match.group(1) is None:
        return None
    try:
        return number(match.group(1), around)
    except ValueUnreadError:
        return None


def _withdrawal(text: str, around: Surroundings) -> Stated:
    paid = re.search(r"完了|実行|済|completed|sent", around.subject, re.IGNORECASE) is not None
    type_: Type = "withdrawal.paid" if paid else "withdrawal.requested"
    return Stated(type_, around.when, Words("出金の通知", "a notice of a withdrawal"), cash=Cash(_amount(text, around)))


def _deposit(text: str, around: Surroundings) -> Stated:
    words = Words("入金の通知", "a notice of a deposit")
    return Stated("cash.deposited", around.when, words, cash=Cash(_amount(text, around)))


_SETTINGS: tuple[tuple[SettingName, str, Words], ...] = (
    (
        "payout_account",
        r"(出金先|振込先|入出金口座|金融機関|銀行口座)|bank account",
        Words("出金先口座", "payout account"),
    ),
    ("trading_pin", r"(取引暗証|取引パスワード|暗証番号)|trading (pin|password)", Words("取引暗証番号", "trading PIN")),
    ("email", r"(メールアドレス|e-?mail)", Words("メールアドレス", "e-mail address")),
    ("phone", r"(電話番号|携帯電話|phone)", Words("電話番号", "phone number")),
    ("password", r"(パスワード|password)", Words("パスワード", "password")),
    (
        "mfa",
        r"(多要素|二段階|2段階|認証方法|パスキー|passkey|two-factor|multi-factor)",
        Words("多要素認証", "second factor"),
    ),
    ("device", r"(デバイス|端末|device)", Words("端末", "device")),
    ("address", r"(住所|address)", Words("住所", "address")),
)


def _setting(text: str, around: Surroundings) -> Stated | None:
    for name, pattern, words in _SETTINGS:
        if re.search(pattern, around.subject, re.IGNORECASE):
            summary = Words(f"{words.ja}の変更の通知", f"a notice that the {words.en} was changed")
            return Stated("setting.changed", around.when, summary, setting=Setting(name=name))
    return None


_KINDS = (
    _Kind(
        "advertising",
        re.compile(
            r"キャンペーン|セミナー|プレゼント|メールマガジン|メルマガ|ニュースレター|特集|webinar|newsletter", re.I
        ),
        lambda text, around: None,
    ),
    _Kind(
        "code",
        re.compile(
            r"認証コード|認証番号|認証キー|ワンタイム|確認コード|verification code|security code|one-time", re.I
        ),
        _plain_notice("code", Words("認証コードが送られました", "a one-time code was sent")),
    ),
    _Kind(
        "margin_call",
        re.compile(r"追証|追加保証金|不足金|(保証金|証拠金).{0,6}不足|margin call", re.I),
        _plain_notice("margin_call", Words("追証・不足金の通知", "a call for money")),
    ),
    _Kind(
        "withdrawal",
        re.compile(r"(?<!入)出金(?!先)|振込.{0,6}(完了|受け?付)|送金|withdraw|transfer out", re.I),
        _withdrawal,
    ),
    _Kind(
        "setting",
        re.compile(
            r"(変更|登録|削除|追加|解除|設定|再発行|リセット).{0,12}(完了|しました|されました|受け?付|お知らせ|通知)"
            r"|(changed|updated|added|removed|reset)",
            re.I,
        ),
        _setting,
    ),
    _Kind(
        "login",
        re.compile(
            r"ログイン.{0,12}(通知|お知らせ|履歴|ありました|検知|失敗|ロック)|recent login|log-?in|sign-?in", re.I
        ),
        _login,
    ),
    _Kind(
        "execution",
        re.compile(r"約定|取引(が)?成立|出来通知|order execut|trade confirm|order (has been )?(filled|executed)", re.I),
        _plain_notice(
            "execution", Words("約定の通知（内容は読み取れません）", "a notice of an execution, not readable")
        ),
    ),
    _Kind("cash", re.compile(r"入金|配当|分配金|deposit|dividend", re.I), _deposit),
)


def recognise(text: str, around: Surroundings) -> tuple[str | None, Stated | None]:
    """The kind of a broker's notice and the event it may state. text and `around.subject`: NFKC."""
    for kind in _KINDS:
        if kind.subject.search(around.subject):
            stated = kind.build(text, around)
            if stated is not None or kind.kind == "advertising":
                return kind.kind, stated
    return None, None
