"""What stands before every page of the desk: who is asking, whether he may, and whether he meant it.

A page is a line of a table, `Page`; its function gets a `Visit`. Pages live under /console.
"""

import asyncio
import hmac
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kuraban.console.desk.passkeys import Passkeys
from kuraban.console.desk.people import People, Person, Session
from kuraban.console.desk.place import Place, place
from kuraban.console.desk.refusal_words import REFUSED
from kuraban.console.desk.tries import Tries
from kuraban.console.frame import HEADERS, Frame, back_to, is_path
from kuraban.journal.live import Live
from kuraban.journal.schema import JournalError
from kuraban.server.conditions import CONDITIONS
from kuraban.server.desk import FullError, NotNowError
from kuraban.server.intake import GoneError, body_of
from kuraban.server.problems import WORDS, ProblemError
from kuraban.server.service import Service

T = TypeVar("T")
ROOT = "/console"
COOKIE = "kuraban_session"
# What people type, as against what a page sends along: given back whenever it could not be taken.
_TYPED = ("toml", "why")
_MOST_FIELDS = 500  # the most are the boxes of a ring's accounts
_MOST_FORM = 256 << 10  # bytes; the largest thing sent is a policy


@dataclass(frozen=True)
class Seat:
    """What all pages of a served desk share. secure: whether browsers reach it by TLS alone. public_url: the address
    people are to use, where there is one. behind_proxy: callers' addresses stand in X-Forwarded-For."""

    service: Service
    people: People
    frame: Frame
    secure: bool
    passkeys: Passkeys
    tries: Tries
    public_url: str | None = None
    behind_proxy: bool = False

    def place(self, request: Request) -> Place:
        """Under which name a request reaches the desk."""
        return place(request.headers.get("host", ""), secure=self.secure, public_url=self.public_url)


@dataclass(frozen=True)
class Visit:
    """One request by somebody signed in. form: the fields sent, of a POST; of several with one name the last."""

    seat: Seat
    request: Request
    session: Session
    form: dict[str, str]

    @property
    def service(self) -> Service:
        """The desk."""
        return self.seat.service

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.session.person

    @property
    def asked_by_htmx(self) -> bool:
        """Whether a part of a page is asked for, not a whole one."""
        return "hx-request" in self.request.headers

    async def look(self, act: Callable[[Live], T]) -> T:
        """Something read of the live state, between two batches; it copies what it needs and returns at once.

        While nothing is accepted (a full disk) nothing changes either, and it is read as it stands. Raises
        `NotNowError` before there is a state.
        """
        try:
            return await self.service.call(lambda live: (act(live), None))
        except NotNowError:
            return act(self.live)

    @property
    def live(self) -> Live:
        """The live state, also while nothing is accepted. Raises `NotNowError` before there is one."""
        if self.service.desk is None:
            raise NotNowError(self.service.stopped_by or "starting")
        return self.service.desk.live

    def page(self, template: str, status: int = 200, **data: Any) -> Response:
        """A template of the desk as an answer."""
        # What a form was sent to is no page that could be opened again, in another language say.
        sent = self.request.method != "GET"
        back = way_back(self.request) if sent else back_to(self.request, ROOT)
        return self.seat.frame.page(self.request, template, status, **{"visit": self, "back": back, **data})

    def go(self, path: str) -> Response:
        """Lead on to another page; path: below /console."""
        return self.seat.frame.go(self.request, path)


Handler = Callable[[Visit], Awaitable[Response]]


class Page(NamedTuple):
    """One page. path: below /console. role: the least one that may."""

    method: str
    path: str
    role: str
    handle: Handler


async def session_of(seat: Seat, request: Request) -> Session | Response | None:
    """The session of whoever asks, None for nobody's; the answer, where people cannot be looked up just now."""
    try:
        return await asyncio.to_thread(signed_in, seat, request)
    except sqlite3.Error:
        return Response(status_code=503, headers={**HEADERS, "retry-after": "5"})


