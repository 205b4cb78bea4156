"""A finding with its buttons: how it is shown, answered, noted, put right."""

import re
from datetime import datetime
from typing import Literal, NamedTuple

from starlette.responses import Response

from kuraban.console.home.seat import NotFoundError, Page, Visit
from kuraban.home import answering
from kuraban.home.alertstore import Alert
from kuraban.home.answering import Outcome
from kuraban.home.findings import NOT_AN_ACT, WALK, Finding, Kind, answer_todo, known_todo
from kuraban.home.model import Words
from kuraban.home.store import Store

Question = Literal["mine", "known", "seen"]
A_PAGE = 20
State = Literal["waiting", "mine", "not_mine", "seen", "over"]


class Shown(NamedTuple):
    """A finding as a page shows it.

    steps: what to do, but for answering and the walk through an incident, which are a button and a link. question:
    which answers it takes. quiet: from before the watch began. answered: when the owner answered or noted it, None
    while it waits or where it ended itself.
    """

    finding: Finding
    question: Question
    state: State
    quiet: bool
    answered: datetime | None
    steps: tuple[Words, ...]
    incident: bool


def shown(store: Store, alert: Alert) -> Shown:
    """The finding of an alert, with what became of it."""
    finding = alert.finding
    said = store.answer_to(finding.id)
    state: State
    if said is not None and not alert.open:
        state = "mine" if said[0] else "not_mine"
    elif alert.waits:
        state = "waiting"
    else:
        state = "seen" if alert.acknowledged else "over"
    buttons = {answer_todo(finding.id), known_todo(finding.id), WALK}
    return Shown(
        finding=finding,
        question=_question(finding.kind),
        state=state,
        quiet=alert.quiet,
        answered=said[1] if said is not None and not alert.open else alert.acknowledged if not alert.waits else None,
        steps=tuple(words for words in finding.todo if words not in buttons),
        incident=WALK in finding.todo or (state == "not_mine" and finding.kind is not Kind.SILENCE),
    )


def _question(kind: Kind) -> Question:
    if kind in NOT_AN_ACT:
        return "seen"
    return "known" if kind is Kind.SILENCE else "mine"


def _found(visit: Visit) -> Alert:
    alert = visit.store.alert(visit.request.path_params["key"])
    if alert is None:
        raise NotFoundError
    return alert


def past(visit: Visit) -> Response:
    """Everything that was ever raised, newest first, with what became of it: answers are put right from here."""
    alerts = visit.store.alerts()[::-1]
    number = visit.request.query_params.get("page", "")
    last = max(0, (len(alerts) - 1) // A_PAGE)
    at = min(int(number), last) if re.fullmatch("[0-9]{1,8}", number) else 0
    rows = [shown(visit.store, alert) for alert in alerts[at * A_PAGE : (at + 1) * A_PAGE]]
    return visit.page("findings.html", rows=rows, at=at, last=last)


def one(visit: Visit) -> Response:
    """One finding."""
    return visit.page("finding.html", shown=shown(visit.store, _found(visit)), whole=True)


def answer(visit: Visit) -> Response:
    """The owner says whether it was he. After «not mine» the way leads on to what to do now."""
    alert = _found(visit)
    said = visit.form.get("said")
    if said not in ("mine", "not-mine"):
        raise NotFoundError
    outcome = answering.answer(visit.store, alert.finding, said == "mine", visit.now())
    if outcome is Outcome.INCIDENT:
        return visit.go("/incident", about=alert.finding.id)
    if outcome is Outcome.LOOK:
        return visit.go(f"/findings/{alert.finding.id}")
    return visit.go("/", done=alert.finding.id)


def note(visit: Visit) -> Response:
    """The owner has taken note."""
    alert = _found(visit)
    visit.store.acknowledge(alert.finding.id, visit.now())
    return visit.go("/", done=alert.finding.id)


def undo(visit: Visit) -> Response:
    """Take back an answer: it waits again."""
    alert = _found(visit)
    visit.store.reopen(alert.finding.id, visit.now())
    return visit.go(f"/findings/{alert.finding.id}")


PAGES = (
    Page("GET", "/findings", past),
    Page("GET", "/findings/{key}", one),
    Page("POST", "/findings/{key}/answer", answer),
    Page("POST", "/findings/{key}/note", note),
    Page("POST", "/findings/{key}/undo", undo),
)
