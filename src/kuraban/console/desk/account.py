"""The page *Account*: what happened on it, what was believed, what it usually does, what could be reached, its kin."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
from starlette.responses import Response

from kuraban.console.desk import addresses, belief, opened
from kuraban.console.desk.opened import Entry
from kuraban.console.desk.portrait import net_flags, portrait
from kuraban.console.desk.provenance import Provenance, provenance
from kuraban.console.desk.seat import Page, Visit
from kuraban.console.desk.shown import Shown, shown
from kuraban.journal import alerts, worklist
from kuraban.journal.live import Live
from kuraban.journal.store import Events
from kuraban.journal.worklist import Wanted
from kuraban.server import accounts
from kuraban.server.api import AccountView
from kuraban.server.paging import cursor, place
from kuraban.server.problems import ProblemError

COUNTS = (40, 120)  # events shown at once
_ALERTS, _KIN, _ADDRESSES = 10, 20, 16


@dataclass(frozen=True)
class Known:
    """An account as the engine holds it. profile: a copy of its row; newest: its newest event."""

    live: Live
    profile: np.void
    newest: int


@dataclass(frozen=True)
class Reach:
    """Money that could be reached. part: the share of it that a thief gets, by the policy; None where unknown."""

    ja: str
    en: str
    amount: float | None
    part: float

    @property
    def lost(self) -> float | None:
        """What would be lost of it."""
        return None if self.amount is None else max(0.0, self.amount) * self.part


@dataclass(frozen=True)
class Place:
    """A network of the account's newest events. members: other accounts that logged in there lately. flags: its kind in
    words. suspicion: as `networks.NETWORK` has it."""

    name: str
    flags: tuple[str, str]
    suspicion: float
    members: list[str]


async def find(visit: Visit) -> Response:
    """Lead to an account by its name."""
    asked = visit.request.query_params.get("account", "")
    name = asked.strip()
    if not name:
        return visit.go("/")
    for each in dict.fromkeys((asked, name)):
        if await _known(visit, each) is not None:
            return visit.go(f"/account?{urlencode({'id': each})}")
    near = await visit.service.read(lambda connection: worklist.beginning_with(connection, name, _ALERTS))
    return visit.page("account_none.html", 404, name=name, near=near)


async def account(visit: Visit) -> Response:
    """The whole page."""
    name = visit.request.query_params.get("id", "")
    known = await _known(visit, name)
    if known is None:
        return visit.page("account_none.html", 404, name=name, near=[])

    count = COUNTS[1] if visit.request.query_params.get("events") == str(COUNTS[1]) else COUNTS[0]

    def look(
        connection: sqlite3.Connection,
    ) -> tuple[AccountView | None, list[Entry], int | None, list[Shown], Provenance]:
        entries, further = _page(known.live, connection, known.newest, count)
        found = worklist.page(connection, Wanted(alerts.STATES, account=name), None, _ALERTS).alerts
        view = accounts.view(known.live, connection, name)
        told = provenance(known.live, connection, known.newest)
        return view, entries, further, sorted(map(shown, found), key=lambda each: -each.alert.id), told

    view, entries, further, its_alerts, told = await visit.service.read(look)
    group = next((each.alert.ring for each in its_alerts if each.alert.ring), None)
    events = [entry.event for entry in entries if entry.event is not None]
    return visit.page(
        "account.html",
        name=name,
        view=view,
        entries=entries,
        more=_more(name, further),
        portrait=portrait(known.live, known.profile, told),
        told=told,
        reach=_reach(known),
        alerts=its_alerts,
        group=group,
        kin=await _kin(visit, name, group),
        networks=await _places(visit, known, name, events),
        chart=belief.chart(visit, name, entries),
        count=count,
        counts=COUNTS,
    )


async def events(visit: Visit) -> Response:
    """More of the timeline."""
    name = visit.request.query_params.get("id", "")
    start = place(visit.request.query_params.get("after"), int)
    known = await _known(visit, name)
    if known is None:
        raise ProblemError(404, "not-found")
    first = known.newest if start is None else min(start, known.newest)
    entries, further = await visit.service.read(lambda connection: _page(known.live, connection, first))
    # A cursor leads into one account's chain; another account's is not followed.
    if any(entry.event is not None and entry.event.account != name for entry in entries[:1]):
        raise ProblemError(400, "invalid-request")
    template = "_event_rows.html" if visit.asked_by_htmx else "account_events.html"
    return visit.page(template, name=name, entries=entries, more=_more(name, further))


async def event(visit: Visit) -> Response:
    """One event with its decisions taken apart."""
    seq = min(int(visit.request.path_params["seq"]), 2**62)
    live = visit.live
    found = await visit.service.read(lambda connection: opened.entries(live, Events(connection), [seq]))
    if not found:
        raise ProblemError(404, "not-found")
    decisions = [opened.opened(live, *pair) for pair in found[0].decided]
    return visit.page("_event.html" if visit.asked_by_htmx else "event.html", entry=found[0], decisions=decisions)


async def _known(visit: Visit, name: str) -> Known | None:
    """An account, once everything before is durable; None where it was never heard of."""

    def act(live: Live) -> Known | None:
        code = live.replay.reader.accounts.find(name)
        if code is None or code >= live.replay.state.profiles.size or code >= len(live.newest) or live.newest[code] < 0:
            return None
        return Known(live, live.replay.state.profiles[code].copy(), int(live.newest[code]))

    return await visit.look(act)


def _page(
    live: Live, connection: sqlite3.Connection, first: int, count: int = COUNTS[0]
) -> tuple[list[Entry], int | None]:
    """Events of an account from one on, newest first, and where the next page begins."""
    found = Events(connection)
    chain = found.chain(first, count + 1)
    return opened.entries(live, found, chain[:count]), chain[count] if len(chain) > count else None


def _more(name: str, further: int | None) -> str | None:
    return None if further is None else f"/account/events?id={quote(name, safe='')}&after={cursor(further)}"


def _reach(known: Known) -> list[Reach]:
    profile, policy = known.profile, known.live.replay.policy[0]
    parts = (
        ("現金", "cash", "cash", 1.0),
        ("銀行連携", "linked bank", "linked_cash", 1.0),
        ("信用余力", "margin power", "margin_power", float(policy["margin_lost"])),
        ("保有銘柄", "positions", "positions", float(policy["holdings_lost"])),
    )
    return [
        Reach(ja, en, None if np.isnan(profile[field]) else float(profile[field]), part)
        for ja, en, field, part in parts
    ]


async def _kin(visit: Visit, name: str, group: str | None) -> list[Shown]:
    """Other accounts with alerts in the same ring or spray."""
    if group is None:
        return []
    wanted = Wanted(alerts.STATES, group=group)
    found = await visit.service.read(lambda connection: worklist.page(connection, wanted, None, _KIN).alerts)
    return [shown(each) for each in found if each.account != name]


async def _places(visit: Visit, known: Known, name: str, found: Sequence[Any]) -> list[Place]:
    """The networks of the newest events, and who else was there."""
    texts = list(dict.fromkeys(each.client.ip for each in found if each.client is not None and each.client.ip))
    seen = [each for text in texts[:_ADDRESSES] if (each := addresses.address(text)) is not None]
    keys = list(dict.fromkeys(key for each in seen for key in each.keys))

    def act(live: Live) -> list[tuple[str, np.void]]:
        rows = ((called, addresses.row_of(live.replay.state.networks, key)) for called, key in keys)
        return [(called, row) for called, row in rows if row is not None]

    places = []
    for called, row in await visit.look(act):
        others = [known.live.replay.reader.accounts.name(int(code)) for code in row["member"] if code >= 0]
        kind = net_flags(known.live.replay.networks.find(called.split("/")[0]).flags)
        places.append(
            Place(called, kind, float(row["suspicion"]), sorted({other for other in others if other != name}))
        )
    return places


PAGES = (
    Page("GET", "/find", "viewer", find),
    Page("GET", "/account", "viewer", account),
    Page("GET", "/account/events", "viewer", events),
    Page("GET", "/events/{seq:int}", "viewer", event),
)
