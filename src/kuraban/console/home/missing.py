"""The page *Not come*: notices that should have come and did not, and what is waited for."""

import msgspec
from starlette.responses import Response

from kuraban.console.home.editing import careful
from kuraban.console.home.findings import shown
from kuraban.console.home.planform import PLAN
from kuraban.console.home.seat import Page, Visit
from kuraban.home import plan as plans
from kuraban.home.findings import Kind
from kuraban.home.standing import unexplained
from kuraban.home.wording import broker_name

NOT_COME = frozenset({Kind.SILENCE, Kind.MISSING_NOTICE, Kind.PHANTOM_NOTICE})
MOST_PAST = 20
_untold = msgspec.json.Decoder(tuple[tuple[str, bool], ...])


def missing(visit: Visit) -> Response:
    """What waits for an answer, what is over, what is expected, and when each broker last wrote."""
    alerts = [alert for alert in visit.store.alerts() if alert.finding.kind in NOT_COME]
    unknown = {finding.id for finding in unexplained(visit.store)}
    past = [alert for alert in alerts if not alert.open and alert.finding.id not in unknown]
    untold = visit.store.note("watch.untold")
    return visit.page(
        "missing.html",
        waiting=[shown(visit.store, alert) for alert in alerts if alert.open or alert.finding.id in unknown],
        past=[shown(visit.store, alert) for alert in past[::-1][:MOST_PAST]],
        more=max(0, len(past) - MOST_PAST),
        untold=_untold.decode(untold) if untold else (),
        plan=plans.load(visit.folder.plan),
        heard=visit.store.heard(),
        name=lambda key: broker_name(key, visit.config.labels),
    )


PAGES = (Page("GET", "/missing", careful(missing, PLAN)),)
