"""What an HTTP client is told when something cannot be done: problem details of RFC 9457."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from kuraban.server.conditions import CONDITIONS

TYPE = b"application/problem+json"


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457. `type` is stable; `title` says it in English, `title_ja` in Japanese; `detail` is about this case.
    acted_by, acted_at: who was first, of what changed meanwhile."""

    type: str
    title: str
    status: int
    title_ja: str = ""
    detail: str = ""
    acted_by: str = ""
    acted_at: str = ""


class ProblemError(Exception):
    """Ends a request with problem details. `code` is the last part of their `type`."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        retry_after: int | None = None,
        acted: tuple[str, str] = ("", ""),
    ):
        super().__init__(detail or code)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.acted = acted

    def body(self) -> bytes:
        """The problem details as JSON."""
        ja, en = WORDS.get(self.code) or _of_condition(self.code)
        found = ProblemDetails(f"urn:kuraban:problem:{self.code}", en, self.status, ja, self.detail, *self.acted)
        return msgspec.json.encode(found)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Content type, and when to try again."""
        found = [(b"content-type", TYPE)]
        if self.retry_after is not None:
            found.append((b"retry-after", b"%d" % self.retry_after))
        if self.status == 401:
            found.append((b"www-authenticate", b'Bearer realm="kuraban"'))
        return found

    def response(self) -> Response:
        """For Starlette."""
        headers: Mapping[str, Any] = {name.decode(): value.decode() for name, value in self.headers()}
        return Response(self.body(), self.status, headers=headers)


WORDS = {
    "invalid-event": ("イベントとして読めません", "not an event"),
    "id-reused": (
        "このidは別の口座・種類のイベントで使われています",
        "another event, of another account or type, had this id",
    ),
    "invalid-request": ("リクエストの内容が正しくありません", "the request is not valid"),
    "not-found": ("見つかりません", "not found"),
    "method-not-allowed": ("このメソッドは使えません", "method not allowed"),
    "unauthorized": ("APIキーがないか、正しくありません", "the API key is missing or not valid"),
    "forbidden": ("このAPIキーにはその権限がありません", "the API key does not allow this"),
    "foreign-origin": ("他のサイトからの要求は受け付けません", "requests from other sites are not accepted"),
    "too-large": ("内容が大きすぎます", "the body is too large"),
    "too-many-items": ("一度に送れる件数を超えています", "too many events at once"),
    "too-slow": ("受信に時間がかかりすぎました", "the body took too long to arrive"),
    "unsupported-type": ("Content-Typeが対応していません", "the content type is not supported"),
    "busy": ("混み合っています。少し待って再送してください", "too much is waiting; send it again a little later"),
    "not-durable": ("まだ保存できていません。同じidで再送してください", "not durable yet; send it again, same id"),
    "conflict": ("現在の状態からはできません", "not possible from the present state"),
    "changed-meanwhile": ("先に他の操作がありました。最新の状態を確認してください", "somebody acted first; look again"),
    "same-person": ("提案した人・承認済みの人は承認できません", "who proposed or approved it cannot approve it"),
    "person-needed": ("承認はコンソールで行ってください(責任者)", "managers approve, signed in to the console"),
    "link-expired": ("リンクの期限が切れています", "the link has expired"),
    "link-used": ("このリンクは回答済みです", "the link was answered already"),
    "link-invalid": ("リンクが正しくありません", "the link is not valid"),
    "internal": ("サーバー内部のエラーです", "an error inside the server"),
}


def _of_condition(code: str) -> tuple[str, str]:
    found = CONDITIONS.get(code)
    return (found.ja, found.en) if found else (code, code)
