"""The list of hardening as text in either language, as data, and the record that a claim for compensation asks for."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from kuraban.home.hardening.model import Done, steps
from kuraban.home.hardening.plan import UNKNOWN_MENU, State, Task, next_tasks
from kuraban.home.model import Words

Language = Literal["ja", "en"]
JAPAN = ZoneInfo("Asia/Tokyo")
_MARKS = {State.DUE: "[ ]", State.AGAIN: "[!]", State.DONE: "[x]", State.NOT_NEEDED: "[-]"}
_STATES = {
    "done": Words("実施", "done"),
    "not_needed": Words("対象外", "not needed"),
    "undone": Words("取り消し", "taken back"),
}


def as_text(tasks: Sequence[Task], language: Language) -> str:
    """Every task, with the next ones on top."""
    japanese = language == "ja"
    lines = ["次にすること" if japanese else "Do next", ""]
    for task in next_tasks(tasks):
        lines += [
            f"* {_said(task.words(), japanese)}",
            f"    {_said(Words(task.step.why_ja, task.step.why_en), japanese)}",
        ]
    if len(lines) == 2:
        lines.append("* いまはありません" if japanese else "* nothing for now")
    lines += ["", "一覧(この順に)" if japanese else "The whole list, in order", ""]
    for task in tasks:
        lines.append(f"{_MARKS[task.state]} {_said(task.words(), japanese)}{_when(task, japanese)}")
        menu = task.menu_words() if task.open else None
        if menu is not None:
            unknown = "メニュー名は不明※" if japanese else "menu not known ※"
            lines.append(f"      {unknown if task.menu is None else _said(menu, japanese)}")
        if task.first:
            lines.append(f"      {_before(task, japanese)}")
    if any(task.open and task.step.ask and task.menu is None for task in tasks):
        lines += ["", f"※ {_said(UNKNOWN_MENU, japanese)}"]
    return "\n".join(lines) + "\n"


def _before(task: Task, japanese: bool) -> str:
    names = {step.id: step.name_ja if japanese else step.name_en for step in steps().step}
    if japanese:
        return "先に: " + "、".join(f"{thing}の{names.get(step, step)}" for step, thing in task.first)
    return "first: " + ", ".join(f"{names.get(step, step)} ({thing})" for step, thing in task.first)


def _said(words: Words, japanese: bool) -> str:
    return words.ja if japanese else words.en


def _when(task: Task, japanese: bool) -> str:
    if task.done is None:
        return ""
    day = f" ({task.done.on.isoformat()}"
    if task.again is not None:
        day += f"、次は {task.again.isoformat()}" if japanese else f", again on {task.again.isoformat()}"
    return day + ")"


def record_text(done: Iterable[Done], language: Language) -> str:
    """The whole record in the order it was written: day, what, where, and when it was noted down.

    Times are Japan's in Japanese, the computer's otherwise, with the name of the zone; the file keeps them in UTC.
    """
    japanese = language == "ja"
    names = {step.id: Words(step.ja, step.en) for step in steps().step}
    lines = ["日付\t内容\t対象\t状態\t記録した時刻\tメモ" if japanese else "day\twhat\twhere\tstate\tnoted\tnote"]
    for one in done:
        what = _said(names.get(one.step, Words(one.step, one.step)), japanese)
        state = _said(_STATES[one.state], japanese)
        cells = (one.on.isoformat(), what, one.thing, state, _clock(one.noted, japanese), one.note)
        lines.append("\t".join(" ".join(cell.split()) for cell in cells))
    return "\n".join(lines) + "\n"


def _clock(when: datetime, japanese: bool) -> str:
    return f"{when.astimezone(JAPAN if japanese else None):%Y-%m-%d %H:%M %Z}"


def as_data(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """The tasks as plain data."""
    return [
        {
            "step": task.step.id,
            "thing": task.thing.name,
            "scope": task.thing.scope,
            "state": str(task.state),
            "ja": task.words().ja,
            "en": task.words().en,
            "why": {"ja": task.step.why_ja, "en": task.step.why_en},
            "menu": None if (menu := task.menu_words()) is None else {"ja": menu.ja, "en": menu.en},
            "menu_known": task.menu is not None,
            "first": [list(pair) for pair in task.first],
            "done": task.done.on.isoformat() if task.done else None,
            "again": task.again.isoformat() if task.again else None,
        }
        for task in tasks
    ]
