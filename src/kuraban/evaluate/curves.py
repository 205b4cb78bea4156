"""Detection against friction: recall at any rate of alerts on innocent account-days, not at the three budgets alone."""

import numpy as np

from kuraban.evaluate.decided import Decided
from kuraban.evaluate.detection import innocent, verdicts_on
from kuraban.evaluate.report import Point
from kuraban.evaluate.statistics import allowance, threshold
from kuraban.evaluate.world import World

RATES = tuple(float(rate) for rate in np.geomspace(1e-5, 1e-1, 33))


def curve(world: World, decided: Decided) -> list[Point]:
    """Recall and recall in time at rates from 1/100,000 to 1/10; rates that allow not one alert are left out."""
    if not world.takeovers:
        return []
    scores = decided.peaks[innocent(world, decided)]
    highest, in_time = [], []
    for takeover in world.takeovers:
        verdicts = verdicts_on(takeover, decided)
        deadline = takeover.deadline or 0
        highest.append(max((v.probability for v in verdicts), default=0.0))
        in_time.append(max((v.probability for v in verdicts if v.time <= deadline), default=0.0))
    best, soon = np.asarray(highest), np.asarray(in_time)
    found = []
    for rate in RATES:
        if allowance(rate, world.innocent_days):
            limit = threshold(scores, rate, world.innocent_days)
            flagged = int((scores > limit).sum()) / world.innocent_days
            found.append(Point(rate, flagged, limit, float((best > limit).mean()), float((soon > limit).mean())))
    return found
