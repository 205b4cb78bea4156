"""The vocabulary: what one event may say, and the only authority on whether a line is an event.

Types carry their own limits, so the JSON Schema that is published (`schema`) cannot differ from what is accepted.
An empty string in an optional field means the same as leaving the field out; so does JSON `null`.
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

MAX_LINE = 1 << 20  # bytes
MAX_DEPTH = 64  # nested arrays and objects, the event itself included

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(max_length=1024)]
# Beyond it a double no longer tells one yen from the next; nobody has as much, and sums of such numbers are infinite.
MOST_NUMBER = float(1 << 53)
Amount = Annotated[float, Meta(ge=0, le=MOST_NUMBER)]
Signed = Annotated[float, Meta(ge=-MOST_NUMBER, le=MOST_NUMBER)]

Type = Literal[
    "login.succeeded",
    "login.failed",
    "challenge.passed",
    "challenge.failed",
    "session.ended",
    "setting.changed",
    "order.placed",
    "order.cancelled",
    "order.executed",
    "cash.deposited",
    "cash.swept",
    "withdrawal.requested",
    "withdrawal.paid",
    "account.snapshot",
    "notice.sent",
    "notice.received",
    "owner.confirmed",
    "owner.denied",
    "credentials.reset",
]
Channel = Literal["web", "app", "api", "phone", "batch"]
Method = Literal["password", "trading_pin", "sms_otp", "email_otp", "totp", "push", "image", "passkey", "pki"]
Side = Literal["buy", "sell"]
Kind = Literal["stock", "fund", "bond", "fx", "option", "future"]
SettingName = Literal[
    "password",
    "trading_pin",
    "email",
    "phone",
    "address",
    "mfa",
    "device",
    "payout_account",
    "notice.login",
    "notice.execution",
    "notice.withdrawal",
    "notice.cash",
    "sweep",
    "aggregator",
    "lock",
]


class Client(Struct, frozen=True, omit_defaults=True):
    """Where the act came from."""

    ip: Annotated[Text | None, Meta(description="IPv4 or IPv6 address")] = None
    user_agent: Annotated[Text | None, Meta(description="the User-Agent header, or an app's own name for itself")] = (
        None
    )
    device: Annotated[Text | None, Meta(description="the broker's device id")] = None
    channel: Annotated[Channel | None, Meta(description="how the account was reached")] = None
    rtt_ms: Annotated[Amount | None, Meta(description="round-trip time, milliseconds")] = None


class Auth(Struct, frozen=True, omit_defaults=True):
    """How the act was authenticated."""

    method: Annotated[Method | None, Meta(description="the credential that was shown or asked for")] = None


class Order(Struct, frozen=True, omit_defaults=True):
    """An order, or an execution of one."""

    id: Annotated[Text | None, Meta(description="the broker's order id")] = None
    instrument: Annotated[Text | None, Meta(description="e.g. 7992.T, 0700.HK, AAPL")] = None
    side: Annotated[Side | None, Meta(description="buy or sell")] = None
    kind: Annotated[Kind | None, Meta(description="what kind of instrument")] = None
    quantity: Annotated[Amount | None, Meta(description="shares, units or contracts")] = None
    price: Annotated[Amount | None, Meta(description="limit or execution price, the instrument's currency")] = None
    notional: Annotated[Amount | None, Meta(description="account currency, JPY by default")] = None
    margin: Annotated[bool | None, Meta(description="bought or sold on margin (信用)")] = None
    recurring: Annotated[bool | None, Meta(description="placed by a standing plan (積立)")] = None


class Cash(Struct, frozen=True, omit_defaults=True):
    """A movement of money."""

    amount: Annotated[Amount | None, Meta(description="account currency")] = None
    destination: Annotated[Text | None, Meta(description="the account the money goes to")] = None
    source: Annotated[Text | None, Meta(description="the account the money comes from")] = None


class Setting(Struct, frozen=True, omit_defaults=True):
    """A change of the account's own settings."""

    name: Annotated[SettingName | None, Meta(description="what was changed")] = None
    to: Annotated[Text | None, Meta(description="free text; `on` or `off` for switches")] = None


