"""The page *Groups*: rings and sprays, those of one account apart."""

import sqlite3
from typing import NamedTuple

from starlette.responses import Response

from kuraban.console.desk import judging, members, ring, spray
from kuraban.console.desk.crowd import named, title
from kuraban.console.desk.members import RING, First, Tally
from kuraban.console.desk.reading import whole
from kuraban.console.desk.seat import Page, Visit
from kuraban.server.problems import ProblemError

MOST = 50


async def group_list(visit: Visit) -> Response:
    """Groups with open alerts, the gravest first; sprays of one account apart; then those that are settled, by date."""
    query = visit.request.query_params
    after, earlier = whole(query.get("from")), whole(query.get("earlier"))
    found = await visit.service.read(lambda connection: _listed(connection, after, earlier))
    live = visit.service.ready().live
    titles = {each.group.id: title(live, each.group) for each in (*found.waiting, *found.alone, *found.settled)}
    return visit.page("groups.html", found=found, titles=titles, after=after, earlier=earlier, most=MOST)


class Listed(NamedTuple):
    """A page of groups. alone: sprays that are no more than one account's alert, at most `MOST`. totals: of waiting,
    alone and settled. firsts: who joined first, by group."""

    waiting: list[Tally]
    alone: list[Tally]
    settled: list[Tally]
    totals: tuple[int, int, int]
    firsts: dict[str, First | None]


def _listed(connection: sqlite3.Connection, after: int, earlier: int) -> Listed:
    waiting, settled = members.tallies(connection)
    firsts = {each.group.id: members.first(connection, each.group) for each in waiting if each.total == 1}
    alone = [each for each in waiting if members.is_alone(each, firsts.get(each.group.id))]
    apart = {each.group.id for each in alone}
    together = [each for each in waiting if each.group.id not in apart]
    shown = together[after : after + MOST], alone[:MOST], settled[earlier : earlier + MOST]
    for each in (*shown[0], *shown[2]):
        if each.group.id not in firsts:
            firsts[each.group.id] = members.first(connection, each.group)
    return Listed(*shown, (len(together), len(alone), len(settled)), firsts)


async def show(visit: Visit) -> Response:
    """One group."""
    group = named(visit.request.path_params.get("group") or visit.request.query_params.get("id", ""))
    return await (ring.page(visit, group) if group.kind == RING else spray.page(visit, group))


async def count(visit: Visit) -> Response:
    """Count a spray's tries in the journal."""
    group = named(visit.form.get("id", ""))
    if group.kind == RING:
        raise ProblemError(422, "invalid-request", "a ring has no tries to be counted")
    return await spray.count(visit, group)


PAGES = (
    Page("GET", "/groups", "viewer", group_list),
    Page("GET", "/groups/show", "viewer", show),
    Page("POST", "/groups/check", "analyst", judging.check),
    Page("POST", "/groups/act", "analyst", judging.act),
    Page("POST", "/groups/count", "analyst", count),
    Page("GET", "/groups/{group:path}", "viewer", show),
)
