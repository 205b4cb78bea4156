"""The page *Alerts*: what somebody should look at, by expected loss."""

from starlette.responses import Response

from kuraban.console.desk.seat import Page, Visit
from kuraban.journal import alerts


async def alert_list(visit: Visit) -> Response:
    """Open alerts."""
    found = await visit.service.read(lambda connection: alerts.ranked(connection, most=50))
    return visit.page("alerts.html", alerts=found)


PAGES = (Page("GET", "/alerts", "viewer", alert_list),)
