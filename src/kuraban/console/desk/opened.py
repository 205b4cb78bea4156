"""Events out of the journal as pages show them: read, with each decision opened into its evidence and costs."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from kuraban.decisions import Decision, taken_apart
from kuraban.events import Event
from kuraban.journal import store
from kuraban.journal.live import Live
from kuraban.server import timeline

_event = msgspec.json.Decoder(Event)


@dataclass(frozen=True)
class Opened:
    """A decision. before, after, prior: log-odds of the session. costs: of each action, in the order of `ACTIONS`.
    signals: every piece of evidence as `taken_apart` gives it, heaviest first."""

    decision: Decision
    time: str
    prior: float
    before: float
    after: float
    signals: list[dict[str, Any]]
    costs: dict[str, float]


@dataclass(frozen=True)
class Entry:
    """One event. received: microseconds since 1970. event: None where the line cannot be read as one any more."""

    seq: int
    received: int
    event: Event | None
    line: bytes
    decisions: list[Opened]

    @property
    def own(self) -> Opened | None:
        """The decision on the event itself."""
        return next((one for one in self.decisions if one.decision.event is not None), None)


def entries(live: Live, connection: sqlite3.Connection, seqs: Sequence[int]) -> list[Entry]:
    """Events with their decisions, in the order asked for; what is no longer kept is left out."""
    events = store.Events(connection)
    found = []
    for seq in seqs:
        place = events.find(seq)
        if place is not None:
            block, index = place
            decided = [_opened(live, *each) for each in timeline.decided(live, block, index)]
            found.append(Entry(seq, block.received, _read(block.lines[index]), block.lines[index], decided))
    return found


def _opened(live: Live, decision: Decision, row: Any) -> Opened:
    parts = taken_apart(live.replay.writer, row)
    return Opened(
        decision, decision.time, parts["prior"], parts["before"], parts["after"], parts["signals"], parts["costs"]
    )


def _read(line: bytes) -> Event | None:
    try:
        return _event.decode(line)
    except msgspec.DecodeError:
        return None
