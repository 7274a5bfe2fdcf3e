"""Intervals and tests against scipy, on random data and at the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.estimate import estimate, paired_t


@given(st.integers(2, 12), st.integers(0, 10_000))
def test_the_interval_is_scipys_t_interval(n: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=n)
    low, high = stats.t.interval(0.95, n - 1, loc=x.mean(), scale=stats.sem(x))
    ours = estimate(x)
    assert (ours.low, ours.high, ours.n) == (pytest.approx(low), pytest.approx(high), n)


@given(st.integers(2, 12), st.integers(0, 10_000))
def test_the_p_value_is_scipys_paired_t(n: int, seed: int) -> None:
    ours, theirs = np.random.default_rng(seed).normal(size=(2, n))
    assert paired_t(ours - theirs) == pytest.approx(stats.ttest_rel(ours, theirs).pvalue)


def test_one_seed_has_a_mean_but_no_interval() -> None:
    ours = estimate([0.7])
    assert ours.mean == 0.7
    assert math.isnan(ours.low)
    assert math.isnan(ours.high)


def test_no_seed_has_no_mean() -> None:
    assert estimate([]).n == 0
    assert math.isnan(estimate([]).mean)


def test_equal_differences_have_no_p_value() -> None:
    assert math.isnan(paired_t([0.3 - 0.2, 0.2 - 0.1, 0.1]))


def test_one_pair_has_no_p_value() -> None:
    assert math.isnan(paired_t([0.1]))
