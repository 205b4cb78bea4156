"""Since when, and by how many sessions, an account uses what it is known by, and which of that its owner denied.

The engine keeps how much a habit weighs, not where it came from. That is read from the account's newest events: lines,
addresses, software and devices with the sessions they were seen in, and the sessions that `owner.denied` names.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from kuraban import events
from kuraban.events import Event
from kuraban.journal.glances import Glances
from kuraban.journal.live import Live

MOST = 240  # events of the account that are read
_DAY = 86_400_000_000


@dataclass
class Seen:
    """Where one thing was seen. first: microseconds since 1970. sessions, denied: how many, and how many of them the
    owner has said are not his."""

    first: int
    sessions: int
    denied: int


@dataclass
class Provenance:
    """What the newest events tell of networks (by AS number), addresses, software and devices. whole: these are all
    events that the account ever had."""

    whole: bool
    systems: dict[int, Seen] = field(default_factory=dict)
    addresses: dict[str, Seen] = field(default_factory=dict)
    agents: dict[str, Seen] = field(default_factory=dict)
    devices: dict[str, Seen] = field(default_factory=dict)

    @property
    def denied(self) -> bool:
        """Whether anything of a denied session was found."""
        return any(seen.denied for seen in self.systems.values())


def provenance(live: Live, connection: sqlite3.Connection, newest: int) -> Provenance:
    """Of the account whose newest event has that number. Raises `JournalError` `damaged`."""
    glances = Glances(connection)
    chain = glances.chain(newest, MOST + 1)
    found = []
    for seq in reversed(chain[:MOST]):
        line = glances.line(seq)
        if line is not None:
            try:
                found.append(events.decode(line[1]))
            except events.EventError:
                continue
    return of_events(live, found, whole=len(chain) <= MOST)


def of_events(live: Live, found: Sequence[Event], *, whole: bool) -> Provenance:
    """The same of events at hand, oldest first."""
    told = Provenance(whole)
    denied = _denied(found)
    places: dict[str, int] = {}
    sessions: dict[tuple[str, int | str], set[str]] = {}
    for event in found:
        client = event.client
        if client is None:
            continue
        name, at = _session(event), events.microseconds(event.time)
        things: list[tuple[str, int | str]] = []
        if client.ip is not None:
            if client.ip not in places:
                places[client.ip] = _system(live, client.ip)
            things += [("systems", places[client.ip]), ("addresses", client.ip)]
        things += [("agents", client.user_agent)] if client.user_agent else []
        things += [("devices", client.device)] if client.device else []
        for kind, value in things:
            table = getattr(told, kind)
            seen = table.setdefault(value, Seen(at, 0, 0))
            known = sessions.setdefault((kind, value), set())
            if name not in known:
                known.add(name)
                seen.sessions += 1
                seen.denied += name in denied
    return told


def _denied(found: Sequence[Event]) -> set[str]:
    """The sessions that the owner denied: named by the denial, or by one of their events."""
    sessions = {event.id: _session(event) for event in found}
    denied = [event for event in found if event.type == "owner.denied"]
    named = {_session(event) for event in denied if event.session is not None}
    return named.union(sessions[each] for event in denied for each in event.about or () if each in sessions)


def _session(event: Event) -> str:
    """The event's session; where the broker gives none, its address and day stand for it."""
    if event.session is not None:
        return f"s{event.session}"
    address = event.client.ip if event.client is not None else ""
    return f"-{address} {events.microseconds(event.time) // _DAY}"


def _system(live: Live, address: str) -> int:
    try:
        return live.replay.networks.find(address).asn
    except ValueError:
        return 0
