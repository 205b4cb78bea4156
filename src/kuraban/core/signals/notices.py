"""Silence where there should be a notice."""

import numpy as np

from kuraban.core.belief import put
from kuraban.core.jit import Int, Row, jit
from kuraban.core.signals import ids

DUE_MINUTES = 60


@jit
def score_missing(p: Row, s: Row, minute: Int) -> None:
    """Executions of an hour ago or more whose notice, otherwise always sent, was not."""
    if p["unnoticed"] < 1.0 or p["executions"] < 4.0:
        return
    if minute - np.int64(p["unnoticed_since"]) < DUE_MINUTES:
        return
    usual = np.float64(p["noticed"]) / max(1.0, np.float64(p["executions"]))
    if usual > 0.8:
        missing = np.float64(p["unnoticed"])
        put(s, ids.NOTICE_MISSING, min(2.0, 0.6 + 0.4 * missing) * (usual - 0.6) / 0.4, np.int64(missing))


@jit
def executed(p: Row, minute: Int) -> None:
    """An execution, for which a notice is now due."""
    p["executions"] += 1.0
    if p["unnoticed"] == 0.0:
        p["unnoticed_since"] = minute
    p["unnoticed"] += 1.0


@jit
def noticed(p: Row) -> None:
    """A notice of execution was sent."""
    if p["noticed"] < p["executions"]:
        p["noticed"] += 1.0
    p["unnoticed"] = 0.0
