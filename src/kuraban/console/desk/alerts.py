"""The pages *Alerts*: what somebody should look at, by expected loss, and one alert whole."""

import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from kuraban.console.desk import belief, gathering, opened
from kuraban.console.desk.acts import CHOICES
from kuraban.console.desk.gathering import Gathering, with_page
from kuraban.console.desk.opened import Entry, Opened
from kuraban.console.desk.provenance import provenance
from kuraban.console.desk.seat import Page, Visit
from kuraban.console.desk.shown import Shown, shown
from kuraban.core.policy import ACTIONS
from kuraban.decisions import Decision
from kuraban.journal import alerts, worklist
from kuraban.journal.live import Live
from kuraban.journal.store import Events
from kuraban.journal.worklist import Wanted
from kuraban.server import verdicts
from kuraban.server.api import ActView
from kuraban.server.paging import cursor, place
from kuraban.server.problems import ProblemError

MOST = 50
_EVENTS = 60  # of an alert, the newest
_OTHERS = 10
STATES = ("todo", *alerts.STATES, "all")


@dataclass(frozen=True)
class Asked:
    """The filter as it was asked for. state: one of `STATES`; action: `stopped` for hold or lock, "" for any."""

    state: str = "todo"
    action: str = ""
    account: str = ""
    group: str = ""
    word: str = ""

    @property
    def wanted(self) -> Wanted:
        """For the journal."""
        states = {"todo": worklist.UNDONE, "all": alerts.STATES}.get(self.state, (self.state,))
        actions = ("hold", "lock") if self.action == "stopped" else (self.action,)
        found = worklist.action_indexes(actions)
        return Wanted(states, found, self.account or None, self.group or None, self.word or None)

    def query(self, **more: str) -> str:
        """As the query of an address."""
        every = {**vars(self), **more}
        return urlencode({name: value for name, value in every.items() if value and (name, value) != ("state", "todo")})


def _asked(visit: Visit) -> Asked:
    query = visit.request.query_params
    given = {name: query.get(name, "").strip()[:128] for name in ("action", "account", "group", "word")}
    state = query.get("state") or "todo"
    if state not in STATES or given["action"] not in ("", "stopped", *ACTIONS):
        raise ProblemError(400, "invalid-request")
    return Asked(state, **given)


async def alert_list(visit: Visit) -> Response:
    """One page of alerts."""
    asked, _ = _asked(visit), visit.live
    after = place(visit.request.query_params.get("after"), tuple[float, int])

    def look(connection: sqlite3.Connection) -> tuple[worklist.Page, int]:
        return worklist.page(connection, asked.wanted, after, MOST), worklist.newest(connection)

    found, newest = await visit.service.read(look)
    return visit.page(
        "alerts.html",
        asked=asked,
        alerts=[shown(each) for each in found.alerts],
        looked_at=found.looked_at,
        next=asked.query(after=cursor(found.next)) if found.next else None,
        first=after is None,
        newest=newest,
        choices=CHOICES,
    )


async def news(visit: Visit) -> Response:
    """How many alerts were opened since the list was made."""
    since = visit.request.query_params.get("since", "")
    if not since.isdigit() or len(since) > 18:
        raise ProblemError(400, "invalid-request")
    newest = await visit.service.read(worklist.newest)
    return visit.page("_news.html", count=max(0, newest - int(since)), asked=_asked(visit))


@dataclass(frozen=True)
class Case:
    """An alert with everything about it. grave: its gravest decision, None where that event is no longer kept. denied:
    whether the account's newest events have sessions that its owner denied."""

    shown: Shown
    acts: list[ActView]
    entries: list[Entry]
    grave: Opened | None
    denied: bool
    others: list[Shown]
    companions: list[Shown]


async def alert_page(visit: Visit) -> Response:
    """One alert."""
    live = visit.live
    number = min(int(visit.request.path_params["alert"]), 2**62)
    found = await visit.service.read(lambda connection: case(live, connection, number))
    account = found.shown.alert.account
    chart = belief.chart(visit, account, found.entries)
    near = list[Gathering]()
    if gathering.is_told(found.shown.decision, found.grave):
        symbols = gathering.bought(found.entries, account)
        near = await visit.look(lambda live: gathering.gathered(live, symbols, account))
    named = {each.ring for each in near if each.ring is not None}
    pages = await visit.service.read(lambda connection: {ring for ring in named if with_page(connection, ring)})
    rule = gathering.NAMED_MEMBERS, gathering.NAMED_AT
    return visit.page("alert.html", case=found, choices=CHOICES, chart=chart, near=near, pages=pages, rule=rule)


def case(live: Live, connection: sqlite3.Connection, number: int) -> Case:
    """All of an alert. Raises `ProblemError` where there is no such."""
    try:
        alert = alerts.get(connection, number)
    except KeyError:
        raise ProblemError(404, "not-found") from None
    entries = opened.entries(live, Events(connection), worklist.events_of(connection, number, _EVENTS))
    ready = shown(alert)
    said = _said(ready.decision)
    every = (pair for entry in entries for pair in entry.decided)
    grave = next((opened.opened(live, *pair) for pair in every if _said(pair[0]) == said), None)
    others = worklist.page(connection, Wanted(alerts.STATES, account=alert.account), None, _OTHERS).alerts
    companions: list[Any] = []
    if alert.ring is not None:
        companions = worklist.page(connection, Wanted(alerts.STATES, group=alert.ring), None, _OTHERS).alerts
    return Case(
        ready,
        verdicts.act_views(alerts.acts_of(connection, number)),
        entries,
        grave,
        _denied(live, connection, alert.account),
        [shown(each) for each in others if each.id != number],
        [shown(each) for each in companions if each.id != number],
    )


def _denied(live: Live, connection: sqlite3.Connection, account: str) -> bool:
    code = live.replay.reader.accounts.find(account)
    newest = live.newest[code] if code is not None and code < len(live.newest) else -1
    return newest >= 0 and provenance(live, connection, int(newest)).denied


def _said(decision: Decision) -> tuple[str | None, str, float]:
    """What tells one decision about an account from another."""
    return decision.event, decision.time, decision.probability


PAGES = (
    Page("GET", "/alerts", "viewer", alert_list),
    Page("GET", "/alerts/news", "viewer", news),
    Page("GET", "/alerts/{alert:int}", "viewer", alert_page),
)
