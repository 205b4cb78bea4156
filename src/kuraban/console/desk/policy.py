"""The page *Policy*: what decides and what each number means; another tried, proposed, agreed to; and the past."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from starlette.responses import Response

from kuraban.console.desk import policy_words, trial_plot, trials
from kuraban.console.desk.policy_words import SECTIONS, Firm, Line, Wrong
from kuraban.console.desk.reading import whole
from kuraban.console.desk.seat import Page, Visit
from kuraban.console.desk.trials import Trial
from kuraban.console.frame import language_of
from kuraban.core.policy import ACTIONS, PolicyError
from kuraban.journal import proposals, store
from kuraban.journal.proposals import Proposal
from kuraban.journal.store import PolicyVersion
from kuraban.server.policies import CONSOLE, Asker, RefusedError, barred, needed
from kuraban.server.problems import ProblemError

_MOST_TEXT = 65_536
_MOST_WHY = 2000
_DAYS = 30  # how far back a trial goes unless told otherwise
HISTORY = 20


async def page(visit: Visit) -> Response:
    """The whole page; `?trial=ID` or `?version=N` puts that text into the form."""
    query = visit.request.query_params
    text = visit.service.policies[-1].toml if visit.service.policies else ""
    trial = trials.of(visit.service).get(query.get("trial", ""))
    version = whole(query.get("version"))
    if trial is not None:
        text = trial.toml
    elif 0 < version <= len(visit.service.policies):
        text = visit.service.policies[version - 1].toml
    return await _page(visit, text)


class Amiss(NamedTuple):
    """What is wrong with a form beside the policy's text, said where it was typed. field: its name. proposal: whose
    form it is, 0 for that of the text."""

    field: str
    words: tuple[str, str]
    proposal: int = 0


_NO_REASON = (
    "理由を2,000文字以内で書いてください。何も変わっていません。",
    "Give a reason of at most 2,000 characters. Nothing was changed.",
)
_NO_DATE = ("日付を年-月-日で指定してください。", "The date is YYYY-MM-DD.")


async def _page(
    visit: Visit,
    text: str,
    *,
    wrong: Wrong | None = None,
    amiss: Amiss | None = None,
    why: str = "",
    since: str = "",
    status: int = 200,
) -> Response:
    service = visit.service
    desk = service.ready()
    settled = await service.read(lambda connection: proposals.listed(connection, None, HISTORY))
    current = service.policies[-1].load()
    waiting = [_waiting(visit, each) for each in service.control.waiting.values()]
    shadow = desk.shadow
    return visit.page(
        "policy.html",
        status,
        **({"back": "/policy"} if status != 200 else {}),
        current=service.policies[-1],
        lines=policy_words.lines(current),
        firm=policy_words.firm(current, service.policies[-1].toml),
        sections=SECTIONS,
        two_person=service.control.two_person,
        waiting=waiting,
        settled=[each for each in settled if each.state != proposals.PROPOSED],
        history=_history(service.policies),
        versions=len(service.policies),
        text=text,
        wrong=wrong,
        amiss=amiss,
        why=why,
        since=since or _days_ago(service.options.timezone),
        trials=trials.of(service).listed(),
        running=trials.of(service).running,
        shadow=(shadow.name, _pairs(shadow.pairs)) if shadow is not None else None,
        actions=ACTIONS,
    )


def _waiting(visit: Visit, proposal: Proposal) -> dict[str, Any]:
    record = policy_words.checked(proposal.toml)
    changed = [] if isinstance(record, Wrong) else _changed(record, proposal.toml, visit.service.policies[-1])
    asker = Asker(visit.person.name, key=_by(visit))
    return {
        "proposal": proposal,
        "changed": changed,
        "needed": needed(proposal),
        "own": asker.is_also(proposal),
        "barred": barred(proposal, asker) is not None,
    }


def _changed(record: np.ndarray, text: str, version: PolicyVersion) -> list[Line | tuple[Firm, Firm]]:
    """The numbers that differ from those of another policy, and the firm's part where it does."""
    before = version.load()
    found: list[Line | tuple[Firm, Firm]] = [line for line in policy_words.lines(record, before) if line.changed]
    firms = policy_words.firm(record, text), policy_words.firm(before, version.toml)
    return [*found, firms] if firms[0] != firms[1] else found


def _history(versions: list[PolicyVersion]) -> list[dict[str, Any]]:
    """The newest versions, each with what it changed."""
    found = []
    for number in range(len(versions) - 1, max(-1, len(versions) - 1 - HISTORY), -1):
        version = versions[number]
        changed = _changed(version.load(), version.toml, versions[number - 1]) if number else []
        found.append({"version": version, "changed": changed})
    return found


def _pairs(pairs: dict[tuple[int, int], int]) -> list[list[int]]:
    """Counts by action (rows) and the trial's action (columns)."""
    return [[pairs.get((mine, other), 0) for other in range(len(ACTIONS))] for mine in range(len(ACTIONS))]


def _days_ago(zone: str) -> str:
    return (datetime.now(ZoneInfo(zone)) - timedelta(days=_DAYS)).date().isoformat()


