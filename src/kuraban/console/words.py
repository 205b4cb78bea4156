"""How times, amounts and shares are written on pages, in each language."""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from kuraban.decisions import METHOD_WORDS, SETTING_WORDS, few
from kuraban.plurals import counted

ACTIONS = {
    "allow": ("許可", "allow"),
    "notify": ("通知", "notify"),
    "challenge": ("追加認証", "challenge"),
    "hold": ("保留", "hold"),
    "lock": ("ロック", "lock"),
}
STATES = {
    "open": ("未対応", "open"),
    "acknowledged": ("確認中", "acknowledged"),
    "takeover": ("乗っ取り", "takeover"),
    "owner": ("本人", "owner's own"),
}
EVENTS = {
    "login.succeeded": ("ログイン成功", "login"),
    "login.failed": ("ログイン失敗", "failed login"),
    "challenge.passed": ("追加認証 通過", "challenge passed"),
    "challenge.failed": ("追加認証 失敗", "challenge failed"),
    "session.ended": ("ログアウト", "session ended"),
    "setting.changed": ("設定変更", "setting changed"),
    "order.placed": ("注文", "order"),
    "order.cancelled": ("注文取消", "order cancelled"),
    "order.executed": ("約定", "execution"),
    "cash.deposited": ("入金", "deposit"),
    "cash.swept": ("銀行から自動入金", "bank sweep"),
    "withdrawal.requested": ("出金依頼", "withdrawal requested"),
    "withdrawal.paid": ("出金", "withdrawal paid"),
    "account.snapshot": ("残高", "balances"),
    "notice.sent": ("通知送信", "notice sent"),
    "notice.received": ("通知到着", "notice received"),
    "owner.confirmed": ("本人が確認", "owner confirmed"),
    "owner.denied": ("本人が否認", "owner denied"),
    "credentials.reset": ("認証情報の再発行", "credentials reset"),
}
# Names come from strangers: no control characters, nothing that turns the direction of the text around it,
# and no half of a character, which could not be sent.
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MOST = 1e16  # amounts beyond that are no amounts, and have more figures than a page has room
_BRIEF = 16  # columns, in which a wide letter takes two
_LENGTHS = (
    (365 * 86_400, "年", "y"),
    (30 * 86_400, "か月", "mo"),
    (86_400, "日", "d"),
    (3600, "時間", "h"),
    (60, "分", "min"),
)
# What brokers write of themselves in free fields, where it is one of these.
GIVEN = {
    "on": ("オン", "on"),
    "off": ("オフ", "off"),
    "changed": ("変更", "changed"),
    "registered": ("登録", "registered"),
    "replaced": ("交換", "replaced"),
    "bank_transfer": ("銀行振込", "bank transfer"),
    "direct_debit": ("口座振替", "direct debit"),
    "linked_bank": ("連携銀行", "linked bank"),
    "bank_link": ("銀行連携", "bank link"),
    "net_bank": ("ネット銀行", "net bank"),
}
_UNITS = {"stock": ("株", "share"), "fund": ("口", "unit"), "option": ("枚", "contract"), "future": ("枚", "contract")}
_SCALES = {"ja": ((1e12, "兆"), (1e8, "億"), (1e4, "万")), "en": ((1e9, "bn"), (1e6, "M"), (1e3, "k"))}


