"""The page *Now*: what the desk is doing this moment."""

from starlette.responses import Response

from kuraban.console.desk.seat import Page, Visit


async def now(visit: Visit) -> Response:
    """The whole page."""
    return visit.page("now.html")


PAGES = (Page("GET", "/", "viewer", now),)
