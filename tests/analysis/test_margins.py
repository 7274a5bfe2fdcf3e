"""Superiority, non-inferiority and equivalence against scipy and statsmodels, and their level at the margin."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from analysis.statistics.margins import equivalent, non_inferior, superior
from bench.errors import ResultsError

SEEDS = st.integers(0, 10_000)
SIZES = st.integers(2, 12)
MARGINS = st.floats(0.01, 1)


@given(SIZES, SEEDS, st.floats(-1, 1))
def test_superior_is_a_two_sided_t_test_of_the_margin(n: int, seed: int, margin: float) -> None:
    d = np.random.default_rng(seed).normal(0.5, 1, size=n)
    assert superior(d, margin).p == pytest.approx(stats.ttest_1samp(d, margin).pvalue)


@given(SIZES, SEEDS, MARGINS)
def test_non_inferior_is_a_one_sided_t_test_above_minus_the_margin(n: int, seed: int, margin: float) -> None:
    d = np.random.default_rng(seed).normal(size=n)
    assert non_inferior(d, margin).p == pytest.approx(stats.ttest_1samp(d, -margin, alternative="greater").pvalue)


@given(SIZES, SEEDS, MARGINS)
def test_equivalent_is_statsmodels_two_one_sided_tests(n: int, seed: int, margin: float) -> None:
    ours, theirs = np.random.default_rng(seed).normal(size=(2, n))
    assert equivalent(ours - theirs, margin).p == pytest.approx(ttost_paired(ours, theirs, -margin, margin)[0])


@given(SIZES, SEEDS, MARGINS, st.sampled_from([0.05, 0.01]))
def test_the_interval_and_p_give_the_same_verdict(n: int, seed: int, margin: float, alpha: float) -> None:
    d = np.random.default_rng(seed).normal(0.3, 0.5, size=n)
    better, no_worse = superior(d, margin, alpha), non_inferior(d, margin, alpha)
    alike = equivalent(d, margin, alpha)
    assert (better.p < alpha) == (better.low > margin or better.high < margin)
    assert (no_worse.p < alpha) == (no_worse.low > -margin)
    assert (alike.p < alpha) == (alike.low > -margin and alike.high < margin)


def test_the_default_intervals_are_of_95_and_90_percent() -> None:
    d = np.array([0.1, 0.4, -0.2, 0.3, 0.2])
    for test, level in ((superior(d, 0.1), 0.95), (non_inferior(d, 0.1), 0.9), (equivalent(d, 0.1), 0.9)):
        assert (test.low, test.high) == pytest.approx(stats.t.interval(level, 4, d.mean(), stats.sem(d)))


@pytest.mark.parametrize("test", [superior, non_inferior, equivalent])
@pytest.mark.parametrize("differences", [[], [0.1], [0.1, 0.1, 0.1]])
def test_too_few_or_equal_differences_decide_nothing_and_nothing_warns(test, differences: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = test(differences, 0.5)
    assert all(math.isnan(value) for value in (found.p, found.low, found.high))
    assert (found.n, found.kind, found.margin) == (len(differences), test.__name__, 0.5)


@pytest.mark.parametrize(("test", "margin"), [(non_inferior, -0.1), (equivalent, 0.0), (equivalent, -0.1)])
def test_a_margin_that_makes_no_sense_is_told(test, margin: float) -> None:
    with pytest.raises(ResultsError, match=f"{test.__name__}: wanted a .*margin.*; got {margin}"):
        test([0.1, 0.2], margin)
