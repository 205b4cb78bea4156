"""The two pages an owner's link leads to: a question with two buttons, and thanks.

Opening the link does nothing: programs that check mails open every link in them. Only a button answers.
"""

import html
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kuraban.server.desk import NotNowError
from kuraban.server.intake import body_of
from kuraban.server.outputs.signing import Link, LinkError, read_link
from kuraban.server.problems import WORDS
from kuraban.server.service import Service
from kuraban.server.verdicts import ME, NOT_ME, owner_answers

Handler = Callable[[Request], Awaitable[Response]]

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
_STYLE = (
    "body{font:18px/1.7 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;"
    "color:#111;background:#fff}"
    "button{font:inherit;width:100%;padding:1rem;margin:.5rem 0;border:2px solid #111;"
    "border-radius:.5rem;background:#fff}"
    ".no{background:#a40000;border-color:#a40000;color:#fff}@media(prefers-color-scheme:dark)"
    "{body,button{background:#111;color:#eee;border-color:#eee}}"
)


def pages(service: Service) -> tuple[Handler, Handler]:
    """Handlers for GET and POST of `/owner/{token}`."""

    async def ask(request: Request) -> Response:
        try:
            _link(service, request)
        except LinkError as error:
            return _sorry(error)
        return _page(
            "この操作はご本人ですか / Was this you?",
            "<p>最近の操作についてお答えください。<br>Please tell us about what happened on your account.</p>"
            f'<form method="post"><button class="no" name="answer" value="{NOT_ME}">'
            "いいえ、私ではありません<br>No, it was not me</button>"
            f'<button name="answer" value="{ME}">はい、私です<br>Yes, it was me</button></form>',
        )

    async def answer(request: Request) -> Response:
        try:
            said = await body_of(request.receive, 64)
            link = _link(service, request)
            if said not in (b"answer=me", b"answer=not_me"):
                raise LinkError("link-invalid")
            await owner_answers(service, link, said.partition(b"=")[2].decode())
        except LinkError as error:
            return _sorry(error)
        except KeyError:
            return _sorry(LinkError("link-invalid"))
        except NotNowError:
            return _page("しばらくしてからもう一度 / Try again shortly", "", 503)
        if said == b"answer=not_me":
            words = (
                "口座の保護を始めました。証券会社の公式の電話番号に、ご自身で調べて連絡してください。",
                "Your account is being protected. Call your broker at the number you know to be theirs.",
            )
        else:
            words = ("ありがとうございました。", "Thank you.")
        return _page("受け付けました / Received", f"<p>{words[0]}<br>{words[1]}</p>")

    return ask, answer


def _link(service: Service, request: Request) -> Link:
    return read_link(service.secret, request.path_params["token"], time.time())


def _sorry(error: LinkError) -> Response:
    ja, en = WORDS[error.code]
    return _page(f"{ja} / {en}", "", 410 if error.code != "link-invalid" else 404)


def _page(title: str, body: str, status: int = 200) -> Response:
    text = (
        '<!doctype html><html lang="ja"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style><h1>{html.escape(title)}</h1>{body}</html>"
    )
    return HTMLResponse(text, status, headers=_HEADERS)
