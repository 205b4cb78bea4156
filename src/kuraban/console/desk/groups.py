"""The page *Groups*: rings and sprays, and one act for all members of one."""

from starlette.responses import Response

from kuraban.console.desk import members, ring, spray
from kuraban.console.desk.crowd import named, path, title
from kuraban.console.desk.members import RING
from kuraban.console.desk.reading import whole
from kuraban.console.desk.seat import Page, Visit
from kuraban.journal import alerts
from kuraban.server import verdicts
from kuraban.server.problems import ProblemError

MOST = 50
_STEPS = (alerts.TAKEOVER, alerts.OWNER, alerts.ACKNOWLEDGED)


async def group_list(visit: Visit) -> Response:
    """Groups with open alerts, the gravest first; then those that are settled, by date."""
    query = visit.request.query_params
    after, earlier = whole(query.get("from")), whole(query.get("earlier"))

    waiting, settled = await visit.service.read(members.tallies)
    live = visit.service.ready().live
    shown, past = waiting[after : after + MOST], settled[earlier : earlier + MOST]
    titles = {each.group.id: title(live, each.group) for each in (*shown, *past)}
    return visit.page(
        "groups.html",
        waiting=shown,
        total=len(waiting),
        after=after,
        settled=past,
        settled_total=len(settled),
        earlier=earlier,
        titles=titles,
        most=MOST,
    )


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
        raise ProblemError(422, "invalid-request", "a verdict, a reason and the confirmation are needed")
    who, by, expect = visit.person.name, f"console:{visit.person.id}", int(seen[:9])
    rounds = -(-expect // verdicts.MOST_AT_ONCE)
    try:
        for number in range(rounds):
            wanted = expect if number == 0 else None
            _, left = await verdicts.step_group(visit.service, group.id, state, who, why, by, wanted)
            if not left:
                break
    except KeyError:
        raise ProblemError(409, "conflict", "no alert of this group is open any more") from None
    except (verdicts.GroupError, alerts.IllegalStepError) as error:
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
