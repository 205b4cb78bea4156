"""Who may open the owner's pages: whoever has seen the address that the program printed, on this computer.

The address holds a token, new at every start; a browser that shows it gets a session. Every request has to name this
computer as its host (a page elsewhere may have its own name point here), and none may come from another site's page.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from kuraban.console.frame import HEADERS

MOST_SESSIONS = 32
ONCE_S = 120.0
TOKEN = "token"  # noqa: S105 - the name of the parameter
_OWN = ("same-origin", "none")


class Session(NamedTuple):
    """A browser that was let in. csrf: what its own pages send back with every change."""

    digest: bytes
    csrf: str


class Door:
    """Tokens and sessions; they live as long as the program. Safe to use from several threads. now: seconds."""

    def __init__(self, port: int, now: Callable[[], float] = time.monotonic):
        self.port = port
        self._now = now
        self.cookie = f"kuraban_home_{port}"  # browsers do not keep cookies apart by port
        self.hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
        self._token = _digest(word := secrets.token_urlsafe(32))
        self._word = word
        self._once: dict[bytes, float] = {}
        self._sessions: dict[bytes, Session] = {}
        self._lock = threading.Lock()

    def address(self) -> str:
        """The address to print: it opens the pages until the program ends."""
        return f"http://127.0.0.1:{self.port}/?{TOKEN}={self._word}"

    def address_once(self) -> str:
        """An address for the command line of a browser, which others on this computer may see: it works once, soon."""
        word = secrets.token_urlsafe(32)
        with self._lock:
            self._once[_digest(word)] = self._now() + ONCE_S
        return f"http://127.0.0.1:{self.port}/?{TOKEN}={word}"

    def enter(self, token: str) -> str | None:
        """The word of a new session; None where the token is wrong."""
        shown = _digest(token)
        with self._lock:
            until = self._once.pop(shown, None)
            if not hmac.compare_digest(shown, self._token) and (until is None or until < self._now()):
                return None
            word = secrets.token_urlsafe(32)
            while len(self._sessions) >= MOST_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            digest = _digest(word)
            self._sessions[digest] = Session(digest, secrets.token_urlsafe(24))
        return word

    def session(self, request: Request) -> Session | None:
        """The session of a request."""
        return self.of(request.cookies.get(self.cookie, ""))

    def of(self, word: str) -> Session | None:
        """The session of a cookie."""
        with self._lock:
            return self._sessions.get(_digest(word))


class Guard:
    """Before everything else: turns away what names another host, and what another site's page sends."""

    def __init__(self, app: ASGIApp, door: Door):
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer 403."""
        if scope["type"] == "http" and not self._may(Headers(scope=scope), scope["method"]):
            await PlainTextResponse("403 蔵番 / Kuraban\n", 403, headers=HEADERS)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _may(self, headers: Headers, method: str) -> bool:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._door.hosts:
            return False
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{hosts[0].lower()}":
            return False
        site, mode = headers.get("sec-fetch-site", "same-origin"), headers.get("sec-fetch-mode", "navigate")
        # A link elsewhere may lead here: without the cookie, which is not sent along, it opens nothing.
        return site in _OWN or (method == "GET" and mode == "navigate")


def meant(session: Session, shown: str) -> bool:
    """Whether a form was sent by a page of ours."""
    return hmac.compare_digest(shown.encode(), session.csrf.encode())


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()
