"""The desk's pages as routes of the server: an explicit list of modules, each with its table of pages."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kuraban.console.desk import account, acts, alerts, audit, groups, health, me, now, policy, sign_in
from kuraban.console.desk.lost import lost
from kuraban.console.desk.passkeys import Passkeys
from kuraban.console.desk.people import People
from kuraban.console.desk.seat import ROOT, Seat, route
from kuraban.console.desk.tries import Tries
from kuraban.console.frame import HEADERS, Frame
from kuraban.server.service import Service

PAGES = (
    *now.PAGES,
    *alerts.PAGES,
    *acts.PAGES,
    *account.PAGES,
    *groups.PAGES,
    *policy.PAGES,
    *audit.PAGES,
    *health.PAGES,
    *me.PAGES,
    *sign_in.PAGES,
)


def routes(
    service: Service, people: People, *, secure: bool, public_url: str | None = None, behind_proxy: bool = False
) -> list[Route]:
    """Everything under /console, and the way there from the top; see `Seat` for the options."""
    frame = Frame("desk", ROOT, service.options.timezone)
    seat = Seat(service, people, frame, secure, Passkeys(people), Tries(), public_url, behind_proxy)

    async def top(request: Request) -> Response:
        return RedirectResponse(ROOT + "/", 307, headers=HEADERS)

    known = [
        Route("/", top),
        Route(ROOT, top),
        *seat.frame.routes(),
        *sign_in.routes(seat),
        *(route(seat, page) for page in PAGES),
    ]
    return [*known, lost(seat, known)]
