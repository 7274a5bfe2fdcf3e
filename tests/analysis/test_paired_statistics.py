"""The paired t-test, d_z, exact signed ranks and wins against scipy, their definitions and plain enumeration."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.estimate import estimate
from analysis.statistics.effect import LARGE, effect_interval
from analysis.statistics.paired import (
    WinTieLoss,
    least_p,
    paired_t_test,
    paired_t_tests,
    signed_rank,
    t_statistic,
    win_tie_loss,
)

TIED = st.lists(st.sampled_from([-0.03, -0.02, -0.01, 0.0, 0.01, 0.02]), min_size=1, max_size=9)


def enumerated(differences: list[float]) -> tuple[float, float]:
    """The smaller rank sum and the exact two-sided p by trying every sign of every nonzero difference."""
    d = np.round(differences, 12)
    ranks = stats.rankdata(np.abs(d))
    split = ranks[d == 0].sum() / 2
    sizes = ranks[d != 0]
    centre = sizes.sum() / 2
    seen = abs(ranks[d > 0].sum() - centre)
    flips = [sizes[list(flip)].sum() for flip in itertools.product([False, True], repeat=len(sizes))]
    return centre - seen + split, float(np.mean([abs(flip - centre) >= seen - 1e-9 for flip in flips]))


@given(st.integers(2, 12), st.integers(0, 10_000))
def test_the_paired_t_is_its_definition_and_scipys(n: int, seed: int) -> None:
    ours, theirs = np.random.default_rng(seed).normal(0.3, 1, size=(2, n))
    d = ours - theirs
    test = paired_t_test(d)
    assert test.t == pytest.approx(d.mean() / (math.sqrt(sum((d - d.mean()) ** 2) / (n - 1)) / math.sqrt(n)))
    assert (test.t, test.p) == pytest.approx(tuple(stats.ttest_rel(ours, theirs)))
    assert (test.n, test.degrees, test.deviation) == (n, n - 1, pytest.approx(d.std(ddof=1)))


@given(st.integers(2, 12), st.integers(0, 10_000))
def test_the_difference_has_the_same_interval_as_any_mean(n: int, seed: int) -> None:
    d = np.random.default_rng(seed).normal(size=n)
    test = paired_t_test(d).difference
    plain = estimate(d)
    assert (test.mean, test.low, test.high, test.n) == pytest.approx((plain.mean, plain.low, plain.high, n))


@given(st.integers(2, 40), st.integers(0, 10_000), st.floats(-3, 3))
def test_the_ends_of_the_effects_interval_leave_a_fortieth_on_each_side(n: int, seed: int, shift: float) -> None:
    test = paired_t_test(np.random.default_rng(seed).normal(shift, 1, size=n))
    assert test.effect == pytest.approx(test.difference.mean / test.deviation)
    assert test.effect_low < test.effect < test.effect_high
    low, high = (math.sqrt(n) * end for end in (test.effect_low, test.effect_high))
    assert stats.nct.sf(test.t, n - 1, low) == pytest.approx(0.025, rel=1e-2)
    assert stats.nct.cdf(test.t, n - 1, high) == pytest.approx(0.025, rel=1e-2)


def test_the_effects_interval_covers_the_truth_in_95_percent_of_samples() -> None:
    samples, truth = 4000, 0.8
    draws = np.random.default_rng(0).normal(truth, 1, size=(samples, 5))
    low, high = effect_interval(t_statistic(draws), 5)
    covered = np.mean((low < truth) & (truth < high))
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / samples))


@pytest.mark.parametrize("n", [2, 6, 30])
def test_the_interval_of_a_huge_effect_continues_that_of_a_large_one(n: int) -> None:
    (below, above), (low, high) = (effect_interval([LARGE, LARGE * (1 + 1e-9)], n)[end] for end in (0, 1))
    assert above == pytest.approx(below, rel=2e-3)
    assert high == pytest.approx(low, rel=2e-3)


def test_turning_the_difference_round_turns_everything_round() -> None:
    d = np.array([0.02, -0.01, 0.04, 0.03, 0.0])
    one, other = paired_t_test(d), paired_t_test(-d)
    assert (one.t, one.p, one.effect) == pytest.approx((-other.t, other.p, -other.effect))
    assert (one.effect_low, one.effect_high) == pytest.approx((-other.effect_high, -other.effect_low))
    assert signed_rank(d).p == signed_rank(-d).p


def test_rows_tested_together_are_rows_tested_alone() -> None:
    rows = np.random.default_rng(3).normal(size=(4, 6))
    rows[2] = 0.25
    together, alone = paired_t_tests(rows), [paired_t_test(row) for row in rows]
    assert [repr(test) for test in together] == [repr(test) for test in alone]


@pytest.mark.parametrize("differences", [[], [0.1], [0.1, 0.1, 0.1], [0.3 - 0.2, 0.2 - 0.1, 0.1], [0.0, 0.0]])
def test_too_few_or_equal_differences_have_no_t_and_nothing_warns(differences: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        test = paired_t_test(differences)
        signed_rank(differences)
        win_tie_loss(differences)
    assert all(math.isnan(value) for value in (test.t, test.p, test.effect, test.effect_low, test.effect_high))
    assert test.n == test.difference.n == len(differences)
    assert math.isnan(test.difference.mean) == (len(differences) == 0)


@pytest.mark.parametrize("function", [paired_t_test, signed_rank])
def test_a_nan_among_the_differences_is_not_passed_over(function) -> None:
    assert math.isnan(function([0.1, math.nan, 0.2]).p)


@given(TIED)
def test_signed_ranks_are_exact_with_ties_and_zeros(differences: list[float]) -> None:
    test = signed_rank(differences)
    if not any(differences):
        assert math.isnan(test.p)
        return
    statistic, p = enumerated(differences)
    assert (test.statistic, test.p) == (pytest.approx(statistic), pytest.approx(p))
    assert test.zeros == sum(d == 0 for d in differences)


@given(st.integers(3, 14), st.integers(0, 10_000))
def test_signed_ranks_without_ties_are_scipys_exact_ones(n: int, seed: int) -> None:
    d = np.random.default_rng(seed).normal(0.4, 1, size=n)
    theirs = stats.wilcoxon(d, method="exact")
    ours = signed_rank(d)
    assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_signed_ranks_of_a_hundred_seeds_are_scipys() -> None:
    d = np.random.default_rng(7).normal(0.2, 1, size=100)
    assert signed_rank(d).p == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)


@pytest.mark.parametrize(("n", "least"), [(1, 1.0), (2, 0.5), (5, 0.0625), (6, 0.03125)])
def test_the_least_p_is_that_of_differences_of_one_sign(n: int, least: float) -> None:
    test = signed_rank(np.linspace(0.1, 0.2, n))
    assert test.p == test.least_p == least_p(n) == least


def test_a_zero_difference_raises_the_least_p() -> None:
    assert signed_rank([0.0, 0.1, 0.2, 0.3, 0.4, 0.5]).least_p == 0.0625


def test_differences_that_are_equal_but_for_the_arithmetic_tie() -> None:
    noisy, clean = [0.3 - 0.2, 0.1, -(0.4 - 0.3), 0.25], [0.1, 0.1, -0.1, 0.25]
    assert signed_rank(noisy) == signed_rank(clean)


def test_wins_ties_and_losses_are_counted_beyond_the_margin() -> None:
    assert win_tie_loss([0.02, 0.3 - 0.2 - 0.1, -0.01, 0.0]) == WinTieLoss(1, 2, 1)
    assert win_tie_loss([0.02, 0.3 - 0.2, -0.01, -0.2], margin=0.1) == WinTieLoss(0, 3, 1)
