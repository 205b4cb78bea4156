"""What is to be done, in the right order: due, blocked by what comes first, done, or due again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from kuraban.home.hardening.model import Done, Menu, Step, Steps, Thing, step_words, steps
from kuraban.home.hardening.record import latest
from kuraban.home.model import Words

UNKNOWN_MENU = Words(
    "メニューの名前は分かっていません。公式サイトの「セキュリティ」の案内から探してください",
    "what the menu is called is not known: look under security on the broker's own site",
)


class State(StrEnum):
    """How a task stands."""

    DUE = "due"  # never done
    AGAIN = "again"  # done, and due again
    DONE = "done"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class Task:
    """One step for one thing. menu: what the broker calls it, None where not known or not a broker's.

    first: tasks (step, thing) that should be done before, still open. done: the line of the record that holds. again:
    the day on which it is due again, None where once is enough or it was never done.
    """

    step: Step
    thing: Thing
    state: State
    menu: Menu | None
    first: tuple[tuple[str, str], ...]
    done: Done | None
    again: date | None

    @property
    def open(self) -> bool:
        """Whether there is something to do."""
        return self.state in (State.DUE, State.AGAIN)

    def words(self) -> Words:
        """What to do and where."""
        what = step_words(self.step)
        if self.thing.scope == "home":
            return what
        return Words(f"{self.thing.name}: {what.ja}", f"{self.thing.name}: {what.en}")

    def menu_words(self) -> Words | None:
        """What the broker calls it, or that it is not known; None where it is no broker's menu."""
        if self.step.ask is None:
            return None
        if self.menu is None:
            return UNKNOWN_MENU
        mark = Words("", "") if self.menu.official else Words("(利用者の説明による)", " (as customers describe it)")
        return Words(f"メニュー: {self.menu.ja}{mark.ja}", f"menu: {self.menu.en}{mark.en}")


def plan(things: Sequence[Thing], done: Iterable[Done], today: date, known: Steps | None = None) -> list[Task]:
    """Every step for every thing it is for, in the order in which to do them.

    The order is that of the steps' phases (clean devices, then mailboxes, then brokers by money, and so on); a task
    whose predecessors are open says so in `first`. A step that comes after a step of another scope waits for it on all
    things of that scope.
    """
    data = known or steps()
    now = latest(done)
    by_id = {step.id: step for step in data.step}
    ordered = [
        (step, thing)
        for scope in _scopes(data)
        for thing in things
        if thing.scope == scope
        for step in data.step
        if step.scope == scope
    ]
    open_now = {
        (step.id, thing.name)
        for step, thing in ordered
        if _state(step, now.get((step.id, thing.name)), today)[0] in (State.DUE, State.AGAIN)
    }
    tasks: list[Task] = []
    for step, thing in ordered:
        held = now.get((step.id, thing.name))
        state, again = _state(step, held, today)
        menu = data.menu.get(thing.broker or "", {}).get(step.ask or "")
        first: tuple[tuple[str, str], ...] = ()
        if state in (State.DUE, State.AGAIN):
            first = tuple(
                (before, other.name)
                for before in step.after
                for other in things
                if other.scope == by_id[before].scope
                and (other.scope != thing.scope or other.name == thing.name)
                and (before, other.name) in open_now
            )
        tasks.append(Task(step, thing, state, menu, first, held, again))
    return tasks


def _scopes(data: Steps) -> list[str]:
    return list(dict.fromkeys(step.scope for step in data.step))


def _state(step: Step, held: Done | None, today: date) -> tuple[State, date | None]:
    if held is None:
        return State.DUE, None
    if held.state == "not_needed":
        return State.NOT_NEEDED, None
    again = held.on + timedelta(days=step.every) if step.every else None
    return (State.AGAIN if again is not None and again <= today else State.DONE), again


def next_tasks(tasks: Sequence[Task], most: int = 3) -> list[Task]:
    """What to do now: open, with nothing open before it, in order."""
    return [task for task in tasks if task.open and not task.first][:most]


def reminders(tasks: Sequence[Task], today: date, ahead: int = 7) -> list[Task]:
    """What was done once and is due again by today, or within some days."""
    return [task for task in tasks if task.again is not None and task.again <= today + timedelta(days=ahead)]
