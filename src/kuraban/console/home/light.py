"""The first page: one light, one sentence, and the one thing that needs an answer first."""

from starlette.responses import Response

from kuraban.console.home.findings import shown
from kuraban.console.home.seat import Page, Visit
from kuraban.home.condition import NOTHING, Condition, condition


def present(visit: Visit) -> Condition:
    """How things stand, as the watch of this program and the store say."""
    running = visit.seat.running
    found = condition(visit.store, visit.now(), running.why if running.state == "stopped" else None)
    if running.state == "elsewhere" and found.beat is None and not found.waiting:
        return Condition(light="yellow", sentence=NOTHING, waiting=(), beat=None, watching=False)
    return found


def first(visit: Visit) -> Response:
    """The whole page."""
    found = present(visit)
    done = visit.store.alert(visit.request.query_params.get("done", ""))
    return visit.page(
        "light.html",
        condition=found,
        mark=_mark(found),
        shown=shown(visit.store, found.waiting[0]) if found.waiting else None,
        done=shown(visit.store, done) if done is not None and not done.open else None,
    )


def part(visit: Visit) -> Response:
    """The light alone, as the page asks for it again and again."""
    found = present(visit)
    known = visit.request.query_params.get("mark", "")
    return visit.page("light_part.html", condition=found, mark=known, fresh=_mark(found) != known)


def _mark(found: Condition) -> str:
    """Changes when something else waits."""
    return "-".join(sorted(alert.finding.id for alert in found.waiting)) or "none"


PAGES = (Page("GET", "/", first), Page("GET", "/light", part))
