"""The page *Secure*: what to do, in the right order, ticked off; the record that a claim for compensation asks for."""

from itertools import groupby

from starlette.responses import Response

from kuraban.console.frame import HEADERS, language_of
from kuraban.console.home.seat import NotFoundError, Page, Visit
from kuraban.home import hardening
from kuraban.home.acts import TOKYO
from kuraban.home.hardening import RECORD, State, Task


def _tasks(visit: Visit) -> list[Task]:
    done, _ = hardening.read(visit.folder.path / RECORD)
    today = visit.now().astimezone(TOKYO).date()
    return hardening.plan(hardening.things_in(visit.folder.path, visit.config), done, today)


def page(visit: Visit) -> Response:
    """What to do next, and the whole list by thing."""
    tasks = _tasks(visit)
    _, unreadable = hardening.read(visit.folder.path / RECORD)
    groups = [(thing, list(found)) for thing, found in groupby(tasks, key=lambda task: task.thing)]
    return visit.page(
        "harden.html",
        next=hardening.next_tasks(tasks, 1),
        groups=groups,
        done=sum(not task.open for task in tasks),
        total=len(tasks),
        names={step.id: step for step in hardening.steps().step},
        unreadable=unreadable,
        home=hardening.HOME,
    )


def tick(visit: Visit) -> Response:
    """Note that a step was done, is not needed, or was not done after all."""
    form, now = visit.form, visit.now()
    task = next((t for t in _tasks(visit) if (t.step.id, t.thing.name) == (form.get("step"), form.get("thing"))), None)
    if task is None:
        raise NotFoundError
    today = now.astimezone(TOKYO).date()
    line = hardening.entry(task.step.id, task.thing.name, form.get("state", ""), today, now, form.get("note", ""))
    before = task.done.state if task.done else "undone"
    if line.state != before or task.state is State.AGAIN:  # else a button pressed twice
        visit.folder.prepare()
        hardening.append(visit.folder.path / RECORD, line)
    return visit.go("/harden")


def record(visit: Visit) -> Response:
    """The record as a text to print or send."""
    done, _ = hardening.read(visit.folder.path / RECORD)
    text = hardening.record_text(done, language_of(visit.request))
    named = {**HEADERS, "content-disposition": 'attachment; filename="kuraban-hardening.txt"'}
    return Response("\ufeff" + text, media_type="text/plain; charset=utf-8", headers=named)


PAGES = (Page("GET", "/harden", page), Page("POST", "/harden", tick), Page("GET", "/harden/record.txt", record))
