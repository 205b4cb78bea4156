"""Signing in and out of the desk: by a one-time link, which `kuraban people` makes.

Opening a link does nothing: programs that check mails open every link in them. Only the button signs in.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kuraban.console.desk.people import SESSION_S
from kuraban.console.desk.seat import COOKIE, ROOT, Page, Seat, Visit, signed_in
from kuraban.console.frame import HEADERS, back_to, is_path

_Handler = Callable[[Request], Awaitable[Response]]


def routes(seat: Seat) -> list[Route]:
    """Routes that need no session."""

    async def ask(request: Request) -> Response:
        if signed_in(seat, request) is not None:
            return seat.frame.go(request, "/")
        return _page(seat, request, "sign_in.html")

    async def show(request: Request) -> Response:
        return _page(seat, request, "enter.html")

    async def enter(request: Request) -> Response:
        # A form on another site could sign somebody in as somebody else.
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _page(seat, request, "sign_in.html", 403)
        word = seat.people.enter(request.path_params["word"])
        if word is None:
            return _page(seat, request, "sign_in.html", 410, refused=True)
        return let_in(seat, word, request.query_params.get("back", ""))

    return [
        Route(ROOT + "/sign-in", ask, methods=["GET"]),
        Route(ROOT + "/enter/{word}", show, methods=["GET"]),
        Route(ROOT + "/enter/{word}", enter, methods=["POST"]),
    ]


def let_in(seat: Seat, word: str, back: str) -> Response:
    """Lead a browser on with its session."""
    response = RedirectResponse(ROOT + (back if is_path(back) else "/"), 303, headers=HEADERS)
    response.set_cookie(COOKIE, word, max_age=SESSION_S, path=ROOT, secure=seat.secure, httponly=True, samesite="lax")
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session."""
    visit.seat.people.end(visit.session)
    response = visit.go("/sign-in")
    response.delete_cookie(COOKIE, path=ROOT, secure=visit.seat.secure, httponly=True, samesite="lax")
    return response


PAGES = (Page("POST", "/sign-out", "viewer", sign_out),)


def _page(seat: Seat, request: Request, template: str, status: int = 200, *, refused: bool = False) -> Response:
    back = back_to(request, ROOT)
    return seat.frame.page(request, template, status, visit=None, back=back, refused=refused)
