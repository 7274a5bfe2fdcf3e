"""Power against statsmodels, against what simulated effects show, and against its own inverses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from analysis.statistics.paired import t_statistic
from analysis.statistics.power import MOST_SEEDS, minimum_detectable, power, seeds_needed


@given(st.integers(2, 60), st.floats(0, 3), st.sampled_from([0.05, 0.01]))
def test_power_is_statsmodels_power_of_the_one_sample_t(n: int, effect: float, alpha: float) -> None:
    theirs = TTestPower().power(effect, n, alpha, alternative="two-sided")
    assume(not math.isnan(theirs))  # as it is where the power of the wrong side is too small for scipy
    assert power(effect, 1.0, n, alpha) == pytest.approx(theirs, abs=1e-6)


@given(st.integers(2, 5000), st.floats(0, 30), st.floats(0, 30))
def test_power_is_a_probability_that_grows_with_the_effect(n: int, effect: float, other: float) -> None:
    small, large = sorted([power(effect, 1.0, n), power(other, 1.0, n)])
    assert 0.05 - 1e-6 <= small <= large <= 1 + 1e-12
    assert power(max(effect, other), 1.0, n) == pytest.approx(large, abs=1e-6)


@pytest.mark.parametrize(("effect", "deviation", "n"), [(0.01, 0.01, 5), (0.02, 0.03, 10), (-0.005, 0.01, 20)])
def test_simulated_effects_are_found_as_often_as_power_says(effect: float, deviation: float, n: int) -> None:
    samples = 50_000
    t = t_statistic(np.random.default_rng(0).normal(effect, deviation, size=(samples, n)))
    found = np.mean(np.abs(t) > stats.t.ppf(0.975, n - 1))
    told = power(effect, deviation, n)
    assert found == pytest.approx(told, abs=4 * math.sqrt(told * (1 - told) / samples))


def test_no_effect_is_found_at_the_level_of_the_test() -> None:
    assert power(0.0, 1.0, 8, alpha=0.03) == pytest.approx(0.03, abs=1e-6)


@given(st.integers(2, 200), st.floats(0.001, 10), st.sampled_from([0.5, 0.8, 0.95]))
def test_the_minimum_detectable_effect_is_detected_with_that_power(n: int, deviation: float, wanted: float) -> None:
    assert power(minimum_detectable(deviation, n, wanted), deviation, n) == pytest.approx(wanted, abs=1e-6)


@given(st.floats(0.05, 5), st.sampled_from([0.5, 0.8, 0.95]))
def test_the_seeds_needed_are_the_fewest_that_suffice(effect: float, wanted: float) -> None:
    n = seeds_needed(effect, 1.0, wanted)
    assert n is not None
    assert power(effect, 1.0, n) >= wanted
    assert n == 2 or power(effect, 1.0, n - 1) < wanted


def test_worse_is_found_as_surely_as_better() -> None:
    assert power(-0.3, 0.4, 6) == pytest.approx(power(0.3, 0.4, 6))
    assert seeds_needed(-0.3, 0.4) == seeds_needed(0.3, 0.4)


def test_a_huge_effect_is_certain() -> None:
    assert power(1.0, 1e-9, 3) == pytest.approx(1.0, abs=1e-12)
    assert seeds_needed(1.0, 1e-9) == 2


@pytest.mark.parametrize(("effect", "deviation"), [(0.0, 1.0), (0.1, 0.0), (0.1, math.nan), (math.nan, 0.1), (1e-6, 1)])
def test_no_number_of_seeds_is_told_where_none_would_do(effect: float, deviation: float) -> None:
    assert seeds_needed(effect, deviation) is None


def test_the_search_for_seeds_ends_at_its_limit() -> None:
    edge = minimum_detectable(1.0, MOST_SEEDS)
    assert seeds_needed(edge * (1 + 1e-6), 1.0) == MOST_SEEDS
    assert seeds_needed(edge * (1 - 1e-6), 1.0) is None


@pytest.mark.parametrize(("deviation", "n"), [(0.1, 1), (0.1, 0), (0.0, 5), (math.nan, 5)])
def test_power_is_undefined_without_spread_or_pairs(deviation: float, n: int) -> None:
    assert math.isnan(power(0.1, deviation, n))
    assert math.isnan(minimum_detectable(deviation, n))


@pytest.mark.parametrize("wanted", [0.05, 1.0])
def test_a_power_that_no_effect_has_is_refused(wanted: float) -> None:
    with pytest.raises(ValueError, match=r"wanted a power between alpha = 0\.05 and 1"):
        minimum_detectable(1.0, 5, wanted)
