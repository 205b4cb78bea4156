"""The statistics of an honest count: intervals, budgets and quantiles."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054


def wilson(hits: float, total: float, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion, (0, 1) when nothing was observed.

    centre ± half = [p + z²/2n ± z·√(p(1−p)/n + z²/4n²)] / (1 + z²/n)
    (Wilson, JASA 22, 1927; z = 1.96 gives 95 %.) Unlike p ± z·s it stays inside [0, 1] and is sound for 0 of n.
    """
    if total <= 0:
        return 0.0, 1.0
    p = hits / total
    shrink = 1 + z * z / total
    centre = (p + z * z / (2 * total)) / shrink
    half = z / shrink * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half))


def clustered(hits: Sequence[int], sizes: Sequence[int]) -> tuple[float, float]:
    """A 95 % interval for Σ hits / Σ sizes where members of a cluster share their fate, as a ring's members do.

    Wilson's interval with the effective sample size n/d, d the design effect: the variance between clusters,
    C/(C−1) · Σ_c (h_c − p·n_c)² / n², over p(1−p)/n, at least 1 (Korn & Graubard, Survey Methodology 24, 1998).
    At p = 0 or 1, where d cannot be told, and for a single cluster, every cluster counts as one observation.
    """
    total, clusters = sum(sizes), len(sizes)
    if not total:
        return 0.0, 1.0
    p = sum(hits) / total
    effective = float(clusters)
    if clusters > 1 and 0 < p < 1:
        between = sum((hit - p * size) ** 2 for hit, size in zip(hits, sizes, strict=True)) / total**2
        effective = min(total, p * (1 - p) / (between * clusters / (clusters - 1))) if between else total
    return wilson(p * effective, effective)


def allowance(budget: float, population: int) -> int:
    """How many of `population` a budget allows to be flagged: ⌊budget · population⌋."""
    return math.floor(budget * population + 1e-9)


def threshold(scores: NDArray[np.float64], budget: float, population: int) -> float:
    """The score that must be exceeded (>) so that at most `budget` of `population` is flagged.

    `scores` lists the members that have one; the others of the population count as 0. With k = ⌊budget·population⌋ it
    is the (k+1)-th largest score: of tied members either all are flagged or none, never more than k.
    """
    allowed = allowance(budget, population)
    if len(scores) <= allowed:
        return 0.0
    return float(np.partition(scores, len(scores) - allowed - 1)[len(scores) - allowed - 1])


def quantile(values: list[float], q: float) -> float | None:
    """The q-quantile by linear interpolation, None of nothing."""
    return float(np.quantile(np.asarray(values), q)) if values else None