class Position(Struct, frozen=True, omit_defaults=True):
    """One holding. A short position is worth less than nothing."""

    instrument: Annotated[Text | None, Meta(description="e.g. 7992.T")] = None
    value: Annotated[Signed | None, Meta(description="market value, account currency")] = None


class Holdings(Struct, frozen=True, omit_defaults=True):
    """What the account holds, by the broker's books. A margin account can owe: two of these may be negative."""

    cash: Annotated[Signed | None, Meta(description="account currency")] = None
    linked_cash: Annotated[Amount | None, Meta(description="what the bank link can pull in")] = None
    margin_power: Annotated[Signed | None, Meta(description="what can be bought on margin (余力)")] = None
    positions: Annotated[list[Position] | None, Meta(description="every position; empty when there is none")] = None


class Notice(Struct, frozen=True, omit_defaults=True):
    """A notice to the owner."""

    kind: Annotated[
        Text | None, Meta(description="login, execution, withdrawal, cash, setting; any other word counts as other")
    ] = None
    channel: Annotated[Text | None, Meta(description="how it was sent, e.g. email, push, sms")] = None


class Event(Struct, frozen=True, omit_defaults=True):
    """One thing that happened to one account."""

    id: Annotated[Name, Meta(description="unique: a second event with the same id changes nothing")]
    time: Annotated[
        str, Meta(description="RFC 3339 with an offset", max_length=1024, extra_json_schema={"format": "date-time"})
    ]
    account: Annotated[Name, Meta(description="the broker's account id")]
    type: Annotated[Type, Meta(description="what happened")]
    session: Annotated[Text | None, Meta(description="the broker's session id")] = None
    client: Client | None = None
    auth: Auth | None = None
    order: Order | None = None
    cash: Cash | None = None
    setting: Setting | None = None
    holdings: Holdings | None = None
    about: Annotated[list[Name] | None, Meta(description="ids of the events a notice or feedback is about")] = None
    notice: Notice | None = None


