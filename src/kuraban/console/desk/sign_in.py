"""Signing in and out of the desk: by passkey, or by a one-time link, which `kuraban people` makes.

Opening a link does nothing: programs that check mails open every link in them. Only the button signs in.
All of it works while the desk is still reading its journal back.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from kuraban.console.desk.passkeys import RefusedError
from kuraban.console.desk.people import SESSION_S
from kuraban.console.desk.seat import COOKIE, ROOT, Page, Seat, Visit, signed_in
from kuraban.console.frame import HEADERS, back_to, is_path, language_of
from kuraban.server.callers import address_of
from kuraban.server.intake import GoneError, body_of
from kuraban.server.problems import ProblemError
from kuraban.server.refusals import SIGN_IN

_Handler = Callable[[Request], Awaitable[Response]]
_MOST_CREDENTIAL = 64 << 10  # bytes
_WORDS = {
    "refused": ("このパスキーではサインインできません。", "This passkey does not sign in here."),
    "too-often": ("試行回数が多すぎます。少し待ってください。", "Too many tries. Wait a little."),
    "foreign": ("他のサイトからは操作できません。", "Another site cannot do this."),
    "nowhere": ("このアドレスではパスキーを使えません。", "Passkeys do not work at this address."),
    "away": ("今は記録できません。ディスクを確認してください。", "It cannot be recorded now; look at the disk."),
}


def routes(seat: Seat) -> list[Route]:
    """Routes that need no session."""

    async def ask(request: Request) -> Response:
        again = "again" in request.query_params
        if not again and await asyncio.to_thread(signed_in, seat, request) is not None:
            return seat.frame.go(request, _asked_back(request))
        return _page(seat, request, "sign_in.html")

    async def show(request: Request) -> Response:
        return _page(seat, request, "enter.html")

    async def enter(request: Request) -> Response:
        # A form on another site could sign somebody in as somebody else.
        if _foreign(request):
            _refused(seat, request, "other-site")
            return _page(seat, request, "sign_in.html", 403, problem="foreign")
        if seat.tries.wait(_address(seat, request)):
            _refused(seat, request, "too-often")
            return _page(seat, request, "sign_in.html", 429, problem="too-often")
        shown = request.path_params["word"]
        try:
            word = await asyncio.to_thread(seat.people.enter, shown, _client(request))
            why_not = await asyncio.to_thread(seat.people.why_not, shown) if word is None else ("", "")
        except sqlite3.Error:
            return _page(seat, request, "sign_in.html", 503, problem="away")
        if word is None:
            seat.tries.failed(_address(seat, request))
            _refused(seat, request, *why_not)
            return _page(seat, request, "sign_in.html", 410, problem="link")
        return await let_in(seat, request, word, RedirectResponse(ROOT + _asked_back(request), 303, headers=HEADERS))

    return [
        Route(ROOT + "/sign-in", ask, methods=["GET"]),
        Route(ROOT + "/sign-in", _by_passkey(seat), methods=["POST"]),
        Route(ROOT + "/sign-in/challenge", _challenge(seat), methods=["POST"]),
        Route(ROOT + "/enter/{word}", show, methods=["GET"]),
        Route(ROOT + "/enter/{word}", enter, methods=["POST"]),
    ]


def _challenge(seat: Seat) -> _Handler:
    async def answer(request: Request) -> Response:
        host = seat.place(request).host
        if _foreign(request):
            return _said(request, 403, "foreign")
        if host is None:
            return _said(request, 409, "nowhere")
        return Response(seat.passkeys.ask(host), media_type="application/json", headers=HEADERS)

    return answer


def _by_passkey(seat: Seat) -> _Handler:
    async def answer(request: Request) -> Response:
        place, address = seat.place(request), _address(seat, request)
        if _foreign(request):
            _refused(seat, request, "other-site")
            return _said(request, 403, "foreign")
        if place.host is None:
            return _said(request, 409, "nowhere")
        if seat.tries.wait(address):
            _refused(seat, request, "too-often")
            return _said(request, 429, "too-often")
        try:
            sent = dict(parse_qsl((await body_of(request.receive, _MOST_CREDENTIAL)).decode("utf-8", "replace")))
            word = await asyncio.to_thread(
                seat.passkeys.enter, sent.get("credential", ""), place.origin, place.host, _client(request)
            )
        except (ProblemError, RefusedError, ValueError, GoneError) as error:
            seat.tries.failed(address)
            known = error if isinstance(error, RefusedError) else RefusedError("", "passkey-unreadable")
            _refused(seat, request, known.problem, known.whose)
            return _said(request, 403, "refused")
        except sqlite3.Error:
            return _said(request, 503, "away")
        return await let_in(seat, request, word, JSONResponse({"go": ROOT + _asked_back(request)}, headers=HEADERS))

    return answer


async def let_in(seat: Seat, request: Request, word: str, response: Response) -> Response:
    """Give a browser its session, in the place of the one it had."""
    old = await asyncio.to_thread(signed_in, seat, request)
    if old is not None:
        await asyncio.to_thread(seat.people.end, old)
    response.set_cookie(COOKIE, word, max_age=SESSION_S, path=ROOT, secure=seat.secure, httponly=True, samesite="lax")
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session."""
    await asyncio.to_thread(visit.seat.people.end, visit.session)
    response = visit.go("/sign-in")
    response.delete_cookie(COOKIE, path=ROOT, secure=visit.seat.secure, httponly=True, samesite="lax")
    return response


PAGES = (Page("POST", "/sign-out", "viewer", sign_out),)


def _address(seat: Seat, request: Request) -> str:
    return address_of(request.scope, behind_proxy=seat.behind_proxy)


def _refused(seat: Seat, request: Request, problem: str, whose: str = "") -> None:
    seat.service.refusals.note(SIGN_IN, _address(seat, request), problem, whose)


def _foreign(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _client(request: Request) -> str:
    return "".join(filter(str.isprintable, request.headers.get("user-agent", "")))


def _asked_back(request: Request) -> str:
    back = request.query_params.get("back", "")
    return back if is_path(back) else "/"


def _said(request: Request, status: int, code: str) -> Response:
    """A sentence for the script that asked, to be shown as it is."""
    return PlainTextResponse(_WORDS[code][language_of(request) == "en"], status, headers=HEADERS)


def _page(seat: Seat, request: Request, template: str, status: int = 200, *, problem: str = "") -> Response:
    back, place = back_to(request, ROOT), seat.place(request)
    said = _WORDS.get(problem)
    return seat.frame.page(
        request,
        template,
        status,
        visit=None,
        back=back,
        refused=problem == "link",
        said=said[language_of(request) == "en"] if said else "",
        place=place,
        wanted=_asked_back(request),
    )
