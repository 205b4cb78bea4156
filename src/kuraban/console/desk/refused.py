"""Refused sign-ins and requests, kept by hour: a day of them to look at, and one entry an hour for the audit log.

They are counted in memory (`kuraban.server.refusals`) and come here every second, so that a crash costs no more than
that. The audit log is told when an hour is over: of each kind one entry at the most, of a bounded size, whatever
somebody sends. What it was told stays here for a day, for the page *Health*.
"""

import sqlite3
from collections.abc import Mapping
from itertools import groupby

from kuraban.console.desk.people import People
from kuraban.server.clock import written
from kuraban.server.refusals import Attempt, Refusals, Tally, summed

AUDITED = 50  # lines of an entry
_KEPT_HOURS = 24
_HOUR = 3_600_000_000
_TOLD = "refusals_told"  # the fact that says up to which hour the audit log was told
_COLUMNS = "hour, what, address, problem, whose, times, first, last"


def collect(refusals: Refusals, people: People) -> None:
    """Keep what was counted since, and have the audit log told of hours that are over. Raises sqlite3.Error: what was
    counted waits on."""
    hour, taken = refusals.taken()
    try:
        _keep(people, hour, taken)
    except sqlite3.Error:
        refusals.put_back(taken)
        raise


def lately(people: People, most: int) -> list[tuple[Attempt, Tally]]:
    """The last day's lines, newest hour first, of each hour those that name somebody first."""
    with people.reading() as connection:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM refusal ORDER BY hour DESC, whose = '', times DESC LIMIT ?",  # noqa: S608
            (most,),
        ).fetchall()
    return [_line(row) for row in rows]


def _keep(people: People, hour: int, taken: Mapping[Attempt, Tally]) -> None:
    told = int(people.fact(_TOLD) or 0)
    if not taken and told >= hour - 1:
        return
    with people.changing() as connection:
        connection.executemany(
            f"INSERT INTO refusal ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            " ON CONFLICT DO UPDATE SET times = times + excluded.times, first = min(first, excluded.first),"
            " last = max(last, excluded.last)",
            # An hour the audit log has been told of is over, even for a clock that went back.
            [(*attempt._replace(hour=max(attempt.hour, told + 1)), *tally) for attempt, tally in taken.items()],
        )
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM refusal WHERE hour > ? AND hour < ? ORDER BY hour, what",  # noqa: S608
            (told, hour),
        ).fetchall()
        for (_, what), lines in groupby(map(_line, rows), key=lambda line: line[0][:2]):
            people.tell(connection, f"{what}-refused", "server", _entry(list(lines)))
        connection.execute("DELETE FROM refusal WHERE hour < ?", (hour - _KEPT_HOURS,))
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_TOLD, str(max(told, hour - 1))))


def _entry(lines: list[tuple[Attempt, Tally]]) -> dict[str, object]:
    start = lines[0][0].hour * _HOUR
    return {
        "from": written(start),
        "until": written(start + _HOUR),
        "times": sum(tally.times for _, tally in lines),
        "addresses": len({attempt.address for attempt, _ in lines}),
        "refused": [
            {
                "address": attempt.address or None,  # None: of more addresses than are told apart
                "problem": attempt.problem,
                "whose": attempt.whose or None,
                "times": tally.times,
                "first": written(tally.first),
                "last": written(tally.last),
            }
            for attempt, tally in summed(lines, AUDITED)
        ],
    }


def _line(row: tuple[int, str, str, str, str, int, int, int]) -> tuple[Attempt, Tally]:
    return Attempt(*row[:5]), Tally(*row[5:])
