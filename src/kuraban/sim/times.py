"""Clock and calendar of the simulated broker: milliseconds, Japanese business days, the hours of the exchanges.

Time is an integer: milliseconds since 1970-01-01T00:00:00Z. Days are Japanese days, counted from the same epoch.
"""

from datetime import date
from typing import NamedTuple

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_JST = 9 * HOUR
_EPOCH = date(1970, 1, 1).toordinal()

# Japanese public holidays and the exchange's own days off, 2024-12 to 2027-01 (Cabinet Office calendar).
_HOLIDAYS = (
    "2024-12-31", "2025-01-01", "2025-01-02", "2025-01-03", "2025-01-13", "2025-02-11", "2025-02-24", "2025-03-20",
    "2025-04-29", "2025-05-05", "2025-05-06", "2025-07-21", "2025-08-11", "2025-09-15", "2025-09-23", "2025-10-13",
    "2025-11-03", "2025-11-24", "2025-12-31", "2026-01-01", "2026-01-02", "2026-01-12", "2026-02-11", "2026-02-23",
    "2026-03-20", "2026-04-29", "2026-05-04", "2026-05-05", "2026-05-06", "2026-07-20", "2026-08-11", "2026-09-21",
    "2026-09-22", "2026-09-23", "2026-10-12", "2026-11-03", "2026-11-23", "2026-12-31", "2027-01-01",
)  # fmt: skip
CALENDAR = (date(2024, 12, 31), date(2027, 1, 1))  # first and last day of that list
HOLIDAYS = frozenset(date.fromisoformat(text).toordinal() - _EPOCH for text in _HOLIDAYS)


class Hours(NamedTuple):
    """Trading hours in minutes of the Japanese day; a market past midnight counts beyond 1440."""

    sessions: tuple[tuple[int, int], ...]
    follows_japan: bool  # closed on Japanese holidays


TOKYO = Hours(((540, 690), (750, 930)), True)
HONG_KONG = Hours(((630, 780), (840, 1020)), False)
NEW_YORK = Hours(((1410, 1800),), False)
FUND_CUTOFF = 15 * HOUR


def day_of(moment: date) -> int:
    """The day number of a date."""
    return moment.toordinal() - _EPOCH


def date_of(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(day + _EPOCH)


def midnight(day: int) -> int:
    """When the Japanese day begins."""
    return day * DAY - _JST


def day_at(time: int) -> int:
    """The Japanese day a moment falls on."""
    return (time + _JST) // DAY


def since_midnight(time: int) -> int:
    """Milliseconds since the Japanese midnight."""
    return (time + _JST) % DAY


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + 3) % 7


def is_business(day: int) -> bool:
    """Whether Japanese exchanges and banks are open."""
    return weekday(day) < 5 and day not in HOLIDAYS


def business_after(day: int, count: int = 1) -> int:
    """The `count`-th business day after this one."""
    while count > 0:
        day += 1
        count -= is_business(day)
    return day


def is_known(first_day: int, days: int) -> bool:
    """Whether the calendar of holidays covers these days."""
    return day_of(CALENDAR[0]) <= first_day and first_day + days - 1 <= day_of(CALENDAR[1])


def trades_on(hours: Hours, day: int) -> bool:
    """Whether the market opens on this day."""
    return is_business(day) if hours.follows_japan else weekday(day) < 5


def is_open(hours: Hours, time: int) -> bool:
    """Whether the market trades at this moment."""
    return next_open(hours, time) == time


def next_open(hours: Hours, time: int) -> int:
    """The moment itself if the market trades, else the next opening."""
    day = day_at(time)
    for candidate in range(day - 1, day + 15):
        if not trades_on(hours, candidate):
            continue
        for start, end in hours.sessions:
            opening, closing = midnight(candidate) + start * MINUTE, midnight(candidate) + end * MINUTE
            if time < closing:
                return max(time, opening)
    raise AssertionError("a market that stays closed for a fortnight")


def closing(hours: Hours, time: int) -> int:
    """When the trading day that is under way, or comes next, ends."""
    opening = next_open(hours, time)
    day = day_at(opening)
    for candidate in (day - 1, day):
        end = midnight(candidate) + hours.sessions[-1][1] * MINUTE
        if trades_on(hours, candidate) and opening < end:
            return end
    raise AssertionError("an opening without a close")


class Stamps:
    """RFC 3339 text of moments in Japanese time; remembers the current day's date."""

    __slots__ = ("_date", "_day")

    def __init__(self) -> None:
        self._day, self._date = -1, ""

    def __call__(self, time: int) -> str:
        """For example `2025-04-07T09:00:00.123+09:00`."""
        day, rest = divmod(time + _JST, DAY)
        if day != self._day:
            self._day, self._date = day, date_of(day).isoformat()
        seconds, milliseconds = divmod(rest, SECOND)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        return f"{self._date}T{hour:02d}:{minute:02d}:{second:02d}.{milliseconds:03d}+09:00"


def month_day(day: int) -> int:
    """The day of the month, from 1."""
    return date_of(day).day
