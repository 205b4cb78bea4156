"""The page *Plan*: what only the owner knows, changed here; what hangs on it is looked at again at once."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from kuraban.console.home.editing import File, Kind, careful, compared, opened, save, sent
from kuraban.console.home.seat import NotFoundError, Page, Visit
from kuraban.home import looking, tomlfile
from kuraban.home import plan as plans
from kuraban.home.acts import TOKYO
from kuraban.home.forms import plan as forms
from kuraban.home.forms.fields import day_of
from kuraban.home.forms.questions import Asked, Choice, Question, Sent, WrongError, ask, take, token
from kuraban.home.model import Words
from kuraban.home.ownerfile import ChangedError
from kuraban.home.plan import Plan
from kuraban.home.problems import HomeError
from kuraban.home.tomledit import Add, Cut, Edit, Put, Set


def _plan(text: str, name: str) -> Plan:
    return plans.checked(tomlfile.parse(text, Plan, name), name)


PLAN = Kind(lambda folder: folder.plan, _plan, plans.HEAD)
MOST_DAYS = 400


def page(visit: Visit) -> Response:
    """The whole plan."""
    return _page(visit, opened(visit, PLAN))


def _page(visit: Visit, file: File, status: int = 200, **data: Any) -> Response:
    query = visit.request.query_params
    known = _accounts(visit, file)
    today = visit.now().astimezone(TOKYO).date().isoformat()
    over = query.get("over", "")
    return visit.page(
        "plan.html",
        status,
        **{
            "file": file,
            "tables": forms.TABLES,
            "entries": {kind: _entries(kind, file.data, known) for kind in forms.TABLES},
            "lists": forms.LISTS,
            "asked": {key: ask([forms.list_question(key, known)], file.data)[0] for key in forms.LISTS},
            "days": {key: (words, sorted(map(str, file.data.get(key, ())))) for key, words in forms.DAYS.items()},
            "today": today,
            "saved": query.get("saved") == "1",
            "over": int(over) if over.isascii() and over.isdigit() and len(over) < 6 else 0,
            "later": query.get("later") == "1",
            "compared": None,
            "changed": False,
            "wrong": None,
            "typed": {},
            **data,
        },
    )


def _accounts(visit: Visit, file: File) -> tuple[Choice, ...]:
    return forms.accounts(file.data, visit.config, visit.store.heard())


def _entries(
    kind: str, data: Mapping[str, Any], known: tuple[Choice, ...]
) -> list[tuple[str, list[tuple[Words, list[Words]]]]]:
    """The entries of a table: sign, and the questions that have an answer."""
    found = []
    for table in data.get(kind, ()):
        said = [(one.question.words, one.said) for one in ask(forms.questions(kind, known), table) if one.said]
        found.append((sign(table), said))
    return found


def sign(table: Mapping[str, Any]) -> str:
    """A short sign for an entry; entries that say the same have the same."""
    return token(repr(sorted((key, str(value)) for key, value in table.items())))


def _place(visit: Visit, file: File) -> tuple[str, int | None]:
    kind, shown = visit.request.path_params["table"], visit.request.path_params.get("token")
    if kind not in forms.TABLES:
        raise NotFoundError
    return kind, next((at for at, table in enumerate(file.data.get(kind, ())) if sign(table) == shown), None)


def entry(visit: Visit) -> Response:
    """The questions about one entry."""
    file = opened(visit, PLAN)
    kind, at = _place(visit, file)
    if at is None and "token" in visit.request.path_params:
        raise NotFoundError
    table = file.data[kind][at] if at is not None else {}
    return _entry(visit, file, ask(forms.questions(kind, _accounts(visit, file)), table))


def _entry(visit: Visit, file: File, asked: list[Asked], status: int = 200, **data: Any) -> Response:
    kind, at = _place(visit, file)
    own = sign(file.data[kind][at]) if at is not None else None
    return visit.page(
        "plan_entry.html",
        status,
        **{
            "file": file,
            "words": forms.TABLES[kind],
            "new": at is None,
            "action": f"/plan/{kind}/{own}" if own is not None else f"/plan/{kind}",
            "asked": asked,
            "compared": None,
            "gone": False,
            "wrong": None,
            **data,
        },
    )


def change(visit: Visit) -> Response:
    """Keep the answers about one entry."""
    file = opened(visit, PLAN)
    kind, at = _place(visit, file)
    answers = sent(visit)
    if visit.form.get("version") != file.version or (at is None and "token" in visit.request.path_params):
        return _conflict(visit, file, answers)
    table = file.data[kind][at] if at is not None else {}
    taken = take(forms.questions(kind, _accounts(visit, file)), answers, table)
    asked = _beside(kind, taken.table, taken.asked)
    if any(one.wrong for one in asked):
        return _entry(visit, file, asked, 422)
    edit: Edit = Put(kind, at, taken.table) if at is not None else Add(kind, taken.table)
    try:
        return _kept(visit, file, [edit])
    except ChangedError:
        return _conflict(visit, opened(visit, PLAN), answers)
    except HomeError as error:
        return _entry(visit, file, asked, 422, wrong=error.words)


def _beside(kind: str, table: Mapping[str, Any], asked: list[Asked]) -> list[Asked]:
    """What does not fit together in an entry, said beside the question."""
    wrong = Words("出発の日より後の日にしてください。", "choose a day that is not before the first")
    if (
        kind == "trip"
        and all(isinstance(table.get(key), date) for key in ("from", "to"))
        and table["to"] < table["from"]
    ):
        return [Asked(a.question, a.options, a.answer, wrong) if a.question.id == "to" else a for a in asked]
    return asked


def _conflict(visit: Visit, file: File, answers: Sent) -> Response:
    kind, at = _place(visit, file)
    asking: list[Question] = forms.questions(kind, _accounts(visit, file))
    table = file.data[kind][at] if at is not None else {}
    typed = take(asking, answers, table).asked
    there = ask(asking, table) if at is not None else []
    gone = at is None and "token" in visit.request.path_params
    return _entry(visit, file, typed, 409, compared=compared(there, typed), gone=gone)


def remove(visit: Visit) -> Response:
    """Take an entry out."""
    file = opened(visit, PLAN)
    kind, at = _place(visit, file)
    if at is None:
        return _page(visit, file, 409, changed=True)
    return _or_changed(visit, file, [Cut(kind, at)])


def choose(visit: Visit) -> Response:
    """Keep one of the lists of accounts or markets."""
    file = opened(visit, PLAN)
    key = visit.request.path_params["key"]
    if key not in forms.LISTS:
        raise NotFoundError
    question = forms.list_question(key, _accounts(visit, file))
    taken = take([question], sent(visit), file.data)
    asked = {k: ask([forms.list_question(k, _accounts(visit, file))], file.data)[0] for k in forms.LISTS}
    asked[key] = taken.asked[0]
    if taken.wrong:
        return _page(visit, file, 422, asked=asked)
    edits = [Set(key, taken.table[key])] if taken.table.get(key) != file.data.get(key) else []
    try:
        return _kept(visit, file, edits)
    except ChangedError:
        now = opened(visit, PLAN)
        there = ask([forms.list_question(key, _accounts(visit, now))], now.data)
        return _page(visit, now, 409, asked=asked, compared=compared(there, taken.asked), changed=True)
    except HomeError as error:
        return _page(visit, file, 422, asked=asked, wrong=error.words)


def days(visit: Visit) -> Response:
    """One day more, or less, on which the owner acts himself."""
    file = opened(visit, PLAN)
    key, typed = visit.request.path_params["key"], visit.form.get("day", "")
    if key not in forms.DAYS:
        raise NotFoundError
    if "without" in visit.form:
        return _or_changed(visit, file, forms.without_day(file.data, key, visit.form["without"]))
    try:
        day = day_of(typed)
        if len(file.data.get(key, ())) >= MOST_DAYS:
            raise WrongError(
                f"{MOST_DAYS}日までです。古い日を消してください。", f"at most {MOST_DAYS} days: take old ones out"
            )
    except WrongError as error:
        return _page(visit, file, 422, typed={key: (typed, error.words)})
    return _or_changed(visit, file, forms.with_day(file.data, key, day), typed={key: (typed, None)})


def _or_changed(visit: Visit, file: File, edits: Iterable[Edit], **data: Any) -> Response:
    try:
        return _kept(visit, file, edits)
    except ChangedError:
        return _page(visit, opened(visit, PLAN), 409, changed=True, **data)
    except HomeError as error:
        return _page(visit, file, 422, wrong=error.words, **data)


def _kept(visit: Visit, file: File, edits: Iterable[Edit]) -> Response:
    """Save, and look again at what hangs on the plan. Raises `ChangedError`, `HomeError`."""
    save(visit, file, edits)
    try:
        over = looking.replanned(visit.store, visit.config, plans.load(visit.folder.plan), visit.now())
    except sqlite3.OperationalError:  # the watch is writing: it sees the new plan itself
        return visit.go("/plan", saved="1", later="1")
    return visit.go("/plan", saved="1", over=str(over))


PAGES = (
    Page("GET", "/plan", careful(page, PLAN)),
    Page("POST", "/plan/list/{key}", careful(choose, PLAN)),
    Page("POST", "/plan/days/{key}", careful(days, PLAN)),
    Page("GET", "/plan/{table}", careful(entry, PLAN)),
    Page("POST", "/plan/{table}", careful(change, PLAN)),
    Page("GET", "/plan/{table}/{token}", careful(entry, PLAN)),
    Page("POST", "/plan/{table}/{token}", careful(change, PLAN)),
    Page("POST", "/plan/{table}/{token}/remove", careful(remove, PLAN)),
)