def filters(language: str, zone: str) -> dict[str, Callable[..., Any]]:
    """Filters of the templates in one language; times are shown in `zone`."""
    place = ZoneInfo(zone)
    unknown = "不明" if language == "ja" else "unknown"

    def when(value: int | str | datetime | None, form: str = "%m/%d %H:%M:%S") -> Markup | str:
        """A time as a <time> element; None is unknown. A day of another year than the present says which."""
        if value is None:
            return unknown
        found = moment(value).astimezone(place)
        if form.startswith("%m/%d") and found.year != datetime.now(place).year:
            form = f"%Y/{form}"
        # A line may end between day and hour, not within either.
        shown = found.strftime(form)
        if len(shown) <= _BRIEF - 2:
            return Markup('<time class="brief" datetime="{}">{}</time>').format(found.isoformat(), shown)
        parts = (Markup('<span class="brief">{}</span>').format(each) for each in shown.split())
        return Markup('<time datetime="{}">{}</time>').format(found.isoformat(), Markup(" ").join(parts))

    def day(value: int | str | datetime | None) -> Markup | str:
        return when(value, "%Y-%m-%d")

    def called(name: str) -> Markup:
        """A name that strangers chose. A short one, as account numbers are, keeps together."""
        name = clean(name)
        if _width(name) <= _BRIEF:
            return Markup('<bdi class="brief">{}</bdi>').format(name)
        return Markup("<bdi>{}</bdi>").format(name)

    def yen(value: float | None) -> str:
        """A whole amount of the account's currency."""
        if value is None or math.isnan(value):
            return unknown
        if abs(value) >= _MOST:
            return "1京円以上" if language == "ja" else "¥10,000,000bn or more"
        return f"{value:,.0f}円" if language == "ja" else f"¥{value:,.0f}"

    def change(value: float) -> str:
        """By how much an amount changed, with its sign."""
        return ("+" if round(value) > 0 else "") + yen(round(value) + 0.0)

    def about(value: float | None) -> str:
        """An amount in three figures: 1.23億円, ¥123M."""
        if value is None or math.isnan(value) or abs(value) >= _MOST:
            return yen(value)
        for size, name in _SCALES[language]:
            if abs(value) >= size:
                short = few(value / size) if abs(value) < 1000 * size else f"{value / size:,.0f}"
                return f"{short}{name}円" if language == "ja" else f"¥{short}{name}"
        return yen(value)

    def price(value: float | None, currency: str) -> str:
        """A price in an instrument's currency; "" is not known."""
        if value is None or math.isnan(value):
            return unknown
        if currency != "JPY" or abs(value) >= _MOST:
            return f"{figure(value)} {currency}".strip() if abs(value) < _MOST else number(value)
        return f"{figure(value)}円" if language == "ja" else f"¥{figure(value)}"

    def quantity(value: float, kind: str | None) -> str:
        """How much of an instrument, in the unit of its kind where that has one."""
        ja, en = _UNITS.get(kind or "", ("", "unit"))
        return f"{number(value)}{ja}" if language == "ja" else several(value, en)

    def number(value: float | None, places: int = 0) -> str:
        if value is None or math.isnan(value):
            return unknown
        if abs(value) >= _MOST:
            return "1京以上" if language == "ja" else "10,000,000bn or more"
        return f"{round(value, places) + 0.0:,.{places}f}"  # no minus before a zero

    def several(value: float | None, noun: str, places: int = 0) -> str:
        """An English count with its noun; see `plurals`."""
        return unknown if value is None else counted(value, noun, places=places)

    def percent(value: float | None) -> str:
        """A probability, as `share` writes it."""
        return unknown if value is None or math.isnan(value) else share(value)

    def named(value: str, table: Mapping[str, tuple[str, str]]) -> str:
        return table.get(value, (value, value))[0 if language == "ja" else 1]

    return {
        "when": when,
        "called": called,
        "day": day,
        "yen": yen,
        "change": change,
        "about": about,
        "figure": figure,
        "price": price,
        "quantity": quantity,
        "number": number,
        "percent": percent,
        "counted": several,
        "action_word": lambda value: named(value, ACTIONS),
        "state_word": lambda value: named(value, STATES),
        "event_word": lambda value: named(value, EVENTS),
        "setting_word": lambda value: named(value, SETTING_WORDS),
        "method_word": lambda value: named(value, METHOD_WORDS),
        "given_word": lambda value: named(value, GIVEN),
        "data": data,
    }


def figure(value: float) -> str:
    """A number as people write it, whatever its size: 0.000005, 1,040, 1,000,000,000; six figures at most."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    places = max(0, 5 - math.floor(math.log10(abs(value))))
    shown = f"{value:,.{places}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _width(name: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "FWA" else 1 for letter in name)


def clean(text: str) -> str:
    """A stranger's text with a sign for each character that must not reach a page."""
    return UNSAFE.sub("�", text)


def share(value: float) -> str:
    """A probability. What is small says how small; nothing is ever shown as certain."""
    if value < 0.001:
        return "<0.1%" if value > 0 else "0%"
    return f"{value:.1%}" if value < 0.999 else ">99.9%"


def lasting(seconds: float, language: str) -> str:
    """How long something took, in one unit and as short as a chart needs it: 5時間, 5 h."""
    size, ja, en = next(each for each in _LENGTHS if seconds >= 2 * each[0] or each[0] == 60)
    count = int(seconds // size)
    return f"{count}{ja}" if language == "ja" else f"{count} {en}"


def moment(value: int | str | datetime) -> datetime:
    """A time with its offset, of microseconds since 1970, RFC 3339 or itself."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1e6, ZoneInfo("UTC"))
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def data(value: Any) -> Markup:
    """Anything as JSON inside a quoted attribute."""
    return escape(json.dumps(value, ensure_ascii=False, allow_nan=False))
