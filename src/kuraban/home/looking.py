"""One look at all that is known and what it raises: the watch has it at every change, the pages after a new plan."""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from kuraban.home import boxes, intake
from kuraban.home.config import Config
from kuraban.home.findings import Kind, Level
from kuraban.home.plan import Plan
from kuraban.home.review import RECOMPUTED, Known, Review, review
from kuraban.home.store import Store

OLD = timedelta(days=3)  # older than this when the watch began: history, asked about in `status`, not by alert
ALIVE = timedelta(hours=1)  # a watch that was heard of since then is reading what comes
PLAN_WRONG = "watch.plan_wrong"  # the note that the plan cannot be read at present
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


class Looked(NamedTuple):
    """What a look found, and how many waiting questions a new plan has answered."""

    review: Review
    answered: int


def look(store: Store, config: Config, plan: Plan, now: datetime, *, reading: bool) -> Looked:
    """Review all that is known, raise what is found, settle what is over.

    Where the plan is another than at the last look, questions that the old one left and the new one does not are over
    too; an alarm waits for its own answer.
    """
    held = known(store, config, plan, now, reading=reading)
    found = review(held)
    before = plan_before(store)
    asked, still = frozenset[str](), _asked(found)
    if before is not None and before != plan:
        asked = _asked(review(msgspec.structs.replace(held, plan=before)))
    began = store.time_note("watch.began") or now
    current = {finding.id for finding in found.findings}
    answered = 0
    with store.transaction():
        for finding in found.findings:
            if finding.level is not Level.INFO:
                store.raise_alert(finding, now, quiet=finding.last < began - OLD)
        for one in store.alerts(only_open=True):
            question = one.finding.kind in PLANNED and one.finding.level is Level.ASK
            if question and not asked.isdisjoint(one.finding.about) and still.isdisjoint(one.finding.about):
                store.settle(one.finding.id, now)
                answered += 1
            elif one.finding.kind in RECOMPUTED and one.finding.id not in current:  # the late notice came
                store.settle(one.finding.id, now)
        store.set_note("watch.looked", now.isoformat())
        store.set_note("watch.untold", msgspec.json.encode(found.untold).decode())
        store.set_note("watch.plan", msgspec.json.encode(plan).decode())
    return Looked(found, answered)


def replanned(store: Store, config: Config, plan: Plan, now: datetime) -> int:
    """The owner has changed his plan: look again at once. How many questions the new plan has answered.

    Nothing is done before the first look of the watch, which alone knows when the mails have all been read.
    """
    if store.note("watch.looked") is None:
        return 0
    beat = store.time_note("watch.beat")
    alive = beat is not None and now - beat <= ALIVE
    reading = alive and all(boxes.state(store, box.name).failing is None for box in config.mailbox)
    return look(store, config, plan, now, reading=reading).answered


def plan_before(store: Store) -> Plan | None:
    """The plan of the last look; None where it was not noted, or by a version that knew other keys."""
    kept = store.note("watch.plan")
    try:
        return msgspec.json.decode(kept, type=Plan) if kept else None
    except msgspec.ValidationError:
        return None


def _asked(found: Review) -> frozenset[str]:
    """Ids of all events about which the owner is asked or warned."""
    told = [one for one in found.findings if one.level is not Level.INFO and one.kind in PLANNED]
    return frozenset(about for one in told for about in one.about)
