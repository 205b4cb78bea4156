"""Whether an incident is going on: begun by the owner's «not mine», followed step by step, ended by his word alone.

The log of the incident says how far it is: its ticks, and lines with the steps END and RESUME. Ticks from before an end
belong to an earlier incident and count no more.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from kuraban.home import incident, walk
from kuraban.home.acts import TOKYO
from kuraban.home.config import Config
from kuraban.home.findings import NOT_AN_ACT, Finding, Kind, Level
from kuraban.home.folder import Folder
from kuraban.home.incident import Action
from kuraban.home.model import Words
from kuraban.home.problems import HomeError
from kuraban.home.store import Store

END, RESUME = "end", "resume"
RECENT = timedelta(days=90)  # so long after its end an incident is still spoken of
LEAD = timedelta(days=30)  # of evidence before the first act: the false mails that took the secrets came then
State = Literal["none", "going", "done", "ended"]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the owner's incident stands.

    state: `going` while steps are left, `done` when all are done and he has not ended it yet, `ended` for RECENT after
    its end. done, total: steps of the walk, each account's counted. next: the first that is left. denied: what he said
    was not his, of this incident. begun: the first of his denials and ticks. ended: the day he gave.
    """

    state: State
    done: int
    total: int
    next: Words | None
    denied: tuple[Finding, ...]
    begun: datetime | None
    ended: date | None

    @property
    def open(self) -> bool:
        """Whether the owner has not ended it yet."""
        return self.state in {"going", "done"}


def standing(store: Store, folder: Folder, config: Config, now: datetime) -> Standing:
    """How far the incident is, that is going on or was the last."""
    actions = walk.log(folder)
    last = ends(actions)
    since = last[-1].noted if last else None
    here = current(actions)
    lines = incident.first_hour(walk.accounts(folder, config))
    ticked = {(one.step, one.account) for one in here if one.step is not None}
    left = [line for line in lines if (line.step, line.account) not in ticked]
    fresh = [(finding, when) for finding, when in denied(store) if since is None or when > since]
    times = [*(when for _, when in fresh), *(one.noted for one in here if one.step is not None)]
    state: State = "none"
    if times:
        state = "going" if left else "done"
    elif last and now - last[-1].noted < RECENT:
        state = "ended"
    return Standing(
        state=state,
        done=len(lines) - len(left),
        total=len(lines),
        next=left[0].what if left else None,
        denied=tuple(finding for finding, _ in (fresh or denied(store) if state != "none" else ())),
        begun=min(times, default=None),
        ended=last[-1].at.astimezone(TOKYO).date() if last else None,
    )


def denied(store: Store) -> list[tuple[Finding, datetime]]:
    """What the owner said was not his doing, and when he said so: what begins an incident."""
    return [
        (alert.finding, when)
        for alert, when in store.denials()
        if alert.finding.kind not in NOT_AN_ACT and alert.finding.kind is not Kind.SILENCE
    ]


def unexplained(store: Store) -> list[Finding]:
    """Notices that did not come and of which the owner does not know why."""
    return [alert.finding for alert, _ in store.denials() if alert.finding.kind is Kind.SILENCE]


def usual_since(store: Store, folder: Folder, config: Config, now: datetime) -> datetime:
    """From when the evidence is gathered unless the owner says otherwise: LEAD before the first act of the incident.

    That is what he denied since the last end, or ever, and the alarms that wait; LEAD before now where there is none.
    """
    fresh = standing(store, folder, config, now).denied or tuple(finding for finding, _ in denied(store))
    waiting = [alert.finding for alert in store.alerts() if alert.waits and alert.finding.level is Level.ALARM]
    acts = [finding.first for finding in (*fresh, *waiting) if finding.kind not in NOT_AN_ACT]
    return min([*acts, now]) - LEAD


def ends(actions: Sequence[Action]) -> list[Action]:
    """The ends of incidents that hold, oldest first: a RESUME takes the one before it back."""
    found: list[Action] = []
    for one in actions:
        if one.step == END:
            found.append(one)
        elif one.step == RESUME and found:
            found.pop()
    return found


def current(actions: Sequence[Action]) -> list[Action]:
    """What was done since the last end that holds, without the lines that end and resume."""
    last = ends(actions)
    since = actions.index(last[-1]) + 1 if last else 0
    return [one for one in actions[since:] if one.step not in {END, RESUME}]


def end(folder: Folder, standing: Standing, on: date, now: datetime, text: str = "", *, early: bool = False) -> None:
    """The owner ends his incident. early: although steps are left. Raises `HomeError` where that is not so."""
    if not standing.open:
        raise HomeError.of("いま、対応中のものはありません。", "no incident is going on")
    if standing.state == "going" and not early:
        left = standing.total - standing.done
        raise HomeError.of(
            f"手順がまだ{left}残っています。残したまま終えるなら、そのことを確かめてください。",
            f"steps are left ({left}); say so if you mean to end it all the same",
        )
    if on > now.astimezone(TOKYO).date():
        raise HomeError.of("終えた日は、今日までの日付にしてください。", "choose a day up to today")
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=TOKYO)
    what = "対応を終えた" + (f": {text}" if text else "")
    walk.note(folder, Action(at=min(noon, now), noted=now, what=what[: walk.MOST_TEXT], step=END))


def resume(folder: Folder, now: datetime) -> None:
    """Take the last end back. Raises `HomeError` where there is none."""
    if not ends(walk.log(folder)):
        raise HomeError.of("終えた対応はありません。", "no incident was ended")
    walk.note(folder, Action(at=now, noted=now, what="対応をもう一度始めた", step=RESUME))


def progress(found: Standing) -> Words:
    """One line on an incident that is going on, is done, or was ended lately."""
    if found.state == "going":
        step = found.next or Words("", "")
        return Words(
            f"対応中: {found.done}/{found.total} 済み。次にすること: {step.ja}",
            f"in progress: {found.done} of {found.total} done; next: {step.en}",
        )
    if found.state == "done":
        return Words(
            f"対応中: {found.total}/{found.total} 済み。落ち着いたら「対応を終える」で日付を残してください。",
            f"in progress: all {found.total} done; when it is over, end it, so that the day is kept",
        )
    if found.denied:
        return Words(
            f"「私ではありません」と答えたことがあります(対応は {found.ended} に終わり)。"
            "注文・保有・設定をときどき見直してください。",
            f"you said of something that it was not you (ended on {found.ended}): keep looking at orders, holdings and"
            " settings",
        )
    return Words(f"対応を {found.ended} に終えました。", f"the incident was ended on {found.ended}")


def reminders(store: Store, folder: Folder, config: Config, now: datetime) -> list[Words]:
    """What the weekly digest says of an incident, and of what did not come for no known reason."""
    found, unknown = standing(store, folder, config, now), unexplained(store)
    lines = [] if found.state == "none" else [progress(found)]
    return lines + [
        Words(f"理由が不明: {one.sentence.ja}", f"reason unknown: {one.sentence.en}") for one in unknown[:5]
    ]
