"""Which takeovers were found, and when: recall, recall in time, and the time from the attacker's first act.

A takeover is *found* when a decision on its account between the attacker's first act and 24 hours after the last one
(but not beyond the takeover's end) is an alert. It is found *in time* when the first alert is no later than the first
loss, the decision on that very order or withdrawal counted: it precedes the act's taking effect. A takeover without a
loss is found in time when the alert comes no later than the attacker's last act.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np

from kuraban.evaluate.decided import ACTIONS, RANK, Decided, Verdict
from kuraban.evaluate.report import Band, Budget, Detection, OperatingPoint, Rate, Share
from kuraban.evaluate.statistics import allowance, clustered, quantile, threshold, wilson
from kuraban.evaluate.world import Takeover, World

BUDGETS = (1e-3, 1e-4, 1e-5)
BANDS = ((1e-4, 1e-3), (1e-3, 1e-2), (0.01, 0.1), (0.1, 0.5), (0.5, 1.0))
BASE_RATE = 5e-6  # takeovers per account and day: between the mean of 2025 in Japan, 2e-6, and its peak, 7e-6
POINTS = ("notify", "challenge", "hold")
GRACE = 24 * 3_600_000_000
Alert = Callable[[Verdict], bool]


def share(hits: int, total: int) -> Share:
    """A proportion with its Wilson interval; the share of nothing is None."""
    low, high = wilson(hits, total)
    return Share(hits, total, hits / total if total else None, low, high)


def verdicts_on(takeover: Takeover, decided: Decided) -> list[Verdict]:
    """The decisions in time order by which the takeover can be found."""
    if not takeover.acts:
        return []
    until = min(takeover.end, takeover.last + GRACE)
    return [v for v in decided.victims.get(takeover.account, []) if takeover.acts[0].time <= v.time <= until]


def first_alert(verdicts: list[Verdict], alert: Alert) -> Verdict | None:
    """The first alert among decisions in time order."""
    return next((verdict for verdict in verdicts if alert(verdict)), None)


def above(limit: float) -> Alert:
    """An alert is a probability above the limit."""
    return lambda verdict: verdict.probability > limit


def _clusters(takeovers: list[Takeover], hits: list[bool]) -> tuple[float, float]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for number, (takeover, hit) in enumerate(zip(takeovers, hits, strict=True)):
        own = found[takeover.campaign or f"#{number}"]
        own[0] += hit
        own[1] += 1
    return clustered([own[0] for own in found.values()], [own[1] for own in found.values()])


def detect(takeovers: list[Takeover], decided: Decided, alert: Alert) -> Detection:
    """Recall, recall in time and time to the first alert over some takeovers."""
    found, in_time, waits, on_owner = [], [], [], 0
    for takeover in takeovers:
        first = first_alert(verdicts_on(takeover, decided), alert)
        found.append(first is not None)
        in_time.append(first is not None and takeover.deadline is not None and first.time <= takeover.deadline)
        if first is not None and takeover.start is not None:
            waits.append((first.time - takeover.start) / 1e6)
            on_owner += first.event is not None and all(act.id != first.event for act in takeover.acts)
    return Detection(
        share(sum(found), len(takeovers)),
        share(sum(in_time), len(takeovers)),
        len({takeover.campaign or f"#{number}" for number, takeover in enumerate(takeovers)}),
        _clusters(takeovers, found),
        _clusters(takeovers, in_time),
        on_owner,
        quantile(waits, 0.5),
        quantile(waits, 0.9),
    )


def by_family(world: World, decided: Decided, alert: Alert) -> tuple[Detection, dict[str, Detection]]:
    """Detection overall and per attacker family."""
    families = sorted({takeover.family for takeover in world.takeovers})
    parts = {name: [t for t in world.takeovers if t.family == name] for name in families}
    return detect(world.takeovers, decided, alert), {name: detect(part, decided, alert) for name, part in parts.items()}


def innocent(world: World, decided: Decided) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of the decided account-days are innocent."""
    guilty = np.fromiter(world.touched, dtype=np.int64)
    return ~np.isin(decided.days, guilty)


