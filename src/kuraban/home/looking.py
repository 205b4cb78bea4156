"""One look at all that is known and what it raises: the watch has it at every change, the pages after a new plan."""

from datetime import datetime, timedelta

import msgspec

from kuraban.home import boxes, intake
from kuraban.home.config import Config
from kuraban.home.findings import Kind, Level
from kuraban.home.plan import Plan
from kuraban.home.review import RECOMPUTED, Known, Review, review
from kuraban.home.store import Store

OLD = timedelta(days=3)  # older than this when the watch began: history, asked about in `status`, not by alert
ALIVE = timedelta(hours=1)  # a watch that was heard of since then is reading what comes
PLANNED = frozenset({Kind.ACTS, Kind.WITHDRAWAL, Kind.SETTINGS})


def known(store: Store, config: Config, plan: Plan, now: datetime, *, reading: bool) -> Known:
    """All that the store knows. reading: whether every mailbox can be read just now."""
    return Known(
        facts=store.facts(),
        letters=list(store.letters(brokers_only=True)),
        periods=store.periods(),
        exports=store.exported_on(),
        answers=store.answers(),
        plan=plan,
        labels=config.labels,
        until=now if reading and config.mailbox else intake.mail_known_until(store, now),
    )


def looked(store: Store, found: Review, now: datetime) -> None:
    """Raise what a review found, and settle what is over."""
    began = store.time_note("watch.began") or now
    current = {finding.id for finding in found.findings}
    with store.transaction():
        for finding in found.findings:
            if finding.level is not Level.INFO:
                store.raise_alert(finding, now, quiet=finding.last < began - OLD)
        for one in store.alerts(only_open=True):
            if one.finding.kind in RECOMPUTED and one.finding.id not in current:  # the late notice came
                store.settle(one.finding.id, now)
        store.set_note("watch.looked", now.isoformat())
        store.set_note("watch.untold", msgspec.json.encode(found.untold).decode())


def replanned(store: Store, config: Config, before: Plan, after: Plan, now: datetime) -> int:
    """The owner has changed his plan: look again at once. How many questions the new plan has answered.

    Only questions that the old plan left and the new one does not; an alarm waits for its own answer. Nothing is done
    before the first look of the watch, which alone knows when the mails have all been read.
    """
    if store.note("watch.looked") is None:
        return 0
    beat = store.time_note("watch.beat")
    alive = beat is not None and now - beat <= ALIVE
    reading = alive and all(boxes.state(store, box.name).failing is None for box in config.mailbox)
    old = review(known(store, config, before, now, reading=reading))
    new = review(known(store, config, after, now, reading=reading))
    looked(store, new, now)
    asked, still = _asked(old), _asked(new)
    answered = [
        alert.finding.id
        for alert in store.alerts(only_open=True)
        if alert.finding.level is Level.ASK
        and alert.finding.kind in PLANNED
        and not asked.isdisjoint(alert.finding.about)
        and still.isdisjoint(alert.finding.about)
    ]
    with store.transaction():
        for key in answered:
            store.settle(key, now)
    return len(answered)


def _asked(found: Review) -> set[str]:
    """Ids of all events about which the owner is asked or warned."""
    return {
        about for one in found.findings if one.level is not Level.INFO and one.kind in PLANNED for about in one.about
    }
