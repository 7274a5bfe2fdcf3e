"""Interquartile means, bootstraps and probabilities of improvement against scipy and plain loops."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.robust import (
    interquartile_mean,
    paired_probability_of_improvement,
    probability_of_improvement,
    stratified_bootstrap,
)


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@given(st.integers(1, 30), st.integers(0, 10_000))
def test_the_interquartile_mean_is_scipys_trimmed_mean(n: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(3, n))
    assert interquartile_mean(x) == pytest.approx(stats.trim_mean(x, 0.25, axis=1))
    assert float(interquartile_mean(x[0])) == pytest.approx(stats.trim_mean(x[0], 0.25))


def test_the_interval_of_a_mean_is_its_standard_error_wide() -> None:
    x = np.random.default_rng(1).normal(size=200)
    ours = stratified_bootstrap([x], lambda values: values.mean(axis=-1), 4000, generator())
    half = 1.96 * x.std() / math.sqrt(200)
    assert (ours.mean, ours.n) == (pytest.approx(x.mean()), 200)
    assert (ours.low, ours.high) == (
        pytest.approx(x.mean() - half, abs=half / 8),
        pytest.approx(x.mean() + half, abs=half / 8),
    )


def test_every_stratum_is_resampled_within_itself() -> None:
    far_apart = [[0.0, 0.0, 0.0], [100.0, 100.0]]
    ours = stratified_bootstrap(far_apart, lambda values: values.mean(axis=-1), 200, generator())
    assert (ours.low, ours.mean, ours.high, ours.n) == (40, 40, 40, 5)


def test_the_interval_is_that_of_a_plain_loop_over_draws() -> None:
    strata = [np.random.default_rng(2).normal(size=8), np.random.default_rng(3).normal(2, 1, size=5)]
    draw = np.random.default_rng(4)
    plain = [
        float(interquartile_mean(np.concatenate([draw.choice(each, len(each)) for each in strata])))
        for _ in range(4000)
    ]
    ours = stratified_bootstrap(strata, interquartile_mean, 4000, generator())
    assert (ours.low, ours.high) == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), abs=0.1)


def test_the_same_generator_draws_the_same_interval() -> None:
    x = np.random.default_rng(5).normal(size=9)
    assert stratified_bootstrap([x], interquartile_mean, 50, generator()) == stratified_bootstrap(
        [x], interquartile_mean, 50, generator()
    )


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 10_000))
def test_the_probability_of_improvement_is_mann_whitneys_u(n: int, m: int, seed: int) -> None:
    drawn = np.random.default_rng(seed)
    x, y = drawn.integers(0, 4, size=n) / 10, drawn.integers(0, 4, size=m) / 10
    ours = probability_of_improvement(x, y, 10, generator())
    assert ours.mean == pytest.approx(stats.mannwhitneyu(x, y).statistic / (n * m))
    assert ours.n == min(n, m)


def test_the_interval_of_the_probability_of_improvement_is_that_of_a_plain_loop() -> None:
    drawn = np.random.default_rng(6)
    x, y = drawn.normal(0.5, 1, size=9), drawn.normal(size=6)
    plain = [np.mean(drawn.choice(x, 9)[:, None] > drawn.choice(y, 6)[None, :]) for _ in range(4000)]
    ours = probability_of_improvement(x, y, 4000, generator())
    assert (ours.low, ours.high) == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), abs=0.03)


def test_paired_improvement_is_the_share_of_seeds_won_with_ties_half() -> None:
    ours = paired_probability_of_improvement([0.1, 0.2, 0.3 - 0.2 - 0.1, -0.1], 4000, generator())
    assert (ours.mean, ours.n) == (0.625, 4)
    assert 0 <= ours.low < 0.625 < ours.high <= 1


def test_too_few_values_have_no_interval_and_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nothing = [
            stratified_bootstrap([], interquartile_mean, 10, generator()),
            probability_of_improvement([], [0.1], 10, generator()),
            paired_probability_of_improvement([], 10, generator()),
        ]
        one = [
            stratified_bootstrap([[], [0.4]], interquartile_mean, 10, generator()),
            probability_of_improvement([0.3], [0.1], 10, generator()),
            paired_probability_of_improvement([0.2], 10, generator()),
        ]
        assert math.isnan(interquartile_mean([]))
    assert all(math.isnan(each.mean) and each.n == 0 for each in nothing)
    assert [each.mean for each in one] == [0.4, 1.0, 1.0]
    assert all(math.isnan(each.low) and math.isnan(each.high) and each.n == 1 for each in one)
