"""What stands before every page of the owner's: whether the browser was let in, whether a change was meant.

A page is a line of a table, `Page`; its function gets a `Visit` and runs in a thread of its own with its own
connection to the store, beside the watch, which writes the same file.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kuraban.console.frame import COOKIE, HEADERS, LANGUAGES, Frame, back_to
from kuraban.console.home.door import TOKEN, Door, Session, meant
from kuraban.home import config as configs
from kuraban.home.config import Config
from kuraban.home.findings import SHOWN_ACTS
from kuraban.home.folder import Folder
from kuraban.home.model import Words
from kuraban.home.problems import HomeError
from kuraban.home.store import Store
from kuraban.home.wording import called
from kuraban.server.intake import GoneError, body_of
from kuraban.server.problems import ProblemError

_MOST_FORM = 64 << 10  # bytes
_MOST_FIELDS = 1000  # every box of a list of things may be ticked

Form = ImmutableMultiDict[str, str]

BUSY = Words(
    "記録を書き込み中です。少し待って、もう一度お試しください。", "the record is being written; try again in a moment"
)
FOREIGN = Words(
    "画面が古くなっています。開き直してから、もう一度お試しください。",
    "this page is out of date: open it again, then try once more",
)
NO_PAGE = Words("そのページはありません。", "there is no such page")


@dataclass
class Running:
    """The watch of this program, as its pages show it. state: `here`, `stopped`, or `elsewhere` where the pages were
    started without one. why: what stopped it."""

    state: str = "elsewhere"
    why: Words | None = None


def stopped_by(error: BaseException) -> Words:
    """Why the watch ended, for the owner. An error that is not meant for him is named only: it may hold anything."""
    known = isinstance(error, HomeError)
    why = error.words if isinstance(error, HomeError) else Words(type(error).__name__, type(error).__name__)
    tail = (
        Words("直してから、蔵番を始め直してください。", "put it right, then start Kuraban again")
        if known
        else Words("蔵番を始め直してください。", "start Kuraban again")
    )
    return Words(f"見張りが止まりました({why.ja})。{tail.ja}", f"the watch has stopped ({why.en}): {tail.en}")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Seat:
    """What all the owner's pages share. jobs: what goes on in the background, by name."""

    folder: Folder
    door: Door
    running: Running = field(default_factory=Running)
    frame: Frame = field(default_factory=lambda: Frame("home", ""))
    now: Callable[[], datetime] = _now
    jobs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Visit:
    """One request by a browser that was let in. form: the fields sent, of a POST, without the word that guards it."""

    seat: Seat
    request: Request
    session: Session
    config: Config
    store: Store
    form: Form

    @property
    def folder(self) -> Folder:
        """The owner's."""
        return self.seat.folder

    def now(self) -> datetime:
        """The present."""
        return self.seat.now()

    def page(self, template: str, status: int = 200, **data: Any) -> Response:
        """A template as an answer."""
        return _page(self.seat, self.request, template, status, self.session, **data)

    def go(self, path: str, **query: str) -> Response:
        """Lead on to another page."""
        return self.seat.frame.go(self.request, f"{path}?{urlencode(query)}" if query else path)


Handler = Callable[[Visit], Response]


class Page(NamedTuple):
    """One page."""

    method: str
    path: str
    handle: Handler


class NotFoundError(Exception):
    """There is no such page, mail or finding."""


def route(seat: Seat, page: Page) -> Route:
    """A page behind its door."""

    async def answer(request: Request) -> Response:
        if TOKEN in request.query_params:
            return _enter(seat, request)
        session = seat.door.session(request)
        if session is None:
            return closed(seat, request)
        form = Form()
        if page.method == "POST":
            sent = await _form(request)
            if sent is None or not meant(session, request.headers.get("x-csrf") or dict(sent).get("csrf", "")):
                return _problem(seat, request, session, 403, FOREIGN)
            form = Form([pair for pair in sent if pair[0] != "csrf"])
        return await run_in_threadpool(_answered, seat, page, request, session, form)

    return Route(page.path, answer, methods=[page.method])


def _answered(seat: Seat, page: Page, request: Request, session: Session, form: Form) -> Response:
    try:
        config = configs.load(seat.folder.config)
        with closing(Store.open(seat.folder)) as store:
            return page.handle(Visit(seat, request, session, config, store, form))
    except NotFoundError:
        return _problem(seat, request, session, 404, NO_PAGE)
    except HomeError as error:
        return _problem(seat, request, session, 409, error.words)
    except sqlite3.OperationalError:
        return _problem(seat, request, session, 503, BUSY)


def _enter(seat: Seat, request: Request) -> Response:
    """Let a browser in that shows the token, and lead it on to the address without it."""
    word = seat.door.enter(request.query_params[TOKEN])
    if word is None:
        return closed(seat, request)
    response = RedirectResponse("/", 303, headers=HEADERS)
    response.set_cookie(seat.door.cookie, word, httponly=True, samesite="strict", path="/")
    language = _configured(seat)
    if language and request.cookies.get(COOKIE) not in LANGUAGES:
        response.set_cookie(COOKIE, language, httponly=True, samesite="lax", path="/")
    return response


def _configured(seat: Seat) -> str | None:
    try:
        return configs.load(seat.folder.config).language
    except HomeError:
        return None


def closed(seat: Seat, request: Request) -> Response:
    """What a browser sees that was not let in: how to get in."""
    return _page(seat, request, "closed.html", 403, None)


def _problem(seat: Seat, request: Request, session: Session, status: int, words: Words) -> Response:
    return _page(seat, request, "problem.html", status, session, words=words)


def _page(seat: Seat, request: Request, template: str, status: int, session: Session | None, **data: Any) -> Response:
    part = "hx-request" in request.headers
    back = back_to(request, "") if request.method == "GET" and TOKEN not in request.query_params else "/"
    csrf = session.csrf if session else None
    told = {"csrf": csrf, "back": back, "part": part, "called": called, "most_acts": SHOWN_ACTS}
    response = seat.frame.page(request, template, status, **told, **data)
    if part and status >= 400:
        response.headers["x-fragment"] = "1"
    return response


async def _form(request: Request) -> list[tuple[str, str]] | None:
    """The fields of a form; None for what is too large or no form."""
    try:
        raw = await body_of(request.receive, _MOST_FORM)
        return parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except (ProblemError, GoneError, ValueError):
        return None
