"""Events out of the journal as pages show them: read, with each decision opened into its evidence and costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

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
    prior: float
    before: float
    after: float
    signals: list[dict[str, Any]]
    costs: dict[str, float]


@dataclass(frozen=True)
class Entry:
    """One event. received: microseconds since 1970. event: None where the line cannot be read as one any more.
    decided: the decisions it led to, each with its row."""

    seq: int
    received: int
    event: Event | None
    line: bytes
    decided: list[tuple[Decision, np.void]]

    @property
    def decisions(self) -> list[Decision]:
        """What was decided on the event, and because of it on others."""
        return [decision for decision, _ in self.decided]

    @property
    def own(self) -> Decision | None:
        """The decision on the event itself."""
        return next((decision for decision, _ in self.decided if decision.event is not None), None)


def entries(live: Live, events: store.Events, seqs: Sequence[int]) -> list[Entry]:
    """Events with their decisions, in the order asked for; what is no longer kept is left out."""
    found = []
    for seq in seqs:
        place = events.find(seq)
        if place is not None:
            block, index = place
            line = block.lines[index]
            found.append(Entry(seq, block.received, _read(line), line, timeline.decided(live, block, index)))
    return found


def opened(live: Live, decision: Decision, row: np.void) -> Opened:
    """A decision taken apart."""
    parts = taken_apart(live.replay.writer, row)
    return Opened(decision, parts["prior"], parts["before"], parts["after"], parts["signals"], parts["costs"])


def _read(line: bytes) -> Event | None:
    try:
        return _event.decode(line)
    except msgspec.DecodeError:
        return None
