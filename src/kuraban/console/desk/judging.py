"""One verdict for several accounts of a ring or spray: chosen one by one, looked at again, then given.

Accounts are chosen by boxes on the group's page. The first button leads to a page that says how many and which; only
its button acts. Each alert is judged as it was seen when it was chosen, and the group must be as large as it was then:
else nothing is done at all, and whoever asked is told. All of it works without a script.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from kuraban.console.desk.choosing import MOST_LISTED, gravest_first
from kuraban.console.desk.crowd import named, path, title
from kuraban.console.desk.members import Group
from kuraban.console.desk.seat import Visit
from kuraban.console.desk.shown import shown
from kuraban.journal import alerts
from kuraban.journal.alerts import Alert, Seen
from kuraban.server import verdicts
from kuraban.server.problems import ProblemError

MOST_CHOSEN = 10_000
STEPS = (alerts.TAKEOVER, alerts.OWNER, alerts.ACKNOWLEDGED)
_MOST_WHY = 2000
_SEEN = re.compile(r"(open|acknowledged)\.(\d{1,18})", re.ASCII)
_ONE = re.compile(r"(\d{1,18}):(open|acknowledged)\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """What a form asks for. only: the alerts meant, each as it was seen; seen: how many waited."""

    group: Group
    state: str
    why: str
    seen: int
    only: Mapping[int, Seen]


async def check(visit: Visit) -> Response:
    """The page that says what would be done to whom, and asks once more."""
    group = named(visit.form.get("id", ""))
    found = await visit.service.read(lambda connection: alerts.members(connection, group.id))
    asked = _asked(visit, group, _ticked(visit, found))
    try:
        meant = verdicts.chosen(found, asked.only)
    except verdicts.GroupError as error:
        raise ProblemError(409, "group-changed", str(error)) from None
    able = [each for each in meant if asked.state in alerts.NEXT[each.state]]
    return visit.page(
        "group_act.html",
        asked=asked,
        title=title(visit.live, group),
        able=[shown(each) for each in able[:MOST_LISTED]],
        count=len(able),
        already=len(meant) - len(able),
        left=len(found) - len(meant),
        chosen=" ".join(f"{number}:{seen.state}.{seen.act or 0}" for number, seen in asked.only.items()),
        back=path(group),
    )


async def act(visit: Visit) -> Response:
    """Give the verdict: to all that were chosen, or to none."""
    group = named(visit.form.get("id", ""))
    only = {}
    for word in visit.form.get("chosen", "").split()[: MOST_CHOSEN + 1]:
        one = _ONE.fullmatch(word)
        if one is None:
            raise ProblemError(422, "nobody-chosen")
        only[int(one[1])] = Seen(one[2], int(one[3]) or None)
    asked = _asked(visit, group, only)
    try:
        await _give(visit, asked)
    except KeyError:
        raise ProblemError(409, "group-settled") from None
    except verdicts.GroupError as error:
        raise ProblemError(409, "group-changed", str(error)) from None
    except alerts.IllegalStepError as error:
        raise ProblemError(409, "conflict", str(error)) from None
    return visit.go(path(group))


async def _give(visit: Visit, asked: Asked) -> None:
    who, by = visit.person.name, f"console:{visit.person.id}"
    expect: int | None = asked.seen
    only, left = dict(asked.only), 1
    while left:
        changed, left = await verdicts.step_group(
            visit.service, asked.group.id, asked.state, who, asked.why, by, expect, only
        )
        done = {each.id for each in changed}
        expect, only = None, {number: seen for number, seen in only.items() if number not in done}


def _ticked(visit: Visit, found: list[Alert]) -> dict[int, Seen]:
    """The alerts chosen, as they were seen: those ticked, and with the box for them all that were not listed."""
    only = {}
    for name, value in visit.form.items():
        seen = _SEEN.fullmatch(value)
        if name.startswith("pick-") and name[5:].isascii() and name[5:].isdigit() and seen is not None:
            only[int(name[5:][:18])] = Seen(seen[1], int(seen[2]) or None)
    if visit.form.get("rest") == "yes":
        only |= {each.id: Seen(each.state, each.act) for each in gravest_first(found)[MOST_LISTED:]}
    return only


def _asked(visit: Visit, group: Group, only: Mapping[int, Seen]) -> Asked:
    form = visit.form
    state, why, seen = form.get("state", ""), form.get("why", "").strip(), form.get("seen", "")
    if state not in STEPS or not why or len(why) > _MOST_WHY or not (seen.isascii() and seen[:9].isdigit()):
        raise ProblemError(422, "verdict-needed")
    if not 0 < len(only) <= MOST_CHOSEN:
        raise ProblemError(422, "nobody-chosen")
    return Asked(group, state, why, int(seen[:9]), only)
