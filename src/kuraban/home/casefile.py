"""What an evidence package needs, gathered: the timeline with what was known when, and the originals where they lie."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from kuraban.home import boxes, incident
from kuraban.home.acts import time_of
from kuraban.home.checking import mails_of
from kuraban.home.config import Config, Mailbox
from kuraban.home.hardening import Done
from kuraban.home.incident import Action, Evidence, Original
from kuraban.home.incident.model import Mine, Raised
from kuraban.home.mail.sources import imap
from kuraban.home.mail.sources.imap import Position
from kuraban.home.mail.sources.model import RawMail
from kuraban.home.model import Letter, Words
from kuraban.home.store import Store


def gather(
    store: Store,
    config: Config,
    since: datetime,
    until: datetime,
    now: datetime,
    actions: tuple[Action, ...] = (),
    hardening: tuple[Done, ...] = (),
) -> Evidence:
    """Everything between two times: events, mails of brokers (forged ones too), exports, alerts and answers."""
    facts = [fact for fact in store.facts() if since <= time_of(fact) <= until or fact.dated_only]
    told, why, of = _alerted(store)
    mine = _said(store)
    events = incident.timeline(facts, since=since, until=until, mine=mine, told=told, why=why, alert=of)
    letters = [letter for letter in store.letters(brokers_only=True) if since <= (_when(letter) or since) <= until]
    entries = incident.in_order(events, incident.false_mails(letters, since=since, until=until, accounts=config.labels))
    originals = dict(_originals(store, config, {letter.origin: letter for letter in letters}))
    missing = [
        Words(
            f"元のメールが見つかりません: {letter.subject[:60]}({letter.place})",
            f"the original mail was not found: {letter.subject[:60]} ({letter.place})",
        )
        for letter in letters
        if letter.origin not in originals
    ]
    exports = [
        Original(origin=place, source=Path(place), kind="export", expected=digest)
        for digest, place in store.export_files()
        if Path(place).is_file()
    ]
    return Evidence(
        made=now,
        accounts=tuple(dict.fromkeys(entry.account for entry in events)),
        entries=entries,
        alerts=tuple(_raised(store, {entry.alert for entry in entries}, mine)),
        originals=(*originals.values(), *exports),
        actions=actions,
        hardening=hardening,
        missing=tuple(missing),
    )


def _when(letter: Letter) -> datetime | None:
    return letter.received or letter.sent


def _said(store: Store) -> dict[str, Mine]:
    """What the owner said, by event; the latest answer counts."""
    found: dict[str, Mine] = {}
    for answer in store.answers():
        for event in answer.about:
            found[event] = "mine" if answer.mine else "not_mine"
    return found


def _alerted(store: Store) -> tuple[dict[str, datetime], dict[str, tuple[Words, ...]], dict[str, str]]:
    """When the owner was told of an event, what stands out in it, and of which alert it is part."""
    told: dict[str, datetime] = {}
    why: dict[str, tuple[Words, ...]] = {}
    of: dict[str, str] = {}
    for alert in store.alerts():
        for event in alert.finding.about:
            if not alert.quiet:
                told.setdefault(event, alert.raised)
            of.setdefault(event, alert.finding.id)
        for act in alert.finding.acts:
            for event in act.about:
                why.setdefault(event, act.why)
    return told, why, of


def _raised(store: Store, ids: Collection[str | None], mine: Mapping[str, Mine]) -> Iterator[Raised]:
    """The alerts themselves, each once: what was told, with its reasons as a whole."""
    for alert in store.alerts():
        finding = alert.finding
        if finding.id in ids:
            said = [mine[event] for event in finding.about if event in mine]
            yield Raised(
                id=finding.id,
                account=finding.account or "",
                sentence=finding.sentence,
                told=None if alert.quiet else alert.raised,
                mine=said[-1] if said else "unknown",
                why=finding.details,
            )


def _originals(store: Store, config: Config, wanted: dict[str, Letter]) -> Iterator[tuple[str, Original]]:
    """The raw mails, from the mailboxes where they were read; each is what was read only if its hash is the same."""
    left = dict(wanted)
    for box in config.mailbox:
        if not left:
            return
        for item in _again(store, box, left):
            origin = f"mail:{hashlib.sha256(item.raw).hexdigest()}"
            letter = left.pop(origin, None)
            if letter is not None:
                yield origin, incident.original(letter, item.raw)


def _again(store: Store, box: Mailbox, wanted: dict[str, Letter]) -> Iterator[RawMail]:
    if box.kind != "imap":
        if box.path is not None:
            for found in mails_of(Path(box.path).expanduser()):
                if isinstance(found, RawMail):
                    yield found
        return
    point = store.resume_point(box.name, box.folder)
    places = [letter.place for letter in wanted.values() if letter.place.startswith("imap:")]
    numbers = {place.rpartition(":")[2] for place in places}
    with suppress(imap.MailboxError), imap.Mailbox(boxes.server_of(box)) as mailbox:
        for uid in sorted(int(number) for number in numbers if number.isdigit()):
            at = Position(box.folder, point[0] if point else 0, uid - 1)
            arrived = next(mailbox.since(box.folder, at), None)
            if arrived is not None and isinstance(arrived.item, RawMail):
                yield arrived.item