def route(seat: Seat, page: Page) -> Route:
    """A page behind its guard."""

    async def answer(request: Request) -> Response:
        session = await session_of(seat, request)
        if isinstance(session, Response):
            return session
        if session is None:
            return _to_sign_in(seat, request)
        try:
            form = await _form(request, session) if page.method == "POST" else {}
        except ProblemError as error:
            return problem(seat, request, session, error)
        except GoneError:
            return Response(status_code=400, headers=HEADERS)
        return await _answered(Visit(seat, request, session, form), page)

    return Route(ROOT + page.path, answer, methods=[page.method])


async def _answered(visit: Visit, page: Page) -> Response:
    """What a page answers, or why it cannot, with what was typed into it."""
    given = visit.seat, visit.request, visit.session
    if not visit.person.may(page.role):
        return problem(*given, ProblemError(403, "forbidden-role", page.role))
    try:
        return await page.handle(visit)
    except ProblemError as error:
        return problem(*given, error, visit.form)
    except NotNowError as error:
        return problem(*given, ProblemError(503, error.code, retry_after=5), visit.form)
    except JournalError as error:
        return problem(*given, ProblemError(503, error.code, str(error)), visit.form)
    except FullError:
        return problem(*given, ProblemError(429, "busy", retry_after=1), visit.form)


def signed_in(seat: Seat, request: Request) -> Session | None:
    """The session of a request. What a page asks for by itself while nobody touches it keeps no session alive."""
    word = request.cookies.get(COOKIE)
    return seat.people.session(word, attended="x-unattended" not in request.headers) if word else None


def problem(
    seat: Seat,
    request: Request,
    session: Session,
    error: ProblemError,
    form: Mapping[str, str] | None = None,
    back: str | None = None,
) -> Response:
    """What could not be done, as a page (or a part of one, for htmx). form: what was sent with our own token; what had
    been typed in it stands on the page, to be sent again. back: the page to go back to, below /console, where it is not
    the one it was sent from."""
    ja, en = REFUSED.get(error.code) or WORDS.get(error.code) or _of_condition(error.code)
    visit = Visit(seat, request, session, {})
    form = form or {}
    typed = {name: form[name] for name in _TYPED if form.get(name)}
    return visit.page(
        "problem.html",
        error.status,
        ja=ja,
        en=en,
        detail=error.detail,
        code=error.code,
        typed=typed,
        along={name: value for name, value in form.items() if name not in typed},
        **({"back": back} if back is not None else {}),
    )


def _of_condition(code: str) -> tuple[str, str]:
    found = CONDITIONS.get(code)
    return (found.ja, found.en) if found else (code, code)


def _to_sign_in(seat: Seat, request: Request) -> Response:
    return seat.frame.go(request, f"/sign-in?back={quote(way_back(request), safe='')}")


def way_back(request: Request) -> str:
    """The page somebody was on, below /console: of a part of a page or a form sent, the page it stands in."""
    if "hx-request" not in request.headers and request.method == "GET":
        return back_to(request, ROOT)
    try:
        page = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer", ""))
    except ValueError:
        return "/"
    path = page.path.removeprefix(ROOT) + (f"?{page.query}" if page.query else "")
    return path if page.path.startswith(f"{ROOT}/") and is_path(path) else "/"


async def _form(request: Request, session: Session) -> dict[str, str]:
    """The fields of a form. Raises `ProblemError` for one that is too large or was not sent by a page of ours."""
    raw = await body_of(request.receive, _MOST_FORM)
    try:
        fields = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise ProblemError(413, "too-many-items", f"at most {_MOST_FIELDS} fields") from None
    shown = request.headers.get("x-csrf") or fields.pop("csrf", "")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if not hmac.compare_digest(shown.encode(), session.csrf.encode()) or site not in ("same-origin", "none"):
        raise ProblemError(403, "foreign-form")
    return fields
