"""The page *Groups*: rings and sprays, and one act for all members of one."""

import sqlite3
from typing import NamedTuple

from starlette.responses import Response

from kuraban.console.desk import members, ring, spray
from kuraban.console.desk.crowd import named, path, title
from kuraban.console.desk.members import RING, First, Tally
from kuraban.console.desk.reading import whole
from kuraban.console.desk.seat import Page, Visit
from kuraban.journal import alerts
from kuraban.server import verdicts
from kuraban.server.problems import ProblemError

MOST = 50
_STEPS = (alerts.TAKEOVER, alerts.OWNER, alerts.ACKNOWLEDGED)


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


async def act(visit: Visit) -> Response:
    """One verdict for every open alert of a group: as many as were on the page, or none."""
    group, form = named(visit.form.get("id", "")), visit.form
    state, why = form.get("state", ""), form.get("why", "").strip()
    seen = form.get("seen", "")
    if state not in _STEPS or not why or len(why) > 2000 or form.get("sure") != "yes" or not seen[:9].isdigit():
        raise ProblemError(422, "verdict-needed")
    who, by, expect = visit.person.name, f"console:{visit.person.id}", int(seen[:9])
    rounds = -(-expect // verdicts.MOST_AT_ONCE)
    try:
        for number in range(rounds):
            wanted = expect if number == 0 else None
            _, left = await verdicts.step_group(visit.service, group.id, state, who, why, by, wanted)
            if not left:
                break
    except KeyError:
        raise ProblemError(409, "group-settled") from None
    except verdicts.GroupError as error:
        raise ProblemError(409, "group-changed", str(error)) from None
    except alerts.IllegalStepError as error:
        raise ProblemError(409, "conflict", str(error)) from None
    return visit.go(path(group))


async def count(visit: Visit) -> Response:
    """Count a spray's tries in the journal."""
    group = named(visit.form.get("id", ""))
    if group.kind == RING:
        raise ProblemError(422, "invalid-request", "a ring has no tries to be counted")
    return await spray.count(visit, group)


PAGES = (
    Page("GET", "/groups", "viewer", group_list),
    Page("GET", "/groups/show", "viewer", show),
    Page("POST", "/groups/act", "analyst", act),
    Page("POST", "/groups/count", "analyst", count),
    Page("GET", "/groups/{group:path}", "viewer", show),
)
