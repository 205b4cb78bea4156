"""Days on which Japanese brokers and fund managers work, and where a planned day falls when it is none.

Holidays are those of the `holidays` package (national law, substitute holidays included); the exchange is also closed
from 31 December to 3 January (Tokyo Stock Exchange, business regulations rule 19).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import holidays

ONE = timedelta(days=1)


@lru_cache(maxsize=256)
def _of_year(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("JP", years=year))


def is_business_day(day: date) -> bool:
    """Whether the Japanese market is open."""
    if day.weekday() >= 5 or (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}:
        return False
    return day not in _of_year(day.year)


def on_or_after(day: date) -> date:
    """The day itself, or the next business day."""
    while not is_business_day(day):
        day += ONE
    return day


def add(day: date, business_days: int) -> date:
    """So many business days after `day`."""
    for _ in range(business_days):
        day = on_or_after(day + ONE)
    return day


def months(first: date, last: date) -> Iterator[tuple[int, int]]:
    """Year and month of every month from that of `first` to that of `last`."""
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        yield year, month
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def day_of(year: int, month: int, day: int) -> date:
    """That day of the month, or the month's last where it is shorter."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day - 1), following - ONE)
