"""Addresses under /console at which there is no page: one that says so in the reader's language and leads back."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from kuraban.console.desk.seat import ROOT, Seat, problem, session_of
from kuraban.server.problems import ProblemError

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def lost(seat: Seat, known: Sequence[BaseRoute]) -> Route:
    """Every other address under /console: a page that says so and leads back. known: the routes there are."""

    async def answer(request: Request) -> Response:
        session = await session_of(seat, request)
        if isinstance(session, Response):
            return session
        if session is None:
            return seat.frame.go(request, "/sign-in")
        methods = {
            method
            for each in known
            if isinstance(each, Route) and each.matches(request.scope)[0] is Match.PARTIAL
            for method in each.methods or ()
        }
        if not methods:
            return problem(seat, request, session, ProblemError(404, "no-such-page"))
        back = _above(known, request)
        response = problem(seat, request, session, ProblemError(405, "not-opened-so"), back=back)
        response.headers["allow"] = ", ".join(sorted(methods))
        return response

    return Route(ROOT + "/{rest:path}", answer, methods=list(_METHODS))


def _above(known: Sequence[BaseRoute], request: Request) -> str:
    """The nearest page over an address, below /console."""
    path = request.url.path
    while path.startswith(ROOT + "/"):
        path = path.rpartition("/")[0]
        scope = {**request.scope, "path": path, "method": "GET"}
        if any(each.matches(scope)[0] is Match.FULL for each in known):
            return path.removeprefix(ROOT) or "/"
    return "/"
