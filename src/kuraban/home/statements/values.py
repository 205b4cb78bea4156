"""Cells of Japanese and American exports as text, numbers, dates and instruments."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kuraban.home import naming
from kuraban.home.model import Words

LARGEST = 1e15  # no amount, price or quantity of a private account comes near
FIRST_YEAR, LAST_YEAR = 1990, 2099  # as for times of events


class CellError(ValueError):
    """A cell that does not say what its column must say; becomes an `Unreadable` with these words."""

    def __init__(self, code: str, words: Words):
        super().__init__(words.en)
        self.code = code
        self.words = words


# Every sign that the exports put where there is no value: one to three dashes, of whatever width.
_NOTHING = re.compile(r"[-–—―‐‑−ー─]{1,3}\Z|\*+\Z|N/A\Z")
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\Z|[0-9]+(?:\.[0-9]*)?\Z|\.[0-9]+\Z")
_MINUS = str.maketrans("−–‐▲△", "-----")
_DATE = re.compile(r"([0-9]{1,4})[/.年-]([0-9]{1,2})[/.月-]([0-9]{1,4})日?(?:\s|\(|\Z)")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})\Z")


def clean(cell: str) -> str:
    """The cell's text: NFKC (full-width digits and Latin become ordinary), one space for many; "" for a dash alone."""
    text = " ".join(unicodedata.normalize("NFKC", cell).split())
    return "" if _NOTHING.match(text) else text


def number(text: str) -> float | None:
    """The number of a cleaned cell; None where it is empty.

    Takes thousands separators in their places only, a currency sign or unit, a leading sign of any kind, and
    accountants' brackets for negatives. Raises `CellError` (`bad_number`).
    """
    if not text:
        return None
    body = text.translate(_MINUS).replace(" ", "")
    negative = body.startswith("(") and body.endswith(")")
    body = body[1:-1] if negative else body
    if not negative and body[:1] in ("+", "-"):
        negative, body = body[0] == "-", body[1:]
    body = re.sub(r"\A(?:[¥$]|US\$)|(?:円|株|口|米ドル|USドル|%)\Z", "", body)
    if body[:1] == "-" and not negative and text[:1] not in ("+", "-"):
        negative, body = True, body[1:]
    if not _NUMBER.match(body):
        raise CellError("bad_number", Words(f"数値ではありません: {shown(text)}", f"not a number: {shown(text)}"))
    value = float(body.replace(",", ""))
    if value > LARGEST:
        raise CellError("bad_number", Words(f"大きすぎる数値です: {shown(text)}", f"too large: {shown(text)}"))
    return -value if negative and value else value


def with_aside(text: str) -> tuple[float | None, float | None]:
    """`5,000(493)` as (5000, 493): an amount with points used, or a price with its exchange rate, in brackets."""
    match = re.match(r"([^()]+)\(([^()]*)\)\Z", text)
    if match is None:
        return number(text), None
    return number(match[1].strip()), number(match[2].strip())


def day(text: str, order: str = "ymd") -> date:
    """The date of a cleaned cell, as year, month, day (`ymd`) or month, day, year (`mdy`); two-digit years are 20xx.

    Where a cell gives a posting date "as of" another, the other counts. Raises `CellError` (`bad_date`).
    """
    text = text.rpartition(" as of ")[2]
    match = _COMPACT.match(text) or _DATE.match(text)
    if match:
        first, second, third = (int(part) for part in match.groups())
        year, month, of_month = (first, second, third) if order == "ymd" or first > 31 else (third, first, second)
        year += 2000 if year < 100 else 0
        try:
            found = date(year, month, of_month)
        except ValueError:
            found = None
        if found is not None and FIRST_YEAR <= year <= LAST_YEAR:
            return found
    raise CellError("bad_date", Words(f"日付ではありません: {shown(text)}", f"not a date: {shown(text)}"))


_ZONES = {
    "ET": "America/New_York",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "JST": "Asia/Tokyo",
    "HKT": "Asia/Hong_Kong",
    "SGT": "Asia/Singapore",
    "UTC": "UTC",
}


