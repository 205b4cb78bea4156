"""Messages to others: queued in the transaction that made them due, delivered after it (see `delivery`).

A message is made at most once (its key says what it is about) and delivered at least once; receivers tell repeats by
its id.
"""

import asyncio
import contextlib
import sqlite3
from typing import TYPE_CHECKING

import msgspec

from kuraban.core.policy import ACTIONS
from kuraban.journal import alerts
from kuraban.server import verdict_ids
from kuraban.server.meters import Meters
from kuraban.server.outputs import owners, signals
from kuraban.server.outputs.delivery import FEEDBACK, OWNER, Deliveries, targets
from kuraban.server.outputs.settings import Outputs, Stream
from kuraban.server.outputs.signals import Told
from kuraban.server.verdict_ids import Verdict

if TYPE_CHECKING:
    from kuraban.server.notable import Notable
    from kuraban.server.service import Service


class Outbox:
    """Queues and delivers. Queueing happens in the writer's thread, delivering in tasks of the event loop."""

    def __init__(self, outputs: Outputs, secret: bytes, meters: Meters):
        self.outputs = outputs
        self._secret = secret
        self._loop: asyncio.AbstractEventLoop | None = None
        self._quiet = not (outputs.webhooks or outputs.streams or outputs.owners)
        self._fresh: set[str] = set()  # targets with something new
        self._deliveries = Deliveries(outputs, secret, meters, self.queue)
        # Counted from nought, or what is counted first would be no rise to anybody who watches.
        for name in targets(outputs):
            for outcome in ("sent", "due", "dead"):
                meters.messages.labels(name, outcome)

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
                self.queue(connection, webhook.name, key, body, at)
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
            self.queue(connection, OWNER, f"{alert}-{decision.action}", body, at)

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
        self.queue(connection, FEEDBACK, key, event, at)
        said = {"type": "verdict", "alert": alert.id, "account": alert.account, "verdict": alert.state}
        for webhook in self.outputs.webhooks:
            self.queue(connection, webhook.name, key, msgspec.json.encode(said), at)
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
            self.queue(connection, stream.name, number, made.encode(), told.at, state)

    def queue(
        self,
        connection: sqlite3.Connection,
        target: str,
        key: str,
        body: bytes,
        at: int,
        state: str = "due",
        problem: str = "",
        due: int = 0,
    ) -> None:
        """Put a message in, unless one with this key was. Called in the writer's transaction. due: 0 is at once."""
        connection.execute(
            "INSERT OR IGNORE INTO message (target, key, made, body, state, tries, due, problem)"
            " VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
            (target, key, at, body, state, due, problem),
        )
        self._fresh.add(target)

    def ring(self) -> None:
        """Something may have been queued and is durable now. Called from any thread."""
        fresh, loop = tuple(self._fresh), self._loop
        if fresh and loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(self._deliveries.wake, fresh)

    def settled(self) -> None:
        """All that was queued is durable now. Called in the writer's thread, where nothing is queued meanwhile."""
        self.ring()
        self._fresh.clear()

    def ring_now(self) -> None:
        """Look at once. Called in the event loop."""
        self._deliveries.wake_all()

    async def run(self, service: "Service") -> None:
        """Deliver until cancelled."""
        self._loop = asyncio.get_running_loop()
        await self._deliveries.run(service)
