"""Where methods do not differ, no test claims that they do more often than its level says."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.families import holm
from analysis.statistics.margins import equivalent, non_inferior
from analysis.statistics.paired import signed_rank, t_statistic
from analysis.statistics.ranks import friedman, nemenyi, rank_tests

ALPHA = 0.05
SAMPLES = 1500
NOISE = 3.5 * math.sqrt(ALPHA * (1 - ALPHA) / SAMPLES)  # of a share of SAMPLES at the level


@pytest.fixture(scope="module")
def tables() -> np.ndarray:
    """Scores (samples, blocks, methods) of methods that do not differ, on blocks that do."""
    drawn = np.random.default_rng(0)
    return drawn.normal(size=(SAMPLES, 10, 5)) + 5 * drawn.normal(size=(SAMPLES, 10, 1))


@pytest.mark.parametrize("n", [2, 5, 20])
def test_paired_t_keeps_its_level_exactly(n: int) -> None:
    samples = 50_000
    t = t_statistic(np.random.default_rng(1).normal(size=(samples, n)))
    p = 2 * stats.t.sf(np.abs(t), n - 1)
    for level in (0.05, 0.01):
        assert np.mean(p < level) == pytest.approx(level, abs=4 * math.sqrt(level / samples))


@pytest.mark.parametrize("sizes", [[1, 2, 3, 4, 5, 6, 7], [1, 1, 2, 2, 2, 3, 4], [0, 1, 2, 3, 3, 5, 6]])
def test_signed_ranks_keep_every_level_that_they_can_attain(sizes: list[float]) -> None:
    signs = itertools.product([-1, 1], repeat=len(sizes))
    p = np.array([signed_rank(np.multiply(sizes, sign)).p for sign in signs])
    for level in np.unique(p):
        assert np.mean(p <= level + 1e-12) == pytest.approx(level)


def test_friedman_keeps_its_level_and_iman_davenport_comes_close(tables: np.ndarray) -> None:
    tests = [friedman(table) for table in tables]
    assert np.mean([test.p < ALPHA for test in tests]) < ALPHA + NOISE
    assert np.mean([test.iman_davenport_p < ALPHA for test in tests]) == pytest.approx(ALPHA, abs=NOISE)


def test_nemenyi_and_holm_keep_the_level_of_the_whole_family(tables: np.ndarray) -> None:
    upper = np.triu_indices(5, k=1)
    assert np.mean([np.nanmin(nemenyi(table)) < ALPHA for table in tables]) < ALPHA + NOISE
    assert np.mean([holm(rank_tests(table)[upper]).min() < ALPHA for table in tables]) < ALPHA + NOISE


def test_raw_pairs_do_not_keep_it_which_is_why_they_are_adjusted(tables: np.ndarray) -> None:
    assert np.mean([np.nanmin(rank_tests(table)) < ALPHA for table in tables]) > 2 * ALPHA


def test_holm_keeps_the_level_of_dependent_tests() -> None:
    drawn = np.random.default_rng(2)
    differences = drawn.normal(size=(SAMPLES, 8, 6)) + drawn.normal(size=(SAMPLES, 1, 6))  # a control in common
    p = 2 * stats.t.sf(np.abs(t_statistic(differences)), 5)
    assert np.mean([holm(row).min() < ALPHA for row in p]) < ALPHA + NOISE


@pytest.mark.parametrize(("test", "truth"), [(non_inferior, -0.5), (equivalent, -0.5), (equivalent, 0.5)])
def test_at_the_margin_itself_a_margin_is_seldom_claimed(test, truth: float) -> None:
    differences = np.random.default_rng(3).normal(truth, 0.4, size=(SAMPLES, 8))
    claimed = np.mean([test(row, 0.5).p < ALPHA for row in differences])
    assert claimed == pytest.approx(ALPHA, abs=NOISE)
