"""Messages to others: queued in the transaction that made them due, delivered after it, tried again until they arrive.

A message is made at most once (its key says what it is about) and delivered at least once; receivers tell repeats by
its id. After `MOST_TRIES` it is a dead letter, which can be sent again by hand. Every receiver has its own queue: one
that is down holds up nobody else.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from kuraban.core.policy import ACTIONS
from kuraban.journal import alerts
from kuraban.server import verdict_ids
from kuraban.server.meters import Meters
from kuraban.server.outputs import owners, signals
from kuraban.server.outputs.posting import PostError, post
from kuraban.server.outputs.settings import Outputs, Stream
from kuraban.server.outputs.signals import Told
from kuraban.server.outputs.signing import webhook_headers
from kuraban.server.verdict_ids import Verdict

if TYPE_CHECKING:
    from kuraban.server.notable import Notable
    from kuraban.server.service import Service

MOST_TRIES = 14  # the last about five hours after the first
_AT_ONCE = 50
_IDLE_S = 30.0
_PAUSE_S = 2.0


@dataclass(frozen=True)
class Due:
    """A message to deliver."""

    id: int
    target: str
    body: bytes
    tries: int


def waits(tries: int) -> float:
    """Seconds until the next try."""
    return float(min(3600, 2 * 2**tries))


class Outbox:
    """Queues and delivers. Queueing happens in the writer's thread, delivering in tasks of the event loop."""

    def __init__(self, outputs: Outputs, secret: bytes, meters: Meters):
        self.outputs = outputs
        self._secret = secret
        self._meters = meters
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bells: dict[str, asyncio.Event] = {}
        self._quiet = not (outputs.webhooks or outputs.streams or outputs.owners)
        self._fresh = False
        self._failing: dict[str, str] = {}  # receivers whose last message did not arrive, and why
        # Counted from nought, or what is counted first would be no rise to anybody who watches.
        targets = [each.name for each in outputs.webhooks] + [each.name for each in outputs.streams if each.url]
        for name in [*targets, *(["owner"] if outputs.owners is not None else [])]:
            for outcome in ("sent", "due", "dead"):
                meters.messages.labels(name, outcome)

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Before the first message of a run: see whether any is waiting, and load what delivering needs."""
        if self.outputs.owners is not None:
            owners.load_channels()
        (waiting,) = connection.execute("SELECT count(*) FROM message WHERE state = 'due'").fetchone()
        self._fresh = waiting > 0

    def note(self, connection: sqlite3.Connection, notable: "Notable", alert: int | None, at: int) -> None:
        """Queue what a decision above allow has to tell. Called in the writer's transaction."""
        if self._quiet:
            return
        decision = notable.decision
        action = ACTIONS.index(decision.action)
        key = f"{notable.seq}-{decision.event or decision.account}"
        for webhook in self.outputs.webhooks:
            if action >= webhook.least:
                body = b'{"type":"decision","alert":%s,"decision":%s}' % (msgspec.json.encode(alert), notable.raw)
                self._queue(connection, webhook.name, key, body, at)
        first = decision.reasons[0] if decision.reasons else None
        reason = (first.ja, first.en) if first else None
        for stream in self.outputs.streams:
            if action >= stream.least:
                by = signals.USER if notable.by_owner else signals.POLICY
                told = Told(decision.action, decision.account, at, at, reason, by)
                self._queue_tokens(connection, stream, told, key)
        if self.outputs.owners is not None and alert is not None and action >= self.outputs.owners.least:
            body = msgspec.json.encode(
                {"alert": alert, "account": decision.account, "decision": msgspec.Raw(notable.raw)}
            )
            # An owner is told once per alert and action, not once per order of a thief in a hurry.
            self._queue(connection, "owner", f"{alert}-{decision.action}", body, at)

    def verdict(
        self,
        connection: sqlite3.Connection,
        alert: alerts.Alert,
        who: str,
        at: int,
        ids: list[str] | None = None,
        *,
        by_owner: bool = False,
    ) -> bytes | None:
        """Queue what a verdict has to tell: the engine (as an event, which is returned), and everybody else.

        ids: of the alert's events, where they have been looked up already. None where the state is no verdict.
        """
        if alert.state not in alerts.VERDICTS or alert.act is None:
            return None
        ids = owners.event_ids(connection, alert.id) if ids is None else ids
        id = verdict_ids.written(self._secret, Verdict(alert.id, alert.act, by_owner))
        event = alerts.feedback(alert, id, ids, who, at)
        key = f"alert-{alert.id}-{alert.act}"
        self._queue(connection, "feedback", key, event, at)
        said = {"type": "verdict", "alert": alert.id, "account": alert.account, "verdict": alert.state}
        for webhook in self.outputs.webhooks:
            self._queue(connection, webhook.name, key, msgspec.json.encode(said), at)
        by = signals.USER if by_owner else signals.ADMIN
        for stream in self.outputs.streams:
            self._queue_tokens(connection, stream, Told(alert.state, alert.account, at, at, by=by), key)
        return event

    def reset(self, connection: sqlite3.Connection, account: str, seq: int, happened: int, at: int) -> None:
        """Queue that the broker replaced an account's credentials. Called in the writer's transaction."""
        for stream in self.outputs.streams:
            self._queue_tokens(
                connection, stream, Told("reset", account, at, happened, by=signals.ADMIN), f"{seq}-reset"
            )

    def _queue_tokens(self, connection: sqlite3.Connection, stream: Stream, told: Told, key: str) -> None:
        state = "due" if stream.url is not None else "poll"
        for number, made in signals.tokens(stream, told, f"{stream.name}-{key}"):
            self._queue(connection, stream.name, number, made.encode(), told.at, state)

    def _queue(
        self, connection: sqlite3.Connection, target: str, key: str, body: bytes, at: int, state: str = "due"
    ) -> None:
        connection.execute(
            "INSERT OR IGNORE INTO message (target, key, made, body, state, tries, due, problem)"
            " VALUES (?, ?, ?, ?, ?, 0, 0, '')",
            (target, key, at, body, state),
        )
        self._fresh = True

    def ring(self) -> None:
        """Something may have been queued and is durable now. Called from any thread."""
        if self._fresh and self._loop is not None:
            self._fresh = False
            self._loop.call_soon_threadsafe(self._ring_all)

    def ring_now(self) -> None:
        """Look at once. Called in the event loop."""
        self._ring_all()

    def _ring_all(self) -> None:
        for bell in self._bells.values():
            bell.set()

    async def run(self, service: "Service") -> None:
        """Deliver until cancelled."""
        self._loop = asyncio.get_running_loop()
        targets = {"feedback": self._feedback}
        targets |= {webhook.name: self._webhook for webhook in self.outputs.webhooks}
        targets |= {stream.name: self._push for stream in self.outputs.streams if stream.url is not None}
        if self.outputs.owners is not None:
            targets["owner"] = self._owner
        self._bells = {name: asyncio.Event() for name in targets}
        await asyncio.gather(*(self._deliver_all(service, name, send) for name, send in targets.items()))

    async def _deliver_all(self, service: "Service", target: str, send: Callable[..., Any]) -> None:
        bell = self._bells[target]
        while True:
            bell.clear()
            try:
                due = await self._round(service, target, send)
            except Exception as error:
                # The desk accepts nothing just now, or a receiver found a new way to fail: what is due stays due.
                service.log.write("delivery-put-off", target=target, kind=type(error).__name__)
                await asyncio.sleep(_PAUSE_S)
                continue
            if len(due) < _AT_ONCE:
                try:
                    await asyncio.wait_for(bell.wait(), min(_IDLE_S, waits(0)) if due else _IDLE_S)
                except TimeoutError:
                    continue

    async def _round(self, service: "Service", target: str, send: Callable[..., Any]) -> list[Due]:
        if service.stopped_by is not None:
            return []
        due = await service.read(lambda connection: _due(connection, target))
        for message in due:
            await self._deliver(service, message, send)
        return due

    async def _deliver(self, service: "Service", message: Due, send: Callable[..., Any]) -> None:
        problem, now = "", time.time()
        try:
            await send(service, message)
        except PostError as error:
            problem = str(error)
        state = "sent" if not problem else "dead" if message.tries + 1 >= MOST_TRIES else "due"
        due = int((now + waits(message.tries)) * 1e6)
        self._meters.messages.labels(message.target, state if problem else "sent").inc()
        self._note(service, message.target, problem)
        row = (state, message.tries + 1, due, problem, message.id)
        await service.write(
            lambda connection: (
                connection.execute("UPDATE message SET state = ?, tries = ?, due = ?, problem = ? WHERE id = ?", row)
                and None
            )
        )

    def _note(self, service: "Service", target: str, problem: str) -> None:
        """One that works says nothing about another that does not."""
        if problem:
            self._failing[target] = problem
        else:
            self._failing.pop(target, None)
        said = "; ".join(f"{name}: {why}" for name, why in self._failing.items())
        service.condition("outputs_failing", bool(self._failing), said)

    async def _webhook(self, service: "Service", message: Due) -> None:
        webhook = next(each for each in self.outputs.webhooks if each.name == message.target)
        headers = webhook_headers(webhook.secret, f"msg_{message.id}", int(time.time()), message.body)
        await asyncio.to_thread(post, webhook.url, message.body, headers)

    async def _push(self, service: "Service", message: Due) -> None:
        stream = next(each for each in self.outputs.streams if each.name == message.target)
        headers = {"content-type": "application/secevent+jwt", "accept": "application/json"}
        if stream.bearer is not None:
            headers["authorization"] = f"Bearer {stream.bearer}"
        await asyncio.to_thread(post, str(stream.url), message.body, headers)

    async def _feedback(self, service: "Service", message: Due) -> None:
        await service.decide([message.body], False)

    async def _owner(self, service: "Service", message: Due) -> None:
        told = msgspec.json.decode(message.body)
        urls = await service.read(
            lambda connection: owners.reached_by(connection, told["account"], service.clock.now())
        )
        await owners.tell(self.outputs, self._secret, told, urls)


def _due(connection: sqlite3.Connection, target: str) -> list[Due]:
    rows = connection.execute(
        "SELECT id, target, body, tries FROM message WHERE target = ? AND state = 'due' AND due <= ?"
        " ORDER BY id LIMIT ?",
        (target, int(time.time() * 1e6), _AT_ONCE),
    )
    return [Due(*row) for row in rows]


def send_again(connection: sqlite3.Connection, message: int) -> bool:
    """Make a dead (or delivered) message due again; False where there is none."""
    cursor = connection.execute(
        "UPDATE message SET state = 'due', tries = 0, due = 0 WHERE id = ? AND state IN ('dead', 'sent')", (message,)
    )
    return cursor.rowcount == 1
