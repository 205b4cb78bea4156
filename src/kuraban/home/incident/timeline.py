"""The timeline of an incident: facts of mails and exports as one list, the same event from two sources told once."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kuraban.events import Event, microseconds
from kuraban.home.incident.model import Entry, Mine
from kuraban.home.model import Certainty, Fact, Words


def timeline(
    facts: Iterable[Fact],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    mine: Mapping[str, Mine] | None = None,
    told: Mapping[str, datetime] | None = None,
    why: Mapping[str, tuple[Words, ...]] | None = None,
) -> tuple[Entry, ...]:
    """Entries in the order in which things happened.

    since, until: only what happened in between (aware, both inclusive); of something with a day only, the whole day
    counts. mine, told, why: by event id, what the owner said, when he was alerted, and for which reasons.
    """
    entries: dict[str, Entry] = {}
    for fact in facts:
        entry = _entry(fact, mine or {}, told or {}, why or {})
        if since is not None and (entry.happened.date() < since.date() if entry.dated_only else entry.happened < since):
            continue
        if until is not None and entry.happened > until:
            continue
        held = entries.get(entry.event)
        entries[entry.event] = entry if held is None else _merged(held, entry)
    return tuple(sorted(entries.values(), key=lambda entry: (entry.happened, entry.arrived, entry.event)))


def _entry(
    fact: Fact, mine: Mapping[str, Mine], told: Mapping[str, datetime], why: Mapping[str, tuple[Words, ...]]
) -> Entry:
    event = fact.event
    return Entry(
        happened=datetime.fromisoformat(event.time),
        arrived=fact.seen,
        account=event.account,
        what=fact.summary or _said(event),
        event=event.id,
        kind=event.type,
        sources=(fact.origin,),
        dated_only=fact.dated_only,
        told=told.get(event.id),
        mine=mine.get(event.id, "unknown"),
        certain=fact.certainty is Certainty.CERTAIN,
        verdict=str(fact.authenticity.verdict) if fact.authenticity is not None else None,
        why=why.get(event.id, ()),
    )


def _merged(first: Entry, second: Entry) -> Entry:
    """The earlier of two readings of one event, with both sources."""
    early, late = sorted((first, second), key=lambda entry: entry.arrived)
    sources = tuple(dict.fromkeys((*early.sources, *late.sources)))
    values = {name: getattr(early, name) for name in Entry.__struct_fields__}
    return Entry(**{**values, "sources": sources})


def _said(event: Event) -> Words:
    """An event without words of its own: its type and what it is about."""
    about = ""
    if event.order is not None:
        about = " ".join(str(part) for part in (event.order.side, event.order.quantity, event.order.instrument) if part)
    elif event.cash is not None and event.cash.amount is not None:
        about = f"¥{event.cash.amount:,.0f}"
    elif event.setting is not None:
        about = " ".join(part for part in (event.setting.name, event.setting.to) if part)
    text = f"{event.type} {about}".strip()
    assert microseconds(event.time)
    return Words(text, text)
