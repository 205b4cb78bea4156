"""Belief over time as a chart: one step for each event, probability on a log-odds scale, with the actions it led to.

An attack lasts minutes and an account years, so time is no axis for both. Events stand at equal distances; where
nothing happened for an hour or more there is an empty step that says how long it was.
"""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from kuraban.console.desk.opened import Entry
from kuraban.console.desk.seat import Visit
from kuraban.console.frame import Language, language_of
from kuraban.console.words import ACTIONS, EVENTS, lasting, share
from kuraban.decisions import Decision

# Beyond one in a hundred thousand, and short of certain by one in ten thousand, a line says nothing more.
_LEAST, _MOST = 1e-5, 1 - 1e-4
_RANGE = (-11.8, 9.5)
_GAP_S = 3600
# Each action by its own shape, so that nobody needs to tell colours apart.
_MARKED = (("challenge", "warn", "triangle"), ("hold", "bad", "square"), ("lock", "bad", "cross"))


class Step(NamedTuple):
    """A decision on the account. at: in the zone that pages show. seq: of its event. kind: the event's type; None where
    another account's event led to it."""

    at: datetime
    seq: int
    kind: str | None
    decision: Decision


def chart(visit: Visit, account: str, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """What `charts.js` draws of an account's events, newest first; None where nothing was decided on it."""
    zone = ZoneInfo(visit.service.options.timezone)
    found = steps(account, entries, zone)
    return drawn(found, language_of(visit.request)) if found else None


def steps(account: str, entries: Sequence[Entry], zone: ZoneInfo) -> list[Step]:
    """The decisions on an account, oldest first. entries: newest first."""
    found = [
        Step(
            datetime.fromisoformat(decision.time).astimezone(zone),
            entry.seq,
            entry.event.type if entry.event is not None and decision.event is not None else None,
            decision,
        )
        for entry in reversed(entries)
        for decision in reversed(entry.decisions)
        if decision.account == account
    ]
    return sorted(found, key=lambda each: each.at)


def drawn(found: Sequence[Step], language: Language) -> dict[str, Any]:
    """At least one step, as `charts.js` wants it."""
    i = 0 if language == "ja" else 1
    pauses = [0.0, *((b.at - a.at).total_seconds() for a, b in itertools.pairwise(found))]
    x = (np.arange(len(found)) + np.cumsum([pause >= _GAP_S for pause in pauses])).tolist()
    belief = [_logit(each.decision.probability) for each in found]
    series = [_series(("確率", "probability")[i], belief, "steps", "link")]
    for action, colour, shape in _MARKED:
        values = [v if each.decision.action == action else None for v, each in zip(belief, found, strict=True)]
        if any(value is not None for value in values):
            series.append({**_series(ACTIONS[action][i], values, "points", colour), "shape": shape})
    return {
        "x": x,
        "time": False,
        "y": "logit",
        "range": _RANGE,
        "series": series,
        "ticks": [[f"{each.at:%H:%M}", f"{each.at.month}/{each.at.day}", str(each.at.year)] for each in found],
        "gaps": [
            {"x": at - 1, "seconds": round(pause), "label": lasting(pause, language)}
            for at, pause in zip(x, pauses, strict=True)
            if pause >= _GAP_S
        ],
        "says": [_said(each, i) for each in found],
        "rows": [f"event-{each.seq}" for each in found],
        "here": max(range(len(found)), key=lambda k: (found[k].decision.probability, k)),
    }


def _said(step: Step, i: int) -> str:
    words = EVENTS.get(step.kind, (step.kind, step.kind)) if step.kind else ("別の口座のイベント", "another's event")
    parts = (f"{step.at:%Y-%m-%d %H:%M:%S}", words[i], share(step.decision.probability))
    return " · ".join((*parts, ACTIONS[step.decision.action][i]))


def _series(label: str, values: Sequence[float | None], kind: str, colour: str) -> dict[str, Any]:
    return {"label": label, "values": values, "kind": kind, "colour": colour}


def _logit(probability: float) -> float:
    bounded = min(_MOST, max(_LEAST, probability))
    return round(float(np.log(bounded / (1 - bounded))), 3)
