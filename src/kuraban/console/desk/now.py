"""The page *Now*: what the desk is doing this moment, polled by the page every two seconds."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from kuraban.console.desk import members
from kuraban.console.desk.crowd import title
from kuraban.console.desk.seat import Page, Visit
from kuraban.console.desk.shown import Shown, shown
from kuraban.console.frame import language_of
from kuraban.console.words import ACTIONS
from kuraban.journal import alerts, worklist
from kuraban.journal.live import Live
from kuraban.journal.worklist import Money
from kuraban.server.pulse import Pulse, Series

SPANS = {10: 5, 60: 30}  # minutes shown → seconds a step of the chart
_PRESENT_S = 10  # over which rates are taken
_LATEST, _GROUPS = 8, 6


@dataclass(frozen=True)
class Board:
    """What the journal says. groups: (ring or spray, open alerts, expected loss). titles: what each is about."""

    money: Money
    latest: list[Shown]
    groups: list[tuple[str, int, float]]
    titles: dict[str, tuple[str, str]]


async def now(visit: Visit) -> Response:
    """The whole page."""
    return visit.page("now.html", **await _data(visit))


async def part(visit: Visit) -> Response:
    """What is polled."""
    return visit.page("_now.html", **await _data(visit))


async def _data(visit: Visit) -> dict[str, Any]:
    service, pulse = visit.service, visit.service.meters.pulse
    asked = visit.request.query_params.get("minutes", "")
    minutes = 60 if asked == "60" else 10
    events, actions = pulse.totals(_PRESENT_S)
    waiting = service.desk.waiting if service.desk is not None else None
    now = service.clock.now()
    return {
        "minutes": minutes,
        "events": events / _PRESENT_S,
        "decisions": sum(actions.values()) / _PRESENT_S,
        "waiting": waiting,
        "share": pulse.share(),
        "table": _table(pulse),
        "charts": _charts(
            pulse.series(minutes * 60, SPANS[minutes]), service.options.timezone, language_of(visit.request) == "ja"
        ),
        "conditions": service.views(),
        "stopped": service.stopped_by,
        # Before the journal has been read back there is nothing to show of it.
        "board": await service.read(lambda connection: _board(visit.live, connection, now)) if service.desk else None,
    }


def _board(live: Live, connection: sqlite3.Connection, now: int) -> Board:
    found = alerts.groups(connection, _GROUPS * 5)
    groups = [each for each in found if not _is_alone(connection, each[0])][:_GROUPS]
    known = {name: group for name, _, _ in groups if (group := members.parsed(name)) is not None}
    return Board(
        worklist.money(connection, now),
        [shown(alert) for alert in worklist.latest(connection, _LATEST)],
        groups,
        {name: title(live, group) for name, group in known.items()},
    )


def _is_alone(connection: sqlite3.Connection, name: str) -> bool:
    """Whether it is no more than one account's alert, which is no organised attack."""
    group = members.parsed(name)
    tally = members.tally(connection, group) if group is not None and group.kind == members.SPRAY else None
    return tally is not None and tally.total == 1 and members.is_alone(tally, members.first(connection, tally.group))


def _table(pulse: Pulse) -> list[tuple[str, list[int]]]:
    """Decisions by action in the last minute, ten minutes, hour; the gravest action first."""
    spans = [pulse.totals(seconds)[1] for seconds in (60, 600, 3600)]
    return [(action, [span[action] for span in spans]) for action in reversed(spans[0])]


def _charts(series: Series, zone: str, japanese: bool) -> dict[str, dict[str, Any]]:
    unknown = sum(count is None for count in series.events)
    by_step = list(zip(*(counts[unknown:] for counts in series.actions.values()), strict=True))
    decisions = [None] * unknown + [sum(filter(None, step)) for step in by_step]
    common = {"x": series.starts, "zone": zone}
    rates = [
        [None if count is None else count / series.step for count in counts] for counts in (series.events, decisions)
    ]
    names = ("イベント", "判定") if japanese else ("events", "decisions")
    lines = zip(names, rates, ("link", "good"), strict=True)
    return {
        "rates": {**common, "series": [_line(*line) for line in lines]},
        "actions": {
            **common,
            "series": [
                _line(ACTIONS[action][0 if japanese else 1], series.actions[action], colour)
                for action, colour in (("challenge", "warn"), ("hold", "info"), ("lock", "bad"))
            ],
        },
    }


def _line(label: str, values: Sequence[float | None], colour: str) -> dict[str, Any]:
    return {"label": label, "values": values, "kind": "line", "colour": colour}


PAGES = (Page("GET", "/", "viewer", now), Page("GET", "/now", "viewer", part))
