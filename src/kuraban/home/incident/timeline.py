"""The timeline of an incident: facts of mails and exports as one list, the same event from two sources told once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from kuraban.home.eventwords import told_words
from kuraban.home.incident.model import Entry, Mine, Original
from kuraban.home.model import Certainty, Fact, Letter, Verdict, Words


def timeline(
    facts: Iterable[Fact],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    mine: Mapping[str, Mine] | None = None,
    told: Mapping[str, datetime] | None = None,
    why: Mapping[str, tuple[Words, ...]] | None = None,
    alert: Mapping[str, str] | None = None,
) -> tuple[Entry, ...]:
    """Entries in the order in which things happened.

    since, until: only what happened in between (aware, both inclusive); of something with a day only, the whole day
    counts. mine, told, why, alert: by event id, what the owner said, when he was alerted, what stands out in it, and
    the id of the alert it is part of.
    """
    entries: dict[str, Entry] = {}
    for fact in facts:
        entry = _entry(fact, mine or {}, told or {}, why or {}, alert or {})
        if since is not None and (entry.happened.date() < since.date() if entry.dated_only else entry.happened < since):
            continue
        if until is not None and entry.happened > until:
            continue
        held = entries.get(entry.event)
        entries[entry.event] = entry if held is None else _merged(held, entry)
    return in_order(entries.values())


def false_mails(
    letters: Iterable[Letter],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    accounts: Mapping[str, str] | None = None,
) -> tuple[Entry, ...]:
    """Entries for the forged and lookalike mails among some: how the secrets may have been lost.

    Only mails whose arrival in between is known; each with the reasons of its verdict. accounts: the owner's labels by
    broker key.
    """
    labels = accounts or {}
    entries = []
    for letter in letters:
        arrived = letter.received
        false = letter.authenticity.verdict in (Verdict.FORGED, Verdict.LOOKALIKE)
        if not false or arrived is None or (since and arrived < since) or (until and arrived > until):
            continue
        subject = " ".join(letter.subject.split())[:120]
        entries.append(
            Entry(
                happened=arrived,
                arrived=arrived,
                account=labels.get(letter.authenticity.broker or "", letter.authenticity.broker or "-"),
                what=Words(f"偽のメールが届いた: {subject}", f"a false mail arrived: {subject}"),
                event=letter.origin,
                kind="mail",
                sources=(letter.origin,),
                mine="no_act",
                verdict=str(letter.authenticity.verdict),
                why=tuple(why.words for why in letter.authenticity.why),
            )
        )
    return tuple(entries)


def original(letter: Letter, source: Path | bytes) -> Original:
    """The original of a mail for the package, with what was found out about it. source: its raw bytes or their path."""
    return Original(
        origin=letter.origin,
        source=source,
        received=letter.received,
        sender=letter.sender,
        subject=letter.subject,
        verdict=str(letter.authenticity.verdict),
        why=tuple(why.words for why in letter.authenticity.why),
    )


def in_order(*parts: Iterable[Entry]) -> tuple[Entry, ...]:
    """Several lists of entries as one, in the order in which things happened."""
    return tuple(
        sorted((one for part in parts for one in part), key=lambda one: (one.happened, one.arrived, one.event))
    )


def _entry(
    fact: Fact,
    mine: Mapping[str, Mine],
    told: Mapping[str, datetime],
    why: Mapping[str, tuple[Words, ...]],
    alert: Mapping[str, str],
) -> Entry:
    event = fact.event
    return Entry(
        happened=datetime.fromisoformat(event.time),
        arrived=fact.seen,
        account=event.account,
        what=fact.summary or told_words(event),
        event=event.id,
        kind=event.type,
        sources=(fact.origin,),
        dated_only=fact.dated_only,
        told=told.get(event.id),
        mine=mine.get(event.id, "unknown"),
        certain=fact.certainty is Certainty.CERTAIN,
        verdict=str(fact.authenticity.verdict) if fact.authenticity is not None else None,
        why=why.get(event.id, ()),
        alert=alert.get(event.id),
    )


def _merged(first: Entry, second: Entry) -> Entry:
    """The earlier of two readings of one event, with both sources."""
    early, late = sorted((first, second), key=lambda entry: entry.arrived)
    sources = tuple(dict.fromkeys((*early.sources, *late.sources)))
    values = {name: getattr(early, name) for name in Entry.__struct_fields__}
    return Entry(**{**values, "sources": sources})