class EventError(ValueError):
    """A line or an object that is no event: `code` is stable and short, `message` says what is wrong with it."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


def decode(line: bytes) -> Event:
    """The event a line of JSON says.

    Raises `EventError` with one of the codes `too_long`, `not_utf8`, `not_json`, `truncated`, `too_deep`,
    `not_object`, `missing_field`, `wrong_type`, `unknown_type`, `unknown_value`, `empty_text`, `too_long_text`,
    `bad_number`, `bad_time`, `no_offset`.
    """
    if len(line) > MAX_LINE:
        raise EventError("too_long", f"the line has {len(line)} bytes, more than {MAX_LINE}")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise EventError("not_utf8", f"invalid UTF-8 at byte {error.start}") from None
    if _may_be_deep(line) and _depth(text) > MAX_DEPTH:
        raise EventError("too_deep", f"arrays and objects are nested more than {MAX_DEPTH} deep")
    try:
        event = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _named(error) from None
    except msgspec.DecodeError as error:
        raise _unreadable(str(error)) from None
    microseconds(event.time)
    return event


def from_mapping(value: Any) -> Event:
    """The event a decoded object (a row of Parquet, an item of an HTTP body) says; errors as for `decode`."""
    try:
        event = msgspec.convert(value, Event)
    except msgspec.ValidationError as error:
        raise _named(error) from None
    _check_finite(event)
    microseconds(event.time)
    return event


def encode(event: Event) -> bytes:
    """The event as one line of JSON, without the line's end; what is absent is left out."""
    return _encoder.encode(event)


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of an event, generated from the types above."""
    (reference,), components = msgspec.json.schema_components([Event], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:kuraban:schema:event:1",
        "title": "Kuraban event",
        **reference,
        "$defs": components,
    }


# RFC 3339 section 5.6. Its grammar is ASCII, so [0-9] and not \d, which would take any script's digits.
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))?\Z"
)
EARLIEST = 631_152_000_000_000  # 1990-01-01T00:00:00Z, microseconds
LATEST = 4_102_444_800_000_000  # 2100-01-01T00:00:00Z
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def microseconds(time: str) -> int:
    """An RFC 3339 time as microseconds since 1970-01-01T00:00:00Z, finer fractions cut off.

    A leap second is the first second of the next minute. Raises `EventError`: `no_offset` where only the offset is
    missing, `bad_time` for anything else that is no time, or one before 1990 or after 2100.
    """
    match = _TIME.match(time)
    if match is None:
        raise EventError("bad_time", f"not an RFC 3339 time: {time[:40]!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, zulu, sign, offset_hour, offset_minute = match.groups()[6:]
    if zulu is None and sign is None:
        raise EventError("no_offset", f"the time has no offset from UTC: {time[:40]!r}")
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    ok = 1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month - 1] + leap and hour < 24 and minute < 60 and second <= 60
    offset = 0
    if sign is not None:
        ok = ok and int(offset_hour) < 24 and int(offset_minute) < 60
        offset = (int(offset_hour) * 60 + int(offset_minute)) * (-1 if sign == "-" else 1)
    if not ok:
        raise EventError("bad_time", f"no such date, time of day or offset: {time[:40]!r}")
    minutes = days_from_civil(year, month, day) * 1440 + hour * 60 + minute - offset
    result = (minutes * 60 + second) * 1_000_000 + int((fraction or "").ljust(6, "0")[:6])
    if not EARLIEST <= result < LATEST:
        raise EventError("bad_time", f"before 1990 or after 2100: {time[:40]!r}")
    return result


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Howard Hinnant, chrono-compatible dates)."""
    year -= month <= 2
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def _may_be_deep(line: bytes) -> bool:
    return line.count(b"[") + line.count(b"{") > MAX_DEPTH


_NOT_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|[^"\[\]{}]+', re.DOTALL)


def _depth(text: str) -> int:
    """How deep brackets nest outside strings; JSON parsers would meet the limit of their stack, at no fixed depth."""
    depth = deepest = 0
    for bracket in _NOT_BRACKETS.sub("", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _named(error: msgspec.ValidationError) -> EventError:
    """A validation error of msgspec under the project's own, stable code."""
    words = str(error)
    problem, _, path = words.partition(" - at ")
    if problem.startswith("Object missing required field"):
        return EventError("missing_field", words)
    if problem.startswith("Invalid enum value"):
        return EventError("unknown_type" if path == "`$.type`" else "unknown_value", words)
    if "of length <=" in problem:
        return EventError("too_long_text", words)
    if "of length >=" in problem:
        return EventError("empty_text", words)
    if "out of range" in problem or ">=" in problem or "<=" in problem:
        return EventError("bad_number", words)
    if not path and problem.startswith("Expected `object`"):
        return EventError("not_object", words)
    return EventError("wrong_type", words)


def _unreadable(words: str) -> EventError:
    if "truncated" in words:
        return EventError("truncated", "the line ends before its JSON does")
    return EventError("not_json", words)


def _check_finite(event: Event) -> None:
    """JSON has no way to write infinity or NaN; Python objects do, and NaN passes every comparison msgspec makes."""
    for group in (event.client, event.order, event.cash, event.holdings, *(_positions(event))):
        if group is None:
            continue
        for name in group.__struct_fields__:
            value = getattr(group, name)
            if isinstance(value, float) and not -float("inf") < value < float("inf"):
                raise EventError("bad_number", f"Expected a finite number - at `{name}`")


def _positions(event: Event) -> list[Position]:
    return (event.holdings.positions or []) if event.holdings is not None else []
