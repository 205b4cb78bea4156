"""How a page is made: templates in two languages, the headers every answer carries, and the files pages are made with.

Templates say what they have to say in both languages at once, `{{ t("日本語", "English") }}`; there is one environment
a language, so that a sentence is chosen where it stands, in macros too.
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from kuraban.console import words

Language = Literal["ja", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
COOKIE = "kuraban_language"
_YEAR = 365 * 86_400
_HERE = Path(__file__).parent
STATIC = _HERE / "static"

# Nothing is loaded from anywhere but the server itself, and no script or style stands in a page.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Frame:
    """What the pages of one seat share. root: the path they stand under, without a slash at the end ("" for the top).
    seat: `desk` or `home`, the folder of the templates. zone: the time zone in which times are shown."""

    def __init__(self, seat: str, root: str, zone: str = "Asia/Tokyo"):
        self.seat = seat
        self.root = root
        self.version = _digest()
        self._environments = {language: self._environment(language, zone) for language in LANGUAGES}

    def _environment(self, language: Language, zone: str) -> jinja2.Environment:
        made = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_clean,
        )
        made.globals.update(
            t=(lambda ja, en: ja) if language == "ja" else (lambda ja, en: en),
            language=language,
            root=self.root,
            seat=self.seat,
            static=lambda name: f"{self.root}/static/{self.version}/{name}",
        )
        made.filters.update(words.filters(language, zone))
        return made

    def render(self, request: Request, template: str, **data: Any) -> str:
        """A template of this seat as text. data: what it names."""
        environment = self._environments[language_of(request)]
        return environment.get_template(f"{self.seat}/{template}").render(request=request, **data)

    def page(self, request: Request, template: str, status: int = 200, **data: Any) -> Response:
        """A template as an answer."""
        return HTMLResponse(self.render(request, template, **data), status, headers=HEADERS)

    def go(self, request: Request, path: str) -> Response:
        """Lead on to another page, also where htmx asked. path: below the root, beginning with a slash."""
        if "hx-request" in request.headers:
            return Response(status_code=204, headers={**HEADERS, "hx-redirect": self.root + path})
        return RedirectResponse(self.root + path, 303, headers=HEADERS)

    def routes(self) -> list[Route]:
        """The files of the pages, and the switch of the language."""
        return [
            Route(self.root + "/static/{version}/{name:path}", self._file),
            Route(self.root + "/language/{language}", self._switch),
        ]

    async def _file(self, request: Request) -> Response:
        name, version = request.path_params["name"], request.path_params["version"]
        content = FILES.get(name)
        if content is None:
            return Response(status_code=404, headers=HEADERS)
        # The version is made of what all files hold, so what stands under it never changes.
        cache = "public, max-age=31536000, immutable" if version == self.version else "no-store"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(content, media_type=kind, headers={**HEADERS, "cache-control": cache})

    async def _switch(self, request: Request) -> Response:
        language, back = request.path_params["language"], request.query_params.get("back", "")
        response = RedirectResponse(self.root + (back if is_path(back) else "/"), 303, headers=HEADERS)
        if language in LANGUAGES:
            response.set_cookie(COOKIE, language, max_age=_YEAR, httponly=True, samesite="lax", path=self.root or "/")
        return response


def language_of(request: Request) -> Language:
    """The one chosen, else the first the browser asks for that there is, else Japanese."""
    chosen = request.cookies.get(COOKIE)
    for language in LANGUAGES:
        if chosen == language:
            return language
    asked = request.headers.get("accept-language", "").lower()
    first = next((part.strip()[:2] for part in asked.split(",") if part.strip()[:2] in LANGUAGES), "ja")
    return "en" if first == "en" else "ja"


def back_to(request: Request, root: str) -> str:
    """The present page's path below the root, with its query, for coming back to it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path.removeprefix(root) + query


def is_path(text: str) -> bool:
    """Whether a text is a path on this very server: browsers read `//x` and `/\\x` as another's name."""
    return text.startswith("/") and not text.startswith(("//", "/\\")) and not words.UNSAFE.search(text)


def _clean(value: Any) -> Any:
    return words.clean(value) if type(value) is str else value


def _read() -> Mapping[str, bytes]:
    return {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in STATIC.rglob("*") if path.is_file()}


FILES = _read()


def _digest() -> str:
    found = hashlib.sha256()
    for name, content in sorted(FILES.items()):
        found.update(name.encode() + b"\0" + content)
    return found.hexdigest()[:16]


def safe(text: str) -> Markup:
    """Text that is markup already. Only for what was rendered from a template."""
    return Markup(text)  # noqa: S704
