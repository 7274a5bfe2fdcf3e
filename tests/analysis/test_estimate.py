"""Intervals against scipy, on random data and at the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.estimate import estimate


@given(st.integers(2, 12), st.integers(0, 10_000))
def test_the_interval_is_scipys_t_interval(n: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=n)
    low, high = stats.t.interval(0.95, n - 1, loc=x.mean(), scale=stats.sem(x))
    ours = estimate(x)
    assert (ours.low, ours.high, ours.n) == (pytest.approx(low), pytest.approx(high), n)


def test_one_seed_has_a_mean_but_no_interval() -> None:
    ours = estimate([0.7])
    assert ours.mean == 0.7
    assert math.isnan(ours.low)
    assert math.isnan(ours.high)


def test_no_seed_has_no_mean() -> None:
    assert estimate([]).n == 0
    assert math.isnan(estimate([]).mean)
