"""Belief over time as a chart: probability on a log-odds scale in steps, with the actions it led to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from kuraban.console.desk.opened import Entry
from kuraban.console.desk.seat import Visit
from kuraban.console.frame import language_of
from kuraban.console.words import ACTIONS

# Beyond one in a hundred thousand, and short of certain by one in ten thousand, a line says nothing more.
_LEAST, _MOST = 1e-5, 1 - 1e-4
_RANGE = (-11.8, 9.5)
_MARKED = (("challenge", "warn"), ("hold", "bad"), ("lock", "bad"))


def chart(visit: Visit, account: str, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """What `charts.js` draws of an account's events, newest first; None where nothing was decided on it."""
    ja = language_of(visit.request) == "ja"
    decided = [
        (datetime.fromisoformat(decision.time).timestamp(), decision)
        for entry in reversed(entries)
        for decision in reversed(entry.decisions)
        if decision.account == account
    ]
    found = sorted(decided, key=lambda each: each[0])
    if not found:
        return None
    belief = [_logit(decision.probability) for _, decision in found]
    series = [_series("確率" if ja else "probability", belief, "steps", "link")]
    for action, colour in _MARKED:
        values = [value if one.action == action else None for value, (_, one) in zip(belief, found, strict=True)]
        if any(value is not None for value in values):
            series.append(_series(ACTIONS[action][0 if ja else 1], values, "points", colour))
    x = [time for time, _ in found]
    return {"x": x, "y": "logit", "series": series, "zone": visit.service.options.timezone, "range": _RANGE}


def _series(label: str, values: Sequence[float | None], kind: str, colour: str) -> dict[str, Any]:
    return {"label": label, "values": values, "kind": kind, "colour": colour}


def _logit(probability: float) -> float:
    bounded = min(_MOST, max(_LEAST, probability))
    return round(float(np.log(bounded / (1 - bounded))), 3)
