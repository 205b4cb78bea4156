"""Events out of the journal with what was decided, for people to read and for callers who ask again."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from kuraban.decisions import Decision
from kuraban.journal import store
from kuraban.journal.blocks import Block
from kuraban.journal.live import Live
from kuraban.server import denials
from kuraban.server.api import TimelineItem
from kuraban.server.clock import written
from kuraban.server.service import Service


class _Named(msgspec.Struct):
    id: str
    account: str
    type: str
    time: str


_named = msgspec.json.Decoder(_Named)


class ReusedIdError(ValueError):
    """An id that another event had, of another account or kind: what was decided then says nothing about this one."""


def decisions_of(live: Live, block: Block, index: int) -> list[Decision]:
    """What was decided on an event, and because of it on others."""
    return [decision for decision, _ in decided(live, block, index)]


def decided(live: Live, block: Block, index: int) -> list[tuple[Decision, np.void]]:
    """The same with the row of each, whose codes have the names they have now."""
    rows = block.decided(index)
    named = _named.decode(block.lines[index]) if len(rows) else None
    return [_decision(live, block, row, named) for row in rows if named is not None]


def _decision(live: Live, block: Block, row: np.void, named: _Named) -> tuple[Decision, np.void]:
    renamed = live.renamed(block, row)
    event = named.id if row["row"] >= 0 else None
    found = live.replay.writer.decision(renamed, event, named.time)
    return msgspec.structs.replace(found, account=block.accounts[int(row["account"])]), renamed


async def decided_before(service: Service, seq: int, line: bytes) -> bytes | None:
    """The decision on the event that came first, of which `line` is a repeat: as JSON, None where it is not decided
    upon (or no longer kept). Raises `ReusedIdError`."""
    live = service.ready().live

    def look(connection: sqlite3.Connection) -> bytes | None:
        block = store.block_of(connection, seq)
        if block is None:
            return None
        index = seq - block.first
        first, again = _named.decode(block.lines[index]), _named.decode(line)
        if (first.account, first.type) != (again.account, again.type):
            raise ReusedIdError(first.id)
        rows = [row for row in block.decided(index) if row["row"] >= 0]
        return msgspec.json.encode(_decision(live, block, rows[0], first)[0]) if rows else None

    return await service.read(look)


def items(live: Live, connection: sqlite3.Connection, seqs: Sequence[int]) -> list[TimelineItem]:
    """Events with their decisions; what is no longer kept is left out."""
    events = store.Events(connection)
    found: list[Any] = []
    for seq in seqs:
        place = events.find(seq)
        if place is not None:
            block, index = place
            event = msgspec.Raw(block.lines[index])
            decided = decisions_of(live, block, index)
            lock = denials.of_event(connection, seq)
            found.append(TimelineItem(seq, written(block.received), event, [*decided, lock] if lock else decided))
    return found
