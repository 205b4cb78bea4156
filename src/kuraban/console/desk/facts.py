"""What one member's own events say: where he came from, with what, when, and what was done in the account.

Only the sessions that the alert is about count, or that acted in the ring's instrument or came from the spray's
network: what an owner does beside them says nothing of the thief.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kuraban import events
from kuraban.console.desk.members import RING, Group
from kuraban.events import Event
from kuraban.journal import alerts
from kuraban.journal.glances import Glances
from kuraban.journal.live import Live
from kuraban.reference.networks import Place

MOST_EVENTS = 48  # of one member, the newest
_BEFORE = 2 * 86_400_000_000  # how long before his alert a member's events are still of interest
_MOST_SEQS = 64


class Trade(NamedTuple):
    """A member's order in the ring's instrument. at: microseconds since 1970; amounts None where unknown."""

    at: int
    account: str
    side: str | None
    price: float | None
    notional: float | None


class Facts(NamedTuple):
    """updated: of the alert when this was read. values: (kind, value), value being text or, of networks, a number."""

    updated: int
    values: frozenset[tuple[str, str]]
    trades: tuple[Trade, ...]


class FactReader:
    """Reads members' facts out of the journal. zone: whose hours are meant."""

    def __init__(self, connection: sqlite3.Connection, live: Live, group: Group, zone: str):
        self._connection = connection
        self._live = live
        self._group = group
        self._zone = ZoneInfo(zone)
        self._events = Glances(connection)
        self._places: dict[str, Place | None] = {}

    def read(self, alert: int, account: str, updated: int, newest: int) -> Facts:
        """One member. newest: his newest event's number, -1 where he is not known."""
        since = alerts.get(self._connection, alert).opened - _BEFORE
        about = {seq for seq, _ in self._own(alerts.events_of(self._connection, alert, _MOST_SEQS), account, since)}
        chain = self._events.chain(max(about, default=newest), MOST_EVENTS)
        own = list(self._own(sorted(about.union(chain)), account, since))
        chosen = self._chosen(own, about)
        values = frozenset(value for event in chosen for value in self._values(event))
        trades = tuple(self._trade(event) for _, event in own if self._in_question(event))
        return Facts(updated, values, trades)

    def _own(self, seqs: Iterable[int], account: str, since: int) -> Iterator[tuple[int, Event]]:
        """Events by number; an alert is also about other accounts' acts, which are left out."""
        for seq in seqs:
            found = self._events.line(seq)
            if found is None or found[0] < since:
                continue
            try:
                event = events.decode(found[1])
            except events.EventError:
                continue
            if event.account == account:
                yield seq, event

    def _chosen(self, own: list[tuple[int, Event]], about: set[int]) -> list[Event]:
        sessions = {event.session for seq, event in own if seq in about or self._in_question(event)} - {None}
        return [event for seq, event in own if seq in about or event.session in sessions]

    def _in_question(self, event: Event) -> bool:
        """Whether an event is the group's by itself."""
        if self._group.kind == RING:
            order = event.order
            return event.type == "order.placed" and order is not None and order.instrument == self._group.key
        if event.type != "login.succeeded" or event.client is None or event.client.ip is None:
            return False
        place = self._place(event.client.ip)
        return place is not None and place.asn == (self._group.asn or 0)

    def _place(self, address: str) -> Place | None:
        if address not in self._places:
            try:
                self._places[address] = self._live.replay.networks.find(address)
            except ValueError:
                self._places[address] = None
        return self._places[address]

    def _values(self, event: Event) -> Iterator[tuple[str, str]]:
        client, order = event.client, event.order
        if client is not None:
            if client.ip is not None:
                yield "address", client.ip
                place = self._place(client.ip)
                if place is not None:
                    yield "network", f"{place.asn} {place.country} {place.flags}"
            if client.user_agent is not None:
                yield "software", client.user_agent
            if client.device is not None:
                yield "device", client.device
        if order is not None and order.instrument is not None and event.type == "order.placed":
            yield ("sold" if order.side == "sell" else "bought"), order.instrument
        if event.cash is not None and event.cash.destination is not None:
            yield "destination", event.cash.destination
        if event.setting is not None and event.setting.name is not None:
            yield "setting", event.setting.name
        if event.type == "login.succeeded":
            local = datetime.fromtimestamp(events.microseconds(event.time) / 1e6, UTC).astimezone(self._zone)
            yield "hour", f"{local.hour:02}"

    def _trade(self, event: Event) -> Trade:
        order = event.order or events.Order()
        return Trade(events.microseconds(event.time), event.account, order.side, order.price, order.notional)
