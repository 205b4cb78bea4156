"""The page of whoever is signed in: name and role, passkeys, and the browsers signed in."""

import asyncio
from urllib.parse import urlencode

from starlette.responses import PlainTextResponse, Response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from kuraban.console.desk.passkeys import RefusedError
from kuraban.console.desk.seat import Page, Visit
from kuraban.console.frame import HEADERS, language_of
from kuraban.server.problems import ProblemError

FRESH_S = 15 * 60  # how long after signing in passkeys may be made and removed


async def me(visit: Visit) -> Response:
    """The page."""
    seat, request = visit.seat, visit.request
    return visit.page(
        "me.html",
        passkeys=[(each, bytes_to_base64url(each.id)) for each in seat.passkeys.of(visit.person)],
        sessions=seat.people.sessions(visit.person),
        place=seat.place(request),
        fresh=_fresh(visit),
        again=urlencode({"back": "/me"}),
    )


async def offer(visit: Visit) -> Response:
    """What the browser needs to make a passkey."""
    _want_fresh(visit)
    host = visit.seat.place(visit.request).host
    if host is None:
        raise ProblemError(409, "conflict")
    return Response(visit.seat.passkeys.offer(visit.session, host), media_type="application/json", headers=HEADERS)


async def keep(visit: Visit) -> Response:
    """Keep the passkey the browser has made."""
    _want_fresh(visit)
    place, form = visit.seat.place(visit.request), visit.form
    if place.host is None:
        raise ProblemError(409, "conflict")
    name = form.get("name", "").strip() or place.host
    try:
        await asyncio.to_thread(
            visit.seat.passkeys.add, visit.session, name, form.get("credential", ""), place.origin, place.host
        )
    except (RefusedError, ValueError) as error:
        visit.service.log.write("passkey-refused", problem=str(error)[:200])
        said = ("このパスキーは登録できませんでした。", "This passkey could not be added.")
        return PlainTextResponse(said[language_of(visit.request) == "en"], 422, headers=HEADERS)
    return Response(status_code=204, headers=HEADERS)


async def remove(visit: Visit) -> Response:
    """Make one of one's own passkeys useless."""
    _want_fresh(visit)
    try:
        id = base64url_to_bytes(visit.form.get("id", ""))
    except ValueError:
        raise ProblemError(404, "not-found") from None
    if not await asyncio.to_thread(visit.seat.passkeys.remove, visit.person, id):
        raise ProblemError(404, "not-found")
    return visit.go("/me")


async def end_others(visit: Visit) -> Response:
    """Sign out of every other browser."""
    await asyncio.to_thread(visit.seat.people.end_others, visit.session)
    return visit.go("/me")


def _fresh(visit: Visit) -> bool:
    return visit.seat.people.now() - visit.session.made < FRESH_S


def _want_fresh(visit: Visit) -> None:
    """Somebody at a browser left alone must not be able to stay."""
    if not _fresh(visit):
        raise ProblemError(403, "sign-in-again")


PAGES = (
    Page("GET", "/me", "viewer", me),
    Page("POST", "/me/passkeys/offer", "viewer", offer),
    Page("POST", "/me/passkeys", "viewer", keep),
    Page("POST", "/me/passkeys/remove", "viewer", remove),
    Page("POST", "/me/sessions/end", "viewer", end_others),
)
