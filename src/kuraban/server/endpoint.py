"""What an endpoint of the HTTP API is: one line of the table in `routes.py`, and the request its function gets."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from kuraban.server.service import Service


class Asked(NamedTuple):
    """A request that has passed the guard. body: decoded as the endpoint's `takes`. by: whose key it was."""

    service: Service
    request: Request
    body: Any
    by: str


class Endpoint(NamedTuple):
    """One line of the table. scope: None where no key is needed; may name a part of the path. takes: the body's type.
    gives: status → type, or several."""

    method: str
    path: str
    scope: str | None
    handle: Callable[[Asked], Awaitable[Any]] | None
    takes: Any
    gives: dict[int, Any]
    summary: str
    query: tuple[str, ...] = ()


def answer(status: int, body: Any) -> Response:
    """An answer with another status than 200."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
