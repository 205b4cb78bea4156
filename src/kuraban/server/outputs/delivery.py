"""Delivers what is queued: every receiver, and every kind of owners' channel, has a queue of its own (a lane), so that
one that is down or slow holds up nobody else.

A message is tried until it arrives: after two seconds, four, eight … an hour, then hourly until `MOST_TRIES`, which is
three days: a receiver that fails on a Friday evening has everything on Monday. After that it is a dead letter. Once one
arrives after many that did not, the others are tried at once.
"""

import asyncio
import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kuraban.server.meters import Meters
from kuraban.server.outputs import channels, owners
from kuraban.server.outputs.posting import PostError, posted
from kuraban.server.outputs.settings import Outputs, Stream, Webhook
from kuraban.server.outputs.signing import webhook_headers
from kuraban.server.outputs.telling import Teller, TellerGoneError

if TYPE_CHECKING:
    from kuraban.server.service import Service

MOST_TRIES = 83  # the last three days after the first
OWNER = "owner"  # what an owner has to be told, before it is a message for each of his channels
FEEDBACK = "feedback"
_AT_ONCE = 8  # notices of one kind of channel under way together
_IDLE_S = 30.0
_PAUSE_S = 2.0
_MANY = 3  # messages that fail, one after the other: less may be theirs, a channel of one owner that is out of order


class Due(NamedTuple):
    """A message to deliver."""

    id: int
    target: str
    key: str
    body: bytes
    tries: int


Send = Callable[["Service", Due], Awaitable[object]]
Queue = Callable[..., object]


class Lane:
    """The queue of one target. at_once: messages under way together. failing: lately failed, none delivered since."""

    def __init__(self, target: str, send: Send, at_once: int = 1):
        self.target = target
        self.send = send
        self.at_once = at_once
        self.bell = asyncio.Event()
        self.under_way: dict[int, asyncio.Task[None]] = {}
        self.failing: set[int] = set()


def waits(tries: int) -> float:
    """Seconds until the next try."""
    return float(min(3600, 2 * 2 ** min(tries, 16)))


def lane_of(kind: str) -> str:
    """The target of notices by one kind of channel."""
    return f"{OWNER}/{kind}"


def webhook_id(message: Due) -> str:
    """By which a receiver tells repeats. It comes from what the message is about: numbers of rows are given out again
    after old messages have gone, and a receiver would take a new one for a repeat."""
    return f"msg_{hashlib.sha256(f'{message.target} {message.key}'.encode()).hexdigest()[:24]}"


def targets(outputs: Outputs) -> list[str]:
    """Everything that messages are delivered to."""
    found = [each.name for each in outputs.webhooks] + [each.name for each in outputs.streams if each.url]
    return [*found, *([OWNER, *map(lane_of, channels.KINDS)] if outputs.owners is not None else [])]


