"""Plays the world against the server: the days before in bulk, the days of the attack at accelerated time."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zlib import crc32

import msgspec

from kuraban.cli.demo.broker import Broker
from kuraban.cli.demo.connection import JSON, LINES, AnswerError, Connection
from kuraban.cli.demo.world import Moment, World, weights
from kuraban.core.layout import DECIDABLE
from kuraban.decisions import Decision

BULK = 4_000  # events of one request
WORKERS = 8  # connections: an account's events all go over the same one, so that their order holds
WAITING = 64  # events that may wait for each
THIEVES_SHARE = 0.4
HEARTBEAT_S = 0.25


@dataclass(slots=True)
class Played:
    """What was sent and answered. latencies: seconds of each decision asked for, as the broker sees it."""

    history: int = 0
    history_s: float = 0.0
    events: int = 0
    decisions: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """A quantile of the latencies in milliseconds; 0 where there are none."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


Noticed = Callable[[Moment, Decision], None]


class Player:
    """Sends a world. noticed: called with every decision that is answered; tick: with the simulated time, and how much
    of the demo's time has passed (0..1), several times a second."""

    def __init__(
        self, world: World, broker: Broker, port: int, noticed: Noticed, tick: Callable[[datetime, float], None]
    ) -> None:
        self._world, self._broker, self._noticed, self._tick = world, broker, noticed, tick
        self._connections = [Connection(port) for _ in range(WORKERS)]
        self._queues: list[asyncio.Queue[Moment | list[bytes] | None]] = [
            asyncio.Queue(WAITING) for _ in range(WORKERS)
        ]
        self._decode = msgspec.json.Decoder(Decision).decode
        self.played = Played()

    async def load(self, progress: Callable[[int, int], None]) -> None:
        """The days before, as fast as the server takes them. Raises `AnswerError`."""
        lines, begun = self._world.history, time.perf_counter()
        for at in range(0, len(lines), BULK):
            await self._send(self._connections[0], lines[at : at + BULK])
            progress(min(at + BULK, len(lines)), len(lines))
        self.played.history, self.played.history_s = len(lines), time.perf_counter() - begun
        self.played.events = 0

    async def play(self, seconds: float) -> None:
        """The days of the attack in about so many seconds, or as the server keeps up. Raises `AnswerError`."""
        begun = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(WORKERS):
                    group.create_task(self._work(number))
                await self._feed(begun, seconds)
                for queue in self._queues:
                    await queue.put(None)
        except ExceptionGroup as found:
            raise found.exceptions[0] from found
        self.played.seconds = time.perf_counter() - begun

    def close(self) -> None:
        """Let go of the connections."""
        for connection in self._connections:
            connection.close()

    async def _feed(self, begun: float, seconds: float) -> None:
        due, told = 0.0, 0.0
        moments = self._world.played
        for moment, weight in zip(moments, weights(moments, THIEVES_SHARE), strict=True):
            due += weight * seconds
            while (ahead := due - (time.perf_counter() - begun)) > 0.002:
                await asyncio.sleep(min(ahead, HEARTBEAT_S))
                self._tick(moment.time, due / seconds)
            if due - told > HEARTBEAT_S:
                told = due
                self._tick(moment.time, due / seconds)
            for account, lines in self._broker.calls(moment.time):
                await self._queue(account).put(lines)
            await self._queue(moment.account).put(moment)

    def _queue(self, account: str) -> "asyncio.Queue[Moment | list[bytes] | None]":
        return self._queues[crc32(account.encode()) % WORKERS]

    async def _work(self, number: int) -> None:
        queue, connection = self._queues[number], self._connections[number]
        waiting: list[bytes] = []
        while True:
            if queue.empty() and waiting:
                await self._send(connection, waiting)
                waiting = []
            item = await queue.get()
            if item is None:
                await self._send(connection, waiting)
                return
            if isinstance(item, list):
                waiting += item
            elif self._broker.happens(item):
                if item.kind not in DECIDABLE:
                    waiting.append(item.raw)
                    continue
                await self._send(connection, waiting)
                waiting = await self._ask(connection, item)

    async def _ask(self, connection: Connection, moment: Moment) -> list[bytes]:
        """Have one event decided upon and do what the decision says; what follows from it."""
        begun = time.perf_counter()
        status, body = await connection.post("/v1/decide", JSON, moment.raw)
        self.played.latencies.append(time.perf_counter() - begun)
        if status != 200:
            raise AnswerError.of(status, body)
        self.played.events += 1
        self.played.decisions += 1
        decision = self._decode(body)
        follows = self._broker.answered(moment, decision)
        self._noticed(moment, decision)
        return follows

    async def _send(self, connection: Connection, lines: list[bytes]) -> None:
        if not lines:
            return
        status, body = await connection.post("/v1/events", LINES, b"\n".join(lines))
        if status != 200:
            raise AnswerError.of(status, body)
        self.played.events += len(lines)
        found = msgspec.json.decode(body)
        if found["accepted"] != len(lines):
            self.played.refused += [str(reject) for reject in found["rejects"]] or ["duplicates"]
