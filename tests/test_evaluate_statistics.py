"""Intervals, thresholds and quantiles of the evaluation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuraban.evaluate.statistics import allowance, clustered, quantile, threshold, wilson


def test_the_published_interval_of_nine_in_ten() -> None:
    """Wilson's interval for 9 of 10 at 95 % is 59.6 % to 98.2 %."""
    assert wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)


def test_ten_members_who_share_their_fate_count_as_one() -> None:
    """Four rings of ten, two found whole and two missed whole: as wide as 2 of 4, and a little more."""
    low, high = clustered([10, 10, 0, 0], [10] * 4)
    assert (low, high) == pytest.approx(wilson(1.5, 3))


def test_members_who_fare_alone_keep_the_plain_interval() -> None:
    """Every ring half found: nothing is shared, the effective size is the number of takeovers."""
    assert clustered([5] * 4, [10] * 4) == pytest.approx(wilson(20, 40))


def test_all_found_in_three_rings_is_three_of_three() -> None:
    assert clustered([10, 10, 10], [10] * 3) == pytest.approx(wilson(3, 3))


@given(st.lists(st.integers(1, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=12))
def test_clusters_never_make_the_interval_narrower(clusters: list[tuple[int, int]]) -> None:
    hits, sizes = [hit for hit, _ in clusters], [size for _, size in clusters]
    low, high = clustered(hits, sizes)
    plain_low, plain_high = wilson(sum(hits), sum(sizes))
    assert 0 <= low <= plain_low + 1e-9
    assert plain_high - 1e-9 <= high <= 1


def test_nothing_observed_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 10**7).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_holds_the_estimate_and_stays_a_share(counts: tuple[int, int]) -> None:
    hits, total = counts
    low, high = wilson(hits, total)
    assert 0.0 <= low <= hits / total <= high <= 1.0
    assert low < high


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.999, 1.0]) | st.floats(0, 1), max_size=60),
    st.integers(0, 40),
    st.floats(0, 1),
)
def test_the_threshold_never_flags_more_than_the_budget(scores: list[float], silent: int, budget: float) -> None:
    """Ties included, and members without a score counted in the population."""
    population = len(scores) + silent
    limit = threshold(np.asarray(scores, dtype=np.float64), budget, population)
    assert sum(score > limit for score in scores) <= budget * population + 1e-6


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60, unique=True), st.floats(0, 1))
def test_without_ties_the_threshold_spends_the_whole_budget(scores: list[float], budget: float) -> None:
    limit = threshold(np.asarray(scores), budget, len(scores))
    positive = sum(score > 0 for score in scores)
    assert sum(score > limit for score in scores) == min(allowance(budget, len(scores)), positive)


def test_a_budget_of_one_in_ten_of_thirty_allows_three() -> None:
    assert allowance(0.1, 30) == 3


def test_a_tie_across_the_limit_flags_none_of_the_tied() -> None:
    """Two may be flagged, three share the top score: none is."""
    scores = np.asarray([0.9, 0.9, 0.9, 0.1])
    assert threshold(scores, 0.5, 4) == 0.9


def test_the_median_of_nothing_is_unknown() -> None:
    assert quantile([], 0.5) is None
    assert quantile([1.0, 3.0], 0.5) == 2.0