async def try_on_journal(visit: Visit) -> Response:
    """Begin a trial of a text on the journal."""
    text, since = _text(visit), visit.form.get("since", "")
    try:
        start = datetime.fromisoformat(since).replace(tzinfo=ZoneInfo(visit.service.options.timezone))
    except ValueError:
        return await _refused(visit, Amiss("since", _NO_DATE))
    wrong = policy_words.checked(text)
    if isinstance(wrong, Wrong):
        return await _page(visit, text, wrong=wrong, why=visit.form.get("why", ""), since=since, status=422)
    at = visit.service.clock.now()
    try:
        trial = trials.of(visit.service).start(text, visit.person.name, at, int(start.timestamp() * 1e6))
    except trials.BusyError:
        raise ProblemError(409, "trial-running") from None
    return visit.go(f"/policy/trials/{trial.id}")


async def propose(visit: Visit) -> Response:
    """Decide by a text from the next event on; under the two-person rule, propose to."""
    text, why = _text(visit), _why(visit)
    if not why:
        return await _refused(visit, Amiss("why", _NO_REASON))
    try:
        await visit.service.propose_policy(text, visit.person.name, why, _by(visit))
    except PolicyError:
        wrong = policy_words.checked(text)
        return await _page(visit, text, wrong=wrong if isinstance(wrong, Wrong) else None, why=why, status=422)
    except RefusedError as error:
        raise ProblemError(409, error.code, str(error)) from None
    return visit.go("/policy")


async def shadow(visit: Visit) -> Response:
    """Let a text decide along from the next event on; it decides nothing."""
    text, why = _text(visit), _why(visit)
    if not why:
        return await _refused(visit, Amiss("why", _NO_REASON))
    try:
        await visit.service.try_policy(text, visit.person.name, why)
    except PolicyError:
        wrong = policy_words.checked(text)
        return await _page(visit, text, wrong=wrong if isinstance(wrong, Wrong) else None, why=why, status=422)
    return visit.go("/policy")


async def decide(visit: Visit) -> Response:
    """Approve a proposal or turn it down."""
    number, approve = whole(visit.request.path_params["proposal"]), visit.form.get("approve") == "yes"
    why = _why(visit)
    if not why:
        return await _refused(visit, Amiss("why", _NO_REASON, number))
    try:
        await visit.service.decide_proposal(number, approve, visit.person.name, why, _by(visit))
    except KeyError:
        raise ProblemError(404, "not-found", f"there is no proposal {number}") from None
    except RefusedError as error:
        raise ProblemError(409, error.code, str(error)) from None
    except PolicyError as error:
        raise ProblemError(409, "conflict", str(error)) from None
    return visit.go("/policy")


async def trial(visit: Visit) -> Response:
    """A trial: how far it is, or both sides with friction against loss."""
    found = _trial(visit)
    record, current = policy_words.checked(found.toml), visit.service.policies[-1]
    changed = [] if isinstance(record, Wrong) else _changed(record, found.toml, current)
    drawn = trial_plot.plot(found.result, language_of(visit.request)) if found.result is not None else None
    return visit.page("trial.html", trial=found, changed=changed, actions=ACTIONS, plot=drawn, states=trials)


async def cancel(visit: Visit) -> Response:
    """End a running trial."""
    found = _trial(visit)
    trials.of(visit.service).cancel(found.id)
    return visit.go(f"/policy/trials/{found.id}")


async def version(visit: Visit) -> Response:
    """A policy of the past as it was written."""
    number, versions = whole(visit.request.path_params["version"]), visit.service.policies
    if not 0 < number <= len(versions):
        raise ProblemError(404, "not-found", f"there is no policy {number}")
    found = versions[number - 1]
    changed = _changed(found.load(), found.toml, versions[number - 2]) if number > 1 else []
    _, end = await visit.service.read(store.bounds)
    until = versions[number].first if number < len(versions) else end
    return visit.page("policy_version.html", version=found, changed=changed, decided=until - found.first)


def _trial(visit: Visit) -> Trial:
    found = trials.of(visit.service).get(visit.request.path_params["trial"])
    if found is None:
        raise ProblemError(404, "not-found", "there is no such trial, or it is kept no longer")
    return found


def _by(visit: Visit) -> str:
    return f"{CONSOLE}{visit.person.id}"


def _text(visit: Visit) -> str:
    text = visit.form.get("toml", "").replace("\r\n", "\n")
    if len(text) > _MOST_TEXT:
        raise ProblemError(413, "too-large", f"a policy has at most {_MOST_TEXT} characters")
    return text


def _why(visit: Visit) -> str:
    """The reason given; "" for none that will do."""
    why = visit.form.get("why", "").strip()
    return why if len(why) <= _MOST_WHY else ""


async def _refused(visit: Visit, amiss: Amiss) -> Response:
    """The page again with everything as it was typed, and what is wrong where it is."""
    form = visit.form
    current = visit.service.policies[-1].toml if visit.service.policies else ""
    text = current if amiss.proposal else _text(visit)
    return await _page(visit, text, amiss=amiss, why=form.get("why", ""), since=form.get("since", ""), status=422)


PAGES = (
    Page("GET", "/policy", "viewer", page),
    Page("POST", "/policy/try", "analyst", try_on_journal),
    Page("POST", "/policy/propose", "manager", propose),
    Page("POST", "/policy/shadow", "manager", shadow),
    Page("POST", "/policy/proposals/{proposal}", "manager", decide),
    Page("GET", "/policy/trials/{trial}", "viewer", trial),
    Page("POST", "/policy/trials/{trial}/cancel", "analyst", cancel),
    Page("GET", "/policy/versions/{version}", "viewer", version),
)