class Deliveries:
    """All lanes. queue: puts a message in, inside a transaction (see `Outbox.queue`). In the event loop only."""

    def __init__(self, outputs: Outputs, secret: bytes, meters: Meters, queue: Queue):
        self._outputs = outputs
        self._secret = secret
        self._meters = meters
        self._queue = queue
        self._lanes: dict[str, Lane] = {}
        self._teller = Teller(outputs.owners.internal_hosts if outputs.owners is not None else frozenset())
        self._failing: dict[str, str] = {}

    def wake(self, names: Iterable[str]) -> None:
        """Something is due."""
        for name in names:
            if name in self._lanes:
                self._lanes[name].bell.set()

    def wake_all(self) -> None:
        """Something may be due anywhere."""
        self.wake(self._lanes)

    async def run(self, service: "Service") -> None:
        """Deliver until cancelled. What is under way then is due again."""
        lanes = [Lane(FEEDBACK, self._feedback)]
        lanes += [Lane(each.name, self._webhook(each)) for each in self._outputs.webhooks]
        lanes += [Lane(each.name, self._push(each)) for each in self._outputs.streams if each.url is not None]
        if self._outputs.owners is not None:
            lanes += [
                Lane(OWNER, self._spread),
                *(Lane(lane_of(kind), self._tell, _AT_ONCE) for kind in channels.KINDS),
            ]
        self._lanes = {lane.target: lane for lane in lanes}
        try:
            if self._outputs.owners is not None:
                await self._teller.start()
            await asyncio.gather(*(self._work(service, lane) for lane in lanes))
        finally:
            under_way = [task for lane in lanes for task in lane.under_way.values()]
            for task in under_way:
                task.cancel()
            self._teller.close()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _work(self, service: "Service", lane: Lane) -> None:
        while True:
            lane.bell.clear()
            wait = _IDLE_S
            try:
                if service.stopped_by is None and len(lane.under_way) < lane.at_once:
                    wait = await self._begin(service, lane)
            except Exception as error:  # a busy disk, a stop: what is due stays due
                service.log.write("delivery-put-off", target=lane.target, kind=type(error).__name__)
                wait = _PAUSE_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(lane.bell.wait(), wait)

    async def _begin(self, service: "Service", lane: Lane) -> float:
        """Begin with what is due, as far as there is room; seconds until there may be more."""
        busy = tuple(lane.under_way)
        due, after = await service.read(lambda connection: _due(connection, lane.target, busy, lane.at_once))
        for message in due[: lane.at_once - len(lane.under_way)]:
            task = asyncio.create_task(self._deliver(service, lane, message))
            lane.under_way[message.id] = task
            task.add_done_callback(partial(_ended, lane, message.id))
        return min(_IDLE_S, max(0.0, after))

    async def _deliver(self, service: "Service", lane: Lane, message: Due) -> None:
        try:
            problem = await _tried(service, lane, message)
            state = _state(message, problem)
            self._meters.messages.labels(lane.target, state).inc()
            recovered = not problem and len(lane.failing) >= _MANY
            self._note(service, lane, message.id, str(problem or ""))
            await service.write(partial(_settle, message=message, state=state, problem=str(problem or "")))
            if recovered:  # what waits for its hour need not wait any longer
                await service.write(partial(_hasten, target=lane.target))
                lane.bell.set()
        except Exception as error:
            # The desk accepts nothing just now, or a receiver found a new way to fail: what is due stays due.
            service.log.write("delivery-put-off", target=lane.target, kind=type(error).__name__)
            if isinstance(error, TellerGoneError):
                self._note(service, lane, message.id, "the process that hands notices over ended", least=1)
            await asyncio.sleep(_PAUSE_S)

    def _note(self, service: "Service", lane: Lane, message: int, problem: str, least: int | None = None) -> None:
        """Note an outcome. What fails for so many messages (least), with nothing delivered since, is a condition."""
        if not problem:
            lane.failing.clear()
        elif len(lane.failing) < _MANY:
            lane.failing.add(message)
        self._failing.pop(lane.target, None)
        if lane.failing and len(lane.failing) >= (least or (_MANY if lane.at_once > 1 else 1)):
            self._failing[lane.target] = problem
        words = "; ".join(f"{target}: {why}" for target, why in self._failing.items())
        service.condition("outputs_failing", bool(self._failing), words)

    def _webhook(self, webhook: Webhook) -> Send:
        async def send(service: "Service", message: Due) -> None:
            headers = webhook_headers(webhook.secret, webhook_id(message), int(time.time()), message.body)
            await posted(webhook.url, message.body, headers)

        return send

    def _push(self, stream: Stream) -> Send:
        headers = {"content-type": "application/secevent+jwt", "accept": "application/json"}
        if stream.bearer is not None:
            headers["authorization"] = f"Bearer {stream.bearer}"

        async def send(service: "Service", message: Due) -> None:
            await posted(str(stream.url), message.body, headers)

        return send

    async def _feedback(self, service: "Service", message: Due) -> None:
        outcome = await service.decide([message.body], False)
        if outcome.rejects:
            raise PostError(f"{outcome.rejects[0].code}: {outcome.rejects[0].reason}")

    async def _spread(self, service: "Service", message: Due) -> None:
        """Make a message for each address of an owner: each is tried, counted and given up by itself."""
        told, now = msgspec.json.decode(message.body), service.clock.now()

        def job(connection: sqlite3.Connection) -> None:
            for url, lately in owners.told_at(connection, told["account"], now):
                kind, mark = channels.kind_of(url), owners.mark_of_address(url)
                body = msgspec.json.encode({**told, "contact": mark})
                if kind is None:
                    why = "the address is not accepted any more: it is of no known channel"
                    self._queue(connection, OWNER, f"{message.key}-{mark}", body, now, "dead", why)
                else:
                    # What is due longest goes first: addresses that a thief has just entered, and that may hang, wait
                    # behind those that owners have had.
                    self._queue(connection, lane_of(kind), f"{message.key}-{mark}", body, now, due=int(lately))

        await service.write(job)
        service.outbox.ring()

    async def _tell(self, service: "Service", message: Due) -> None:
        told, now = msgspec.json.decode(message.body), service.clock.now()
        url = await service.read(lambda connection: owners.address(connection, told["account"], told["contact"], now))
        if url is None:
            raise PostError("the owner is not told at this address any more", final=True)
        kind = message.target.partition("/")[2]
        title, body = owners.notice(self._outputs, self._secret, told, kind)
        await self._teller.tell(url, kind, title, body)


async def _tried(service: "Service", lane: Lane, message: Due) -> PostError | None:
    try:
        await lane.send(service, message)
    except PostError as error:
        return error
    return None


def _ended(lane: Lane, number: int, _: "asyncio.Task[None]") -> None:
    del lane.under_way[number]
    lane.bell.set()


def _due(connection: sqlite3.Connection, target: str, busy: tuple[int, ...], most: int) -> tuple[list[Due], float]:
    """What is due, what was never tried first; seconds until there will be more."""
    now = int(time.time() * 1e6)
    marks = ",".join("?" * len(busy))
    rows = connection.execute(
        "SELECT id, target, key, body, tries, due FROM message WHERE target = ? AND state = 'due'"  # noqa: S608
        f" AND id NOT IN ({marks}) ORDER BY due, id LIMIT ?",
        (target, *busy, most + 1),
    ).fetchall()
    due = [Due(*row[:5]) for row in rows if row[5] <= now]
    later = [row[5] for row in rows if row[5] > now]
    return due, (later[0] - now) / 1e6 if later else _IDLE_S


def _hasten(connection: sqlite3.Connection, target: str) -> None:
    connection.execute("UPDATE message SET due = 0 WHERE target = ? AND state = 'due' AND due > 0", (target,))


def _state(message: Due, problem: PostError | None) -> str:
    if problem is None:
        return "sent"
    return "dead" if problem.final or message.tries + 1 >= MOST_TRIES else "due"


def _settle(connection: sqlite3.Connection, message: Due, state: str, problem: str) -> None:
    due = int((time.time() + waits(message.tries)) * 1e6)
    connection.execute(
        "UPDATE message SET state = ?, tries = ?, due = ?, problem = ? WHERE id = ? AND state = 'due'",
        (state, message.tries + 1, due, problem, message.id),
    )
