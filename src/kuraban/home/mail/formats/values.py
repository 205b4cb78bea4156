"""Values as notices write them:

numbers, times, codes, sides. Each reader takes the text and says what is wrong with it.

Texts come in NFKC: full-width digits, colons and parentheses are ASCII already.
"""

import contextlib
import re
import unicodedata
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from kuraban.home import naming
from kuraban.home.mail.formats.model import Reader, Surroundings, ValueUnreadError
from kuraban.home.model import Words

JAPAN = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
_NUMBER = re.compile(r"[^\d.,-]*?(-?\d[\d,]*(?:\.\d+)?|-?\.\d+)")
_LARGEST = 1e15


def label(*names: str) -> str:
    """The expression for a value after its label: behind a colon, blanks or a cell's end, or on the next line."""
    either = "|".join(re.escape(unicodedata.normalize("NFKC", name)) for name in names)
    return rf"^[ \t]*[■・◆●○※]?[ \t]*(?:{either})[ \t]*:?[ \t]*\n?[ \t]*:?[ \t]*([^\n\t]+?)[ \t]*(?:\t|$)"


def text(value: str, around: Surroundings) -> str:
    """The text as it stands, at most 200 characters."""
    return value.strip()[:200]


def joined(value: str, around: Surroundings) -> str:
    """A text over several lines as one, at most 200 characters."""
    return " ".join(value.split())[:200]


def number(value: str, around: Surroundings) -> float:
    """The number a text begins with: `3,139円`, `888.12米ドル`, `100株(口)`, `$1,234.56`."""
    match = _NUMBER.match(value.strip())
    found = float(match.group(1).replace(",", "")) if match else -1.0
    if not 0 <= found < _LARGEST:
        raise ValueUnreadError(Words("数値が読み取れません", "a number cannot be read"))
    return found


def currency(value: str, around: Surroundings) -> str:
    """The currency of a price: JPY for 円, USD for 米ドル or $."""
    if "米ドル" in value or "$" in value or "USD" in value:
        return "USD"
    if "円" in value or "¥" in value:
        return "JPY"
    raise ValueUnreadError(Words("通貨が分かりません", "the currency is not known"))


_TIME = re.compile(
    r"(\d{4})\s*[/年.-]\s*(\d{1,2})\s*[/月.-]\s*(\d{1,2})日?(?:[\sT]+(\d{1,2})[:時](\d{2})(?:[:分](\d{2}))?)?"
)


def time_in(zone: tzinfo) -> Reader:
    """A reader of `2026/7/7 9:07`, `2026/07/07 09:07:05` and `2026年7月7日 9時07分`."""

    def read(value: str, around: Surroundings) -> datetime:
        match = _TIME.search(value)
        if match is None or match.group(4) is None:
            raise ValueUnreadError(Words("日時が読み取れません", "a time cannot be read"))
        return _moment([int(part or 0) for part in match.groups()], zone)

    return read


japan_time = time_in(JAPAN)


def japan_date(value: str, around: Surroundings) -> datetime:
    """A date (`2026年5月1日`, or `5月1日` of the year the mail came in) as its first moment in Japan."""
    match = _TIME.search(value)
    if match is not None:
        return _moment([*(int(part) for part in match.groups()[:3]), 0, 0, 0], JAPAN)
    match = re.search(r"(\d{1,2})月(\d{1,2})日", value)
    if match is None:
        raise ValueUnreadError(Words("日付が読み取れません", "a date cannot be read"))
    month, day = int(match.group(1)), int(match.group(2))
    arrived = around.when.astimezone(JAPAN)
    # A notice of December read in January is of the year before.
    year = arrived.year - (month > arrived.month + 6)
    return _moment([year, month, day, 0, 0, 0], JAPAN)


def us_date(value: str, around: Surroundings) -> datetime:
    """A date as American notices write it (`04/09/25`, `April 9, 2025`, with or without `at 3:51 PM ET`)."""
    match = re.search(r"(\d{1,2})/(\d{1,2})/(\d{2,4})", value)
    if match is not None:
        month, day, year = (int(part) for part in match.groups())
        return _moment([year + 2000 * (year < 100), month, day, 0, 0, 0], NEW_YORK)
    match = re.search(
        r"([A-Z][a-z]{2})[a-z]* (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?: at (\d{1,2}):(\d{2}) ?([AP])M)?", value
    )
    if match is None or match.group(1) not in _MONTHS:
        raise ValueUnreadError(Words("日付が読み取れません", "a date cannot be read"))
    hour, minute = int(match.group(4) or 0), int(match.group(5) or 0)
    hour = hour % 12 + 12 * (match.group(6) == "P") if match.group(6) else 0
    return _moment(
        [int(match.group(3)), _MONTHS.index(match.group(1)) + 1, int(match.group(2)), hour, minute, 0], NEW_YORK
    )


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _moment(parts: list[int], zone: tzinfo) -> datetime:
    year, month, day, hour, minute, second = parts
    try:
        found = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        found = datetime(1, 1, 1, tzinfo=JAPAN)
    if not 1990 <= found.year < 2100:
        raise ValueUnreadError(Words("ありえない日付です", "there is no such date"))
    return found


def side(value: str, around: Surroundings) -> str:
    """`buy` or `sell`, of 買付, 信用返済買い, 現物売, Buy …; the side of the market that the order is on."""
    lowered = value.lower()
    buys = "買" in value or "buy" in lowered or "bought" in lowered
    sells = "売" in value.replace("売買", "") or "sell" in lowered or "sold" in lowered
    if buys == sells:
        raise ValueUnreadError(Words("売買の別が読み取れません", "buy or sell cannot be told"))
    return "buy" if buys else "sell"


def margin(value: str, around: Surroundings) -> bool:
    """Whether a kind of trade is on margin: anything of 信用, unlike 現物."""
    return "信用" in value or "新規" in value or "返済" in value


def japan_code(value: str, around: Surroundings) -> str:
    """A Japanese share as `9201.T`, of its four characters or of five with the check character."""
    match = re.fullmatch(r"([0-9][0-9ACDFGHJKLMNPRSTUWXY][0-9][0-9ACDFGHJKLMNPRSTUWXY])[0-9]?", value.strip())
    if match is None:
        raise ValueUnreadError(Words("銘柄コードが読み取れません", "a security code cannot be read"))
    return f"{match.group(1)}.T"


def japan_code_within(value: str, around: Surroundings) -> str:
    """The Japanese code that stands somewhere in a text, by itself or in parentheses."""
    for word in re.split(r"[\s()/]+", value):
        with contextlib.suppress(ValueUnreadError):
            return japan_code(word, around)
    raise ValueUnreadError(Words("銘柄コードが読み取れません", "a security code cannot be read"))


def ticker(value: str, around: Surroundings) -> str:
    """An American ticker, `AAPL` or `BRK.B`."""
    plain = value.strip().upper().replace("/", ".")
    if not re.fullmatch(r"[A-Z][A-Z0-9]{0,5}(?:[. -][A-Z]{1,2})?", plain):
        raise ValueUnreadError(Words("ティッカーが読み取れません", "a ticker cannot be read"))
    return plain.replace(" ", ".").replace("-", ".")


def fund(value: str, around: Surroundings) -> str:
    """A fund, which notices name without a code: `fund:` and its name without blanks, as for exports."""
    if not value.strip():
        raise ValueUnreadError(Words("ファンド名がありません", "the fund has no name"))
    return naming.fund(value)