def moment(text: str) -> datetime:
    """`Jan 15, 2026 09:00:00 ET` as an aware time. Raises `CellError` (`bad_date`)."""
    body, _, zone = text.rpartition(" ")
    if zone in _ZONES:
        for form in ("%b %d, %Y %H:%M:%S", "%b %d, %Y %H:%M", "%Y/%m/%d %H:%M:%S"):
            try:
                found = datetime.strptime(body, form).replace(tzinfo=ZoneInfo(_ZONES[zone]))
            except ValueError:
                continue
            if FIRST_YEAR <= found.year <= LAST_YEAR:
                return found
    raise CellError("bad_date", Words(f"日時ではありません: {shown(text)}", f"not a date and time: {shown(text)}"))


def shown(text: str, limit: int = 40) -> str:
    """Foreign text made fit for a message: printable, short, in quotes."""
    kept = "".join(sign if sign.isprintable() else "�" for sign in text[:limit])
    return f"「{kept}{'…' if len(text) > limit else ''}」"


def column_name(cell: str) -> str:
    """A header's words reduced to what two exports agree on: width, brackets, spaces, yen signs and case removed."""
    text = unicodedata.normalize("NFKC", cell).casefold()
    text = text.translate(str.maketrans("〔〕【】()¥￥", "[][][]円円"))
    return "".join(text.split())


_TOKYO_CODE = re.compile(r"[0-9][0-9A-Z][0-9][0-9A-Z](0?)\Z")
_TICKER = re.compile(r"[A-Z][A-Z0-9]{0,5}(?:[./ -][A-Z]{1,2})?\Z")


def tokyo(code: str) -> str:
    """A Japanese security code as `8410.T`; the check digit 0 of five-character codes is left off.

    Raises `CellError` (`bad_code`).
    """
    text = code.upper()
    match = _TOKYO_CODE.match(text)
    if match:
        return f"{text[:4]}.T"
    if re.match(r"[0-9][0-9A-Z][0-9][0-9A-Z][1-9]\Z", text):  # another class of shares, such as preferred ones
        return f"{text}.T"
    raise CellError("bad_code", Words(f"銘柄コードではありません: {shown(code)}", f"not a code: {shown(code)}"))


# What exports call the markets on which securities have numbers, and the suffix of each.
_NUMBERED = (
    (("香港", "HK", "中国株"), "HK"),
    (("上海", "SHANGHAI"), "SS"),
    (("深セン", "深圳", "SHENZHEN"), "SZ"),
    (("KOSDAQ", "コスダック"), "KQ"),
    (("韓国", "KOSPI", "KRX"), "KS"),
)


def foreign(code: str, market: str = "") -> str:
    """A ticker, classes of shares with a dot (`BRK.B`); a number with its market's suffix, as Hong Kong's `0700.HK`.

    market: as the export words it. Where it says nothing, up to five digits are Hong Kong's and six are mainland
    China's. Raises `CellError` (`bad_code`), also for a number on a market that is not known.
    """
    text, place = code.upper(), market.upper()
    if _TICKER.match(text):
        return re.sub(r"[/ -]", ".", text)
    if re.match(r"[0-9]{1,6}\Z", text):
        suffix = next((suffix for words, suffix in _NUMBERED if any(word in place for word in words)), None)
        if suffix is None and (not place or place in ("中国", "CN")):
            suffix = "HK" if len(text) < 6 else "SS" if text[0] in "69" else "SZ"
        if suffix is not None:
            return f"{int(text):04d}.HK" if suffix == "HK" else f"{text}.{suffix}"
    raise CellError("bad_code", Words(f"ティッカーではありません: {shown(code)}", f"not a ticker: {shown(code)}"))


def named_or(instrument: Callable[[], str], name: str) -> str:
    """What the code gives, else the security by its name: of holdings, the value counts more than the code."""
    try:
        return instrument()
    except CellError:
        return by_name(name)


def fund(name: str) -> str:
    """A fund, which exports and mails name without a code: `fund:` and the name in NFKC without spaces.

    Raises `CellError` (`bad_code`) where there is no name.
    """
    return naming.fund(_named(name))


def by_name(name: str) -> str:
    """A security that the export names without a code: `name:` and the name, as for funds. Raises `CellError`."""
    return f"name:{naming.folded(_named(name))}"


def _named(name: str) -> str:
    if not name.strip():
        raise CellError("bad_code", Words("銘柄名がありません", "the security has no name"))
    return name
