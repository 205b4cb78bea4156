"""The two paths that carry the load, `/v1/decide` and `/v1/events`, straight on ASGI; the rest goes to Starlette.

A route of the framework would cost about as much as the whole decision does.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from kuraban import events
from kuraban.decisions import Reason
from kuraban.server import intake
from kuraban.server.api import Accepted, Fallback, Outcomes, Rejected
from kuraban.server.clock import written
from kuraban.server.desk import FullError, NotNowError, Outcome
from kuraban.server.guard import Guard
from kuraban.server.paging import whole
from kuraban.server.problems import ProblemError
from kuraban.server.service import Service
from kuraban.server.timeline import ReusedIdError, decided_before

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, intake.Receive, Send], Awaitable[None]]

_OK = [(b"content-type", b"application/json")]
_LATE = Reason(
    "deadline", 0.0, "期限内に判定が間に合わず、規定の対応を返しました", "the deadline passed first: fallback"
)


class Named(msgspec.Struct):
    """What a fallback has to repeat of the event it stands for."""

    id: events.Name
    account: events.Name
    time: str


class Hot:
    """The ASGI application. rest: for all other paths. Every path has its limits and its key checked here or there."""

    def __init__(self, service: Service, guard: Guard, rest: App):
        self._service = service
        self._guard = guard
        self._rest = rest
        self._encode = msgspec.json.Encoder().encode
        self._named = msgspec.json.Decoder(Named)
        self._latency = service.meters.latency

    async def __call__(self, scope: Scope, receive: intake.Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in self._latency:
            await self._rest(scope, receive, send)
            return
        begun = time.perf_counter()
        path = scope["path"]
        handle = self._decide if path == "/v1/decide" else self._events
        try:
            status, headers, body = await handle(scope, receive)
        except ProblemError as error:
            status, headers, body = error.status, error.headers(), error.body()
        except MemoryError:
            refused = ProblemError(503, "memory_short", retry_after=5)
            status, headers, body = refused.status, refused.headers(), refused.body()
        except intake.GoneError:
            return
        headers = [*headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._latency[path].observe(time.perf_counter() - begun)
        if status != 200:
            self._service.meters.requests.labels(path, status).inc()

    async def _decide(self, scope: Scope, receive: intake.Receive) -> tuple[int, Any, bytes]:
        self._guard.check(scope, "decide")
        headers = scope["headers"]
        intake.check_type(headers, intake.JSON)
        line = intake.one_line(await intake.body_of(receive, events.MAX_LINE + 4096))
        deadline = _deadline(headers)
        asked = self._ask([line], True, None if deadline is None else deadline / 1000)
        try:
            outcome = await asked
        except ProblemError as error:
            if deadline is None or error.code != "not-durable":
                raise
            return 200, _OK, await self._fall_back(line, deadline)
        if outcome.rejects:
            reject = outcome.rejects[0]
            raise ProblemError(422, "invalid-event", f"{reject.code}: {reject.reason}")
        answer = outcome.answers[0]
        if outcome.duplicates:
            try:
                answer = await decided_before(self._service, outcome.seqs[0], line)
            except ReusedIdError:
                raise ProblemError(409, "id-reused") from None
        if answer is None:
            named = self._named.decode(line)
            return 202, _OK, self._encode(Accepted(named.id, named.account))
        return 200, _OK, answer

    async def _events(self, scope: Scope, receive: intake.Receive) -> tuple[int, Any, bytes]:
        self._guard.check(scope, "decide")
        kind = intake.check_type(scope["headers"], intake.JSON + intake.LINES)
        lines = intake.many_lines(await intake.body_of(receive, intake.MOST_BODY), kind)
        if not lines:
            return 200, _OK, self._encode(Outcomes(0, 0, 0, [], []))
        outcome = await self._ask(lines, False, None)
        said = ["accepted"] * len(lines)
        for i in outcome.duplicates:
            said[i] = "duplicate"
        rejects = []
        for i, reject in sorted(outcome.rejects.items()):
            said[i] = "rejected"
            rejects.append(Rejected(i, reject.code, reject.reason))
        duplicates = len(outcome.duplicates)
        accepted = len(lines) - duplicates - len(rejects)
        return 200, _OK, self._encode(Outcomes(accepted, duplicates, len(rejects), said, rejects))

    async def _ask(self, lines: list[bytes], wanted: bool, seconds: float | None) -> Outcome:
        try:
            if seconds is None:  # the desk answers in any case: with the outcome, or with why there is none yet
                return await self._service.decide(lines, wanted)
            async with asyncio.timeout(seconds):
                return await self._service.decide(lines, wanted)
        except TimeoutError:
            raise ProblemError(503, "not-durable", retry_after=1) from None
        except FullError:
            raise ProblemError(429, "busy", retry_after=1) from None
        except NotNowError as error:
            raise ProblemError(503, error.code, retry_after=5) from None

    async def _fall_back(self, line: bytes, deadline: int) -> bytes:
        """The policy's fallback, recorded as soon as the writer comes to it."""
        service = self._service
        try:
            named = self._named.decode(line)
        except msgspec.DecodeError as error:
            raise ProblemError(422, "invalid-event", str(error)) from None
        action, now = service.fallback, service.clock.now()
        service.meters.fallbacks.inc()
        row = (now, named.id, named.account, action, deadline)
        service.later(
            lambda connection: connection.execute(
                "INSERT INTO fallback (at, event, account, action, deadline_ms) VALUES (?, ?, ?, ?, ?)", row
            ),
            ("fallback", {"event": named.id, "account": named.account, "action": action, "deadline_ms": deadline}),
        )
        return self._encode(Fallback(named.id, named.account, named.time or written(now), action, (_LATE,)))


def _deadline(headers: intake.Headers) -> int | None:
    for name, value in headers:
        if name == b"x-decision-deadline-ms":
            found = whole(value, 60_000)
            if found is None:
                raise ProblemError(400, "invalid-request", "X-Decision-Deadline-Ms is a whole number from 1 to 60000")
            return found
    return None
