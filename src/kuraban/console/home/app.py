"""The owner's pages as an application: an explicit list of modules, each with its table of pages."""

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import ASGIApp

from kuraban.console.home import (
    findings,
    harden,
    incident,
    light,
    mails,
    missing,
    planform,
    reach,
    reachform,
    watching,
)
from kuraban.console.home.door import Guard
from kuraban.console.home.seat import NotFoundError, Page, Seat, Visit, route


def _nothing(visit: Visit) -> Response:
    raise NotFoundError


PAGES = (
    *light.PAGES,
    *findings.PAGES,
    *mails.PAGES,
    *missing.PAGES,
    *reach.PAGES,
    *reachform.PAGES,
    *planform.PAGES,
    *harden.PAGES,
    *incident.PAGES,
    *watching.PAGES,
    Page("GET", "/{path:path}", _nothing),
    Page("POST", "/{path:path}", _nothing),
)


def application(seat: Seat) -> ASGIApp:
    """Everything, behind the guard. Only the pages' own files and the switch of the language need no session."""
    routes = [*seat.frame.routes(), *(route(seat, page) for page in PAGES)]
    return Guard(Starlette(routes=routes), seat.door)