def budgets(world: World, decided: Decided) -> list[Budget]:
    """Detection at each budget of innocent account-days."""
    scores = decided.peaks[innocent(world, decided)]
    afterwards = decided.peaks[np.isin(decided.days, np.fromiter(world.recovering, dtype=np.int64))]
    found = []
    for budget in BUDGETS:
        limit = threshold(scores, budget, world.innocent_days)
        overall, families = by_family(world, decided, above(limit))
        flagged = int((scores > limit).sum())
        allowed = allowance(budget, world.innocent_days)
        means = _mean(own.recall for own in families.values()), _mean(own.in_time for own in families.values())
        again = int((afterwards > limit).sum())
        found.append(Budget(budget, allowed, flagged, again, limit, overall, families, *means))
    return found


def _mean(shares: Iterable[Share]) -> float | None:
    known = [share.share for share in shares if share.share is not None]
    return sum(known) / len(known) if known else None


def operating_points(world: World, decided: Decided) -> list[OperatingPoint]:
    """Detection by the actions themselves, and the share of innocent account-days they touch."""
    guilty = world.touched
    found = []
    for least in POINTS:
        rank = RANK[least]
        days = {cell for cell, at in decided.friction if at >= rank and cell not in guilty}
        overall, families = by_family(world, decided, lambda verdict, rank=rank: verdict.rank >= rank)  # type: ignore[misc]
        rate = 1e4 * len(days) / max(1, world.innocent_days)
        found.append(OperatingPoint(ACTIONS[rank], len(days), rate, overall, families))
    return found


def bands(world: World, decided: Decided) -> list[Band]:
    """Expected against observed in the top bands of probability; days after an attack belong to neither."""
    weight = min(1.0, BASE_RATE * world.account_days / max(1, len(world.takeovers)))
    attacked = np.isin(decided.days, np.fromiter(world.attacked, dtype=np.int64))
    judged = attacked | innocent(world, decided)
    found = []
    for low, high in BANDS:
        inside = judged & (decided.peaks >= low) & ((decided.peaks < high) | (high == 1.0))
        expected, theirs = float(decided.peaks[inside].sum()), float(decided.peaks[inside & attacked].sum())
        observed = int((inside & attacked).sum())
        at_base = expected - (1 - weight) * theirs
        found.append(Band(low, high, int(inside.sum()), expected, observed, at_base, weight * observed))
    return found


def _rate(basis: str, budget: float, limit: float, flagged: int, days: int) -> Rate:
    low, high = wilson(flagged, days)
    return Rate(basis, budget, limit, flagged, days, flagged / days if days else None, low, high)


def rates(world: World, decided: Decided, elsewhere: list[Budget]) -> list[Rate]:
    """Realised against nominal alert rates: do thresholds travel?

    A threshold set without labels on the first half of the days (every account-day counted, attacked ones too) is
    applied to the innocent days of the second half; so are the thresholds of another world's report, to the whole.
    """
    clean = innocent(world, decided)
    found = []
    middle = (world.opening + world.closing + 1) // 2
    early = (decided.days & 0xFFFFFF) < middle[decided.days >> 24]
    before = int(np.maximum(0, middle - world.first_day).sum())
    guilty = np.fromiter(world.touched, dtype=np.int64)
    guilty_late = int((guilty & 0xFFFFFF >= middle[guilty >> 24]).sum())
    after = world.account_days - before - guilty_late
    for budget in BUDGETS:
        limit = threshold(decided.peaks[early], budget, before)
        flagged = int((decided.peaks[clean & ~early] > limit).sum())
        found.append(_rate("first half, unlabelled", budget, limit, flagged, after))
    for other in elsewhere:
        flagged = int((decided.peaks[clean] > other.threshold).sum())
        found.append(_rate("another world", other.budget, other.threshold, flagged, world.innocent_days))
    return found
