"""The first page: one light, one sentence, and the one thing that needs an answer first."""

import hashlib
from typing import NamedTuple

from starlette.responses import Response

from kuraban.console.frame import HEADERS
from kuraban.console.home.findings import shown
from kuraban.console.home.seat import Page, Visit
from kuraban.home.condition import NOTHING, Condition, condition
from kuraban.home.digest import WEEK
from kuraban.home.model import Verdict


def present(visit: Visit) -> Condition:
    """How things stand, as the watch of this program and the store say."""
    running = visit.seat.running
    stopped = running.why if running.state == "stopped" else None
    found = condition(visit.store, visit.folder, visit.config, visit.now(), stopped)
    if running.state == "elsewhere" and found.beat is None and found.light != "red" and not found.waiting:
        return Condition(light="yellow", sentence=NOTHING, trouble=None, waiting=(), beat=None, watching=False)
    return found


def first(visit: Visit) -> Response:
    """The whole page."""
    found = present(visit)
    done = visit.store.alert(visit.request.query_params.get("done", ""))
    mark = _mark(found)
    return visit.page(
        "light.html",
        condition=found,
        mark=mark,
        fresh=False,
        seen=_digest(found, mark),
        shown=shown(visit.store, found.waiting[0]) if found.waiting else None,
        week=_week(visit),
        done=shown(visit.store, done) if done is not None and not done.open else None,
    )


def part(visit: Visit) -> Response:
    """The light alone, as the page asks for it again and again: nothing where nothing has changed, so that a screen
    reader does not read it out each time. mark: what waited when the page was made; seen: what it shows now."""
    found = present(visit)
    mark = visit.request.query_params.get("mark", "")
    digest = _digest(found, mark)
    if visit.request.query_params.get("seen") == digest:
        return Response(status_code=204, headers=HEADERS)
    return visit.page("light_part.html", condition=found, mark=mark, seen=digest, fresh=_mark(found) != mark)


def _digest(found: Condition, mark: str) -> str:
    trouble = found.trouble.en if found.trouble else ""
    also = " ".join(words.en for words in found.also)
    parts = (found.light, found.sentence.en, also, trouble, str(found.beat), str(_mark(found) != mark))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class Week(NamedTuple):
    """Mails of brokers that came within a week; older: those read within it that had come before."""

    genuine: int
    unproved: int
    forged: int
    older: int


def _week(visit: Visit) -> Week | None:
    """None where no mail was ever read."""
    if visit.store.newest_mail() is None:
        return None
    since = visit.now() - WEEK
    counts = visit.store.counts(since)
    of = {v: sum(n for (broker, verdict), n in counts.items() if broker and verdict is v) for v in Verdict}
    forged = of[Verdict.FORGED] + of[Verdict.LOOKALIKE]
    return Week(of[Verdict.VERIFIED], of[Verdict.UNVERIFIED], forged, visit.store.late(since))


def _mark(found: Condition) -> str:
    """Changes when something else waits."""
    waiting = " ".join(sorted(alert.finding.id for alert in found.waiting))
    return hashlib.sha256(waiting.encode()).hexdigest()[:16]


PAGES = (Page("GET", "/", first), Page("GET", "/light", part))
