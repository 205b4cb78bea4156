"""What analysts do about an alert: a state and its reason, or a note; safe to send again, refused where it is stale.

Every form carries what its sender saw, `STATE.ACT` (the state, and the number of the newest act, 0 for none). An act on
an alert that somebody else has changed since changes nothing and tells who did what. The same act sent twice, because
the first answer was lost, is done once.
"""

from starlette.responses import Response

from kuraban.console.desk.seat import Page, Visit
from kuraban.console.desk.shown import shown
from kuraban.journal import alerts
from kuraban.journal.alerts import ACKNOWLEDGED, OPEN, OWNER, STATES, TAKEOVER, Alert, ChangedError, Seen
from kuraban.server import verdicts
from kuraban.server.problems import ProblemError

NOTE = "note"
ACTS = (ACKNOWLEDGED, TAKEOVER, OWNER, OPEN, NOTE)
_MOST_WHY = 2000

# Reasons to choose from, in both languages; whoever knows better writes his own.
CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    TAKEOVER: (
        ("本人が否認(電話で確認)", "denied by the owner by telephone"),
        ("本人が否認(その他の方法で確認)", "denied by the owner by other means"),
        ("連絡先・出金先の変更が本人のものでない", "contacts or payout account changed by somebody else"),
        ("他の被害口座と同じ回線・端末", "same network or device as other accounts taken over"),
        ("組織的な買い上げの一部", "part of a ring that pushes a name"),
    ),
    OWNER: (
        ("本人に電話で確認", "confirmed with the owner by telephone"),
        ("旅行・転居による回線の変化", "travel or a move explains the connection"),
        ("機種変更・買い替え", "a new telephone or computer"),
        ("家計簿サービス・自動売買など本人のプログラム", "an aggregator or program of the owner's"),
        ("家族・代理人による操作", "acted by family or an agent"),
    ),
    NOTE: (),
}


async def act(visit: Visit) -> Response:
    """Do something about an alert."""
    number, what, why, seen = _read(visit)
    try:
        await _do(visit, number, what, why, seen)
    except KeyError:
        raise ProblemError(404, "not-found") from None
    except ChangedError as error:
        if not _mine(visit, error, what, why, seen):
            return await _answer(visit, number, 409, conflict=error.act)
    except alerts.IllegalStepError:
        return await _answer(visit, number, 409, conflict=None)
    return await _answer(visit, number, 200)


async def ask(visit: Visit) -> Response:
    """The form for an act, where there is no script to show it in place."""
    number, what = _number(visit), visit.request.path_params["what"]
    if what not in ACTS:
        raise ProblemError(404, "not-found")
    found = await _found(visit, number)
    return visit.page("act.html", each=shown(found), what=what, choices=CHOICES)


async def _do(visit: Visit, number: int, what: str, why: str, seen: Seen) -> None:
    who, by = visit.person.name, f"console:{visit.person.id}"
    if what == NOTE:
        await verdicts.note(visit.service, number, who, why, by, after=seen.act)
    else:
        await verdicts.step(visit.service, number, what, who, why, by, seen)


def _mine(visit: Visit, error: ChangedError, what: str, why: str, seen: Seen) -> bool:
    """Whether what changed the alert since is this very act, sent before."""
    last = error.act
    if last is None or last.id <= (seen.act or 0):
        return False
    return (last.who, last.state, last.why) == (visit.person.name, what, why)


def _read(visit: Visit) -> tuple[int, str, str, Seen]:
    """What a form asks for. Raises `ProblemError` for one that is none of ours, or lacks its reason."""
    what = visit.form.get("what", "")
    parts = [visit.form.get(name, "").strip() for name in ("choice", "why")]
    why = ": ".join(part for part in parts if part)
    state, _, last = visit.form.get("seen", "").partition(".")
    if what not in ACTS or state not in STATES or not (last.isascii() and last.isdigit() and len(last) < 19):
        raise ProblemError(400, "invalid-request")
    if len(why) > _MOST_WHY or (what in CHOICES and not why):
        raise ProblemError(422, "reason-needed")
    return _number(visit), what, why, Seen(state, int(last) or None)


def _number(visit: Visit) -> int:
    return min(int(visit.request.path_params["alert"]), 2**62)


async def _found(visit: Visit, number: int) -> Alert:
    try:
        return await visit.service.read(lambda connection: alerts.get(connection, number))
    except KeyError:
        raise ProblemError(404, "not-found") from None


async def _answer(visit: Visit, number: int, status: int, **more: alerts.Act | None) -> Response:
    """The alert as it is now: the part of the page that asked, or the page."""
    part = visit.request.headers.get("x-part")
    if part is None and status == 200:
        return visit.go(f"/alerts/{number}")
    found = await _found(visit, number)
    acts = await visit.service.read(lambda connection: verdicts.act_views(alerts.acts_of(connection, number)))
    template = {"row": "_row.html", "case": "_case.html"}.get(part or "", "act_conflict.html")
    return visit.page(template, status, each=shown(found), acts=acts, **{"conflict": None, "failed": status, **more})


PAGES = (
    Page("POST", "/alerts/{alert:int}/act", "analyst", act),
    Page("GET", "/alerts/{alert:int}/act/{what}", "analyst", ask),
)
