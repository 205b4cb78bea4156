"""The whole ASGI application: endpoints behind their guard, and one place that turns errors into problem details."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from kuraban.server import intake, openapi
from kuraban.server.desk import FullError, NotNowError
from kuraban.server.endpoint import Asked, Endpoint
from kuraban.server.guard import Guard
from kuraban.server.hot import Hot
from kuraban.server.outputs.signing import public_key
from kuraban.server.owner_pages import pages
from kuraban.server.problems import ProblemError
from kuraban.server.routes import ENDPOINTS
from kuraban.server.service import Service

_MOST = 1 << 20


def application(service: Service, *, open: bool, more: list[Any] | None = None, behind_proxy: bool = False) -> Hot:
    """The application. open: no key is asked for (loopback only). more: further routes, such as a console's."""
    guard = Guard(service.keys, service.refusals, open=open, behind_proxy=behind_proxy)
    described = openapi.description()

    async def description(request: Request) -> Response:
        return JSONResponse(described)

    async def keys(request: Request) -> Response:
        return JSONResponse({"keys": [public_key(stream.key) for stream in service.outputs.streams]})

    async def shared_signals(request: Request) -> Response:
        base = service.outputs.public_url or str(request.base_url).rstrip("/")
        streams = service.outputs.streams
        methods = {"urn:ietf:rfc:8935" if stream.url else "urn:ietf:rfc:8936" for stream in streams}
        return JSONResponse(
            {
                "issuer": streams[0].issuer if streams else base,
                "jwks_uri": f"{base}/.well-known/jwks.json",
                "delivery_methods_supported": sorted(methods),
            }
        )

    ask, answer = pages(service)
    routes = [
        *(Route(each.path, _handler(each, service, guard), methods=[each.method]) for each in ENDPOINTS if each.handle),
        Route("/openapi.json", description),
        Route("/.well-known/jwks.json", keys),
        Route("/.well-known/ssf-configuration", shared_signals),
        Route("/owner/{token}", ask, methods=["GET"]),
        Route("/owner/{token}", answer, methods=["POST"]),
        *(more or []),
    ]
    handlers: dict[Any, Any] = {HTTPException: _http, ProblemError: _problem, Exception: _unexpected(service, routes)}
    return Hot(service, guard, Starlette(routes=routes, exception_handlers=handlers))


def _handler(each: Endpoint, service: Service, guard: Guard) -> Callable[[Request], Awaitable[Response]]:
    decoder = msgspec.json.Decoder(each.takes) if each.takes is not None else None
    handle = each.handle
    assert handle is not None

    async def answer(request: Request) -> Response:
        headers = request.scope["headers"]
        by = guard.check(request.scope, each.scope.format(**request.path_params)) if each.scope is not None else ""
        body = None
        if decoder is not None:
            intake.check_type(headers, intake.JSON)
            raw = await intake.body_of(request.receive, _MOST)
            try:
                body = decoder.decode(raw)
            except (msgspec.DecodeError, RecursionError) as error:
                raise ProblemError(422, "invalid-request", str(error)) from None
        try:
            found = await handle(Asked(service, request, body, by))
        except FullError:
            raise ProblemError(429, "busy", retry_after=1) from None
        except NotNowError as error:
            raise ProblemError(503, error.code, retry_after=5) from None
        if isinstance(found, Response):
            return found
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return Response(msgspec.json.encode(found), media_type="application/json", headers=headers)

    return answer


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return error.response()


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "invalid-request")
    response = ProblemError(error.status_code, code).response()
    response.headers.update(error.headers or {})
    return response


def _unexpected(service: Service, routes: list[Any]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        # As the table has it: in the path itself an account's number or a link's secret may stand.
        route = next((each.path for each in routes if each.matches(request.scope)[0] is Match.FULL), "")
        service.log.write("error", kind=type(error).__name__, route=route)
        return ProblemError(500, "internal").response()

    return answer
