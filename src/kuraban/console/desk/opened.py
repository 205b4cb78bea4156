"""Events out of the journal as pages show them: read, with each decision opened into its evidence and costs."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from kuraban.decisions import Decision, taken_apart
from kuraban.events import Event
from kuraban.journal import store
from kuraban.journal.live import Live
from kuraban.reference.clients import UNKNOWN_NAME
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
class Origin:
    """Where an event came from. place: country, network and its kind, in words; software: browser and system."""

    ip: str
    place: tuple[str, str]
    software: str
    agent: str


@dataclass(frozen=True)
class Entry:
    """One event. received: microseconds since 1970. event: None where the line cannot be read as one any more.
    decided: the decisions it led to, each with its row. origin: None where it does not say."""

    seq: int
    received: int
    event: Event | None
    line: bytes
    decided: list[tuple[Decision, np.void]]
    origin: Origin | None

    @property
    def decisions(self) -> list[Decision]:
        """What was decided on the event, and because of it on others."""
        return [decision for decision, _ in self.decided]

    @property
    def others(self) -> list[Decision]:
        """What was decided on others because of the event."""
        return [decision for decision, _ in self.decided if decision.event is None]

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
            event, decided = _read(line), timeline.decided(live, block, index)
            found.append(Entry(seq, block.received, event, line, decided, _origin(live, event)))
    return found


def opened(live: Live, decision: Decision, row: np.void) -> Opened:
    """A decision taken apart."""
    parts = taken_apart(live.replay.writer, row)
    return Opened(decision, parts["prior"], parts["before"], parts["after"], parts["signals"], parts["costs"])


def _origin(live: Live, event: Event | None) -> Origin | None:
    if event is None or event.client is None:
        return None
    replay, client = live.replay, event.client
    place = ("", "")
    with contextlib.suppress(ValueError):  # what is no address has no place
        found = replay.networks.find(client.ip) if client.ip else None
        if found is not None:
            place = replay.writer.place(found.country, found.asn, found.flags)
    described = replay.clients.describe(client.user_agent)
    names = (replay.clients.browser_name(described.browser), replay.clients.os_name(described.os))
    software = " / ".join(name for name in names if name != UNKNOWN_NAME)
    return Origin(client.ip or "", place, software, client.user_agent or "")


def _read(line: bytes) -> Event | None:
    try:
        return _event.decode(line)
    except msgspec.DecodeError:
        return None
