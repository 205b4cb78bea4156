"""The pages *Reach: draw or change*: what the owner has, one thing a page, a few plain questions each."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from starlette.responses import Response

from kuraban.console.frame import language_of
from kuraban.console.home.editing import File, Kind, careful, compared, opened, save, sent
from kuraban.console.home.seat import NotFoundError, Page, Visit
from kuraban.home import hardening
from kuraban.home.forms.accounts import KINDS, World
from kuraban.home.forms.questions import UNSURE, Answer, Asked, Sent, ask, line, take, token
from kuraban.home.forms.reach import questions
from kuraban.home.forms.suggesting import Suggested, suggested
from kuraban.home.hardening import RECORD
from kuraban.home.model import Words
from kuraban.home.ownerfile import ChangedError
from kuraban.home.problems import HomeError
from kuraban.home.reach import FILE, editing
from kuraban.home.reach.reading import parsed
from kuraban.home.tomledit import Add, Edit

HEAD = """\
# 持っているものと、そのつながり。パスワードは書きません。画面(つながりの図)からも、ここでも直せます。
# What you have and what hangs on what. No password belongs here. Changed in the pages (Reach) or by hand.
"""
REACH = Kind(lambda folder: folder.path / FILE, parsed, HEAD)
WALK = ("phone", "mailbox", "broker", "bank", "aggregator")  # devices are asked nothing but their name
MOST_BANKS = 20
GUESSED = Words("たぶんこれです。違えば直してください", "A guess: change it if it is wrong")


class Item(NamedTuple):
    """A thing in the list. open: how many questions have no answer yet."""

    kind: str
    token: str
    name: str
    open: int


def items(data: Mapping[str, Any]) -> list[Item]:
    """All things, by kind as the pages list them."""
    every = list(editing.every(data))
    return [
        Item(kind, token(table["name"]), table["name"], editing.unanswered(kind, table))
        for wanted in KINDS
        for kind, _, table in every
        if kind == wanted
    ]


def hub(visit: Visit) -> Response:
    """What is listed, what could be, and where each is changed."""
    return _hub(visit, opened(visit, REACH))


def _hub(visit: Visit, file: File, status: int = 200, **data: Any) -> Response:
    query = visit.request.query_params
    return visit.page(
        "reach_edit.html",
        status,
        **{
            "file": file,
            "kinds": KINDS,
            "items": items(file.data),
            "suggested": [(f"{one.kind}-{token(one.table['name'])}", one) for one in _suggested(visit, file)],
            "saved": next((one for one in items(file.data) if one.token == query.get("saved")), None),
            "gone": query.get("gone") == "1",
            "chosen": None,
            "banks": "",
            "changed": False,
            "wrong": None,
            **data,
        },
    )


def _suggested(visit: Visit, file: File) -> list[Suggested]:
    return suggested(file.data, visit.config, visit.store.heard(), language_of(visit.request))


def accept(visit: Visit) -> Response:
    """List what was ticked among the suggestions, and the banks that were named; then ask about the first."""
    file = opened(visit, REACH)
    chosen = set(visit.form.getlist("pick"))
    text = visit.form.get("banks", "")
    picked = [one for one in _suggested(visit, file) if f"{one.kind}-{token(one.table['name'])}" in chosen]
    listed = {item.name for item in items(file.data)} | {one.table["name"] for one in picked}
    banks = [name for name in dict.fromkeys(line(part) for part in re.split(r"[,、,;\n]", text)) if name]
    edits: list[Edit] = [Add(one.kind, one.table) for one in picked]
    edits += [Add("bank", {"name": name}) for name in banks if name not in listed]
    wrong = _wrong_banks(banks)
    try:
        if wrong is None:
            save(visit, file, edits)
    except ChangedError:
        return _hub(visit, opened(visit, REACH), 409, chosen=chosen, banks=text, changed=True)
    except HomeError as error:
        wrong = error.words
    if wrong is not None:
        return _hub(visit, file, 422, chosen=chosen, banks=text, wrong=wrong)
    for one in picked:
        if one.was:
            _follow(visit, one.was, one.table["name"])
    return _next(visit, None)


def _wrong_banks(banks: list[str]) -> Words | None:
    if len(banks) > MOST_BANKS:
        return Words(f"銀行は一度に{MOST_BANKS}までです。", f"at most {MOST_BANKS} banks at once")
    if any(len(name) > 64 for name in banks):
        return Words("銀行の呼び名は64文字までにしてください。", "at most 64 characters for a bank")
    return None


def _place(visit: Visit, file: File) -> tuple[str, int | None]:
    """The kind, and where the thing stands among those; None where it is a new one, or gone."""
    kind, shown = visit.request.path_params["kind"], visit.request.path_params.get("token")
    if kind not in KINDS:
        raise NotFoundError
    tables = file.data.get(kind, ())
    return kind, next((at for at, table in enumerate(tables) if token(table["name"]) == shown), None)


def thing(visit: Visit) -> Response:
    """The questions about one thing."""
    file = opened(visit, REACH)
    kind, at = _place(visit, file)
    if at is None and "token" in visit.request.path_params:
        raise NotFoundError
    table = file.data[kind][at] if at is not None else {}
    asked = ask(questions(kind, _world(visit, file), table), table)
    if visit.request.query_params.get("guide") == "1":
        asked = [_guessed(one, file) for one in asked]
    return _thing(visit, file, asked)


def _thing(visit: Visit, file: File, asked: list[Asked], status: int = 200, **data: Any) -> Response:
    kind, at = _place(visit, file)
    name = file.data[kind][at]["name"] if at is not None else None
    return visit.page(
        "reach_thing.html",
        status,
        **{
            "file": file,
            "kind": kind,
            "words": KINDS[kind],
            "name": name,
            "action": f"/reach/edit/{kind}/{token(name)}" if name is not None else f"/reach/edit/{kind}",
            "asked": [one for one in asked if not one.question.folded],
            "folded": [one for one in asked if one.question.folded],
            "named_by": editing.named_by(file.data, name) if name is not None else [],
            "guide": visit.request.query_params.get("guide") == "1" or visit.form.get("guide") == "1",
            "left": sum(item.open > 0 for item in items(file.data)),
            "compared": None,
            "gone": False,
            "wrong": None,
            **data,
        },
    )


def _world(visit: Visit, file: File) -> World:
    return World(file.data, language_of(visit.request))


def _guessed(one: Asked, file: File) -> Asked:
    """On the first way through, what can only be one thing is proposed."""
    kinds = {"reset_by": "mailbox", "device": "device"}
    likely = file.data.get(kinds.get(one.question.id, ""), ())
    if len(likely) != 1 or one.answer.chosen != {UNSURE}:
        return one
    name = likely[0]["name"]
    found = next((option.token for option in one.options if option.words.ja == name), None)
    if found is None:
        return one
    return Asked(one.question, one.options, Answer(chosen=frozenset({found})), guessed=GUESSED)


def change(visit: Visit) -> Response:
    """Keep the answers about one thing."""
    file = opened(visit, REACH)
    kind, at = _place(visit, file)
    answers = sent(visit)
    if visit.form.get("version") != file.version or (at is None and "token" in visit.request.path_params):
        return _conflict(visit, file, answers)
    table = file.data[kind][at] if at is not None else {}
    taken = take(questions(kind, _world(visit, file), table), answers, table)
    if taken.wrong:
        return _thing(visit, file, taken.asked, 422)
    edits = [*editing.put(file.data, kind, at, taken.table)]
    edits += [Add(*(new, {"name": name})) for new, name in dict.fromkeys(taken.new)]
    try:
        save(visit, file, edits)
    except ChangedError:
        return _conflict(visit, opened(visit, REACH), answers)
    except HomeError as error:
        return _thing(visit, file, taken.asked, 422, wrong=error.words)
    name = taken.table["name"]
    if at is not None and table["name"] != name:
        _follow(visit, table["name"], name)
    if visit.form.get("then") == "next":
        return _next(visit, (kind, name))
    return visit.go("/reach/edit", saved=token(name))


def _conflict(visit: Visit, file: File, answers: Sent) -> Response:
    """The file is another than the one the page was made from: both are shown, and the typed answers stay."""
    kind, at = _place(visit, file)
    world = _world(visit, file)
    table = file.data[kind][at] if at is not None else {}
    typed = take(questions(kind, world, table), answers, table).asked
    there = ask(questions(kind, world, table), table) if at is not None else []
    gone = at is None and "token" in visit.request.path_params
    return _thing(visit, file, typed, 409, compared=compared(there, typed), gone=gone)


def remove(visit: Visit) -> Response:
    """Take a thing out, and out of what names it."""
    file = opened(visit, REACH)
    kind, at = _place(visit, file)
    if at is None:
        raise NotFoundError
    try:
        save(visit, file, editing.cut(file.data, kind, at))
    except ChangedError:
        file = opened(visit, REACH)
        kind, at = _place(visit, file)
        if at is None:
            return visit.go("/reach/edit", gone="1")
        table = file.data[kind][at]
        asked = ask(questions(kind, _world(visit, file), table), table)
        return _thing(visit, file, asked, 409, compared=[])
    return visit.go("/reach/edit", gone="1")


def _follow(visit: Visit, old: str, new: str) -> None:
    """The record of what was secured follows a new name."""
    with suppress(OSError):
        hardening.rename(visit.folder.path / RECORD, old, new, visit.now())


def _next(visit: Visit, after: tuple[str, str] | None) -> Response:
    """The next thing with questions that have no answer yet; the picture where there is none."""
    data = opened(visit, REACH).data
    walk = [(kind, table) for wanted in WALK for kind, _, table in editing.every(data) if kind == wanted]
    at = next((i + 1 for i, (kind, table) in enumerate(walk) if (kind, table["name"]) == after), 0)
    for kind, table in walk[at:]:
        if editing.unanswered(kind, table):
            return visit.go(f"/reach/edit/{kind}/{token(table['name'])}", guide="1")
    return visit.go("/reach/edit" if after is None else "/reach")


PAGES = (
    Page("GET", "/reach/edit", careful(hub, REACH)),
    Page("POST", "/reach/edit", careful(accept, REACH)),
    Page("GET", "/reach/edit/{kind}", careful(thing, REACH)),
    Page("POST", "/reach/edit/{kind}", careful(change, REACH)),
    Page("GET", "/reach/edit/{kind}/{token}", careful(thing, REACH)),
    Page("POST", "/reach/edit/{kind}/{token}", careful(change, REACH)),
    Page("POST", "/reach/edit/{kind}/{token}/remove", careful(remove, REACH)),
)
