"""Rank tests against scipy, scikit-posthocs, definitions and printed critical values."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
import scikit_posthocs
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.normal_range import range_quantile, range_tail
from analysis.statistics.ranks import (
    against_control,
    bonferroni_dunn,
    cliques,
    critical_difference,
    friedman,
    nemenyi,
    rank_tests,
    ranks,
)

SHAPES = st.tuples(st.integers(2, 12), st.integers(3, 6))
SEEDS = st.integers(0, 10_000)


def scores(shape: tuple[int, int], seed: int, tied: bool = False) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=shape) + 0.3 * np.arange(shape[1])
    return np.round(drawn) if tied else drawn


@given(SHAPES, SEEDS, st.booleans())
def test_ranks_are_one_for_the_largest_with_ties_averaged(shape: tuple[int, int], seed: int, tied: bool) -> None:
    table = scores(shape, seed, tied)
    for row, ranked in zip(table, ranks(table), strict=True):
        assert ranked.tolist() == [1 + sum(row > own) + (sum(row == own) - 1) / 2 for own in row]


def test_scores_that_are_equal_but_for_the_arithmetic_tie() -> None:
    assert ranks([[0.3, 0.1 + 0.2, 0.2]]).tolist() == [[1.5, 1.5, 3]]


@given(SHAPES, SEEDS, st.booleans())
def test_friedman_is_scipys_with_its_correction_for_ties(shape: tuple[int, int], seed: int, tied: bool) -> None:
    table = scores(shape, seed, tied)
    ours = friedman(table)
    if math.isnan(ours.statistic):
        assert np.all(table == table[:, :1])
        return
    assert (ours.statistic, ours.p) == pytest.approx(tuple(stats.friedmanchisquare(*table.T)), abs=1e-9)


@given(SHAPES, SEEDS)
def test_without_ties_the_correction_changes_nothing(shape: tuple[int, int], seed: int) -> None:
    ours = friedman(scores(shape, seed))
    assert (ours.statistic, ours.p) == pytest.approx((ours.uncorrected, ours.uncorrected_p))


@given(SHAPES, SEEDS)
def test_iman_davenport_is_the_f_of_a_two_way_analysis_of_variance_of_ranks(shape: tuple[int, int], seed: int) -> None:
    ranked = ranks(scores(shape, seed))
    blocks, methods = shape
    between = blocks * ((ranked.mean(axis=0) - (methods + 1) / 2) ** 2).sum()
    total = ((ranked - (methods + 1) / 2) ** 2).sum()
    ours = friedman(-ranked)
    if total - between < 1e-9:
        assert math.isinf(ours.iman_davenport)
        assert math.isnan(ours.iman_davenport_p)
        return
    f = (between / (methods - 1)) / ((total - between) / ((methods - 1) * (blocks - 1)))
    assert ours.iman_davenport == pytest.approx(f)
    assert ours.iman_davenport_p == pytest.approx(stats.f.sf(f, methods - 1, (methods - 1) * (blocks - 1)))
    assert ours.degrees == (methods - 1, (methods - 1) * (blocks - 1))


@given(SHAPES, SEEDS, st.booleans())
def test_nemenyi_is_scikit_posthocs(shape: tuple[int, int], seed: int, tied: bool) -> None:
    table = scores(shape, seed, tied)
    theirs = scikit_posthocs.posthoc_nemenyi_friedman(table).to_numpy()
    ours = nemenyi(table)
    away = ~np.eye(shape[1], dtype=bool)
    assert ours[away] == pytest.approx(theirs[away], abs=1e-7)
    assert np.isnan(ours[~away]).all()


# Demšar 2006, table 5: q at 0.05 and 0.10 for 2 to 10 classifiers
Q_05 = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
Q_10 = [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920]
# the same for the Bonferroni-Dunn test, 2 to 8 classifiers
DUNN_05 = [1.960, 2.241, 2.394, 2.498, 2.576, 2.638, 2.690]


@pytest.mark.parametrize(("alpha", "printed"), [(0.05, Q_05), (0.10, Q_10)])
def test_critical_values_are_those_printed_to_their_third_decimal(alpha: float, printed: list[float]) -> None:
    ours = [critical_difference(k, 10, alpha) / math.sqrt(k * (k + 1) / 60) for k in range(2, 11)]
    assert ours == pytest.approx(printed, abs=1.1e-3)


def test_bonferroni_dunn_is_as_printed() -> None:
    ours = [bonferroni_dunn(k, 10) / math.sqrt(k * (k + 1) / 60) for k in range(2, 9)]
    assert ours == pytest.approx(DUNN_05, abs=6e-4)


@pytest.mark.parametrize("k", [2, 3, 10, 40])
def test_the_range_of_normals_is_scipys_studentised_range(k: int) -> None:
    q = [0.0, 0.5, 2.0, 3.5, 5.0, 8.0]
    assert range_tail(q, k) == pytest.approx(stats.studentized_range.sf(q, k, np.inf), abs=1e-9)
    assert range_tail(range_quantile(0.05, k), k) == pytest.approx(0.05, abs=1e-10)


def test_the_range_of_two_normals_is_a_normal() -> None:
    q = np.array([0.1, 1.0, 4.0])
    assert range_tail(q, 2) == pytest.approx(2 * stats.norm.sf(q / math.sqrt(2)), abs=1e-13)


@given(SHAPES, SEEDS)
def test_two_ranks_are_told_apart_exactly_where_nemenyis_p_says_so(shape: tuple[int, int], seed: int) -> None:
    table = scores(shape, seed)
    average = np.array(friedman(table).average_ranks)
    apart = np.abs(average[:, None] - average[None, :]) > critical_difference(shape[1], shape[0])
    p = nemenyi(table)
    assert np.array_equal(apart, np.nan_to_num(p, nan=1.0) < 0.05)


@given(SHAPES, SEEDS)
def test_rank_tests_are_normal_tests_of_rank_differences(shape: tuple[int, int], seed: int) -> None:
    table = scores(shape, seed)
    blocks, k = shape
    average = friedman(table).average_ranks
    p = rank_tests(table)
    for i, j in itertools.permutations(range(k), 2):
        z = (average[i] - average[j]) / math.sqrt(k * (k + 1) / (6 * blocks))
        assert p[i, j] == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert np.isnan(np.diag(p)).all()


@given(SHAPES, SEEDS)
def test_tests_against_a_control_are_its_column_signed_for_the_better(shape: tuple[int, int], seed: int) -> None:
    table = scores(shape, seed)
    average = np.array(friedman(table).average_ranks)
    ours = against_control(table, 1)
    assert ours.p == pytest.approx(rank_tests(table)[:, 1], nan_ok=True)
    assert np.isnan(ours.z[1])
    assert np.array_equal(ours.z > 0, average < average[1])


@given(st.lists(st.integers(2, 40).map(lambda tenths: tenths / 10), min_size=1, max_size=8), st.floats(0.05, 3))
def test_cliques_are_the_largest_groups_within_the_critical_difference(average: list[float], width: float) -> None:
    found = cliques(average, width)
    near = {
        frozenset(group)
        for size in range(2, len(average) + 1)
        for group in itertools.combinations(range(len(average)), size)
        if max(average[i] for i in group) - min(average[i] for i in group) < width
    }
    assert {frozenset(group) for group in found} == {group for group in near if not any(group < more for more in near)}
    assert len(found) == len({frozenset(group) for group in found})
    assert all([average[i] for i in group] == sorted(average[i] for i in group) for group in found)


def test_ranks_that_differ_by_the_critical_difference_itself_are_told_apart() -> None:
    assert cliques([1.0, 2.0], 1.0) == ()
    assert cliques([2.0, 1.0], 1.001) == ((1, 0),)


def test_two_methods_are_compared_by_a_sign_test() -> None:
    table = np.array([[1.0, 0.0]] * 7 + [[0.0, 1.0]] * 2)
    assert friedman(table).statistic == pytest.approx((7 - 2) ** 2 / 9)


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (4, 1)])
def test_too_few_blocks_or_methods_give_nan_and_nothing_warns(shape: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = friedman(np.arange(math.prod(shape), dtype=float).reshape(shape))
        tests = [nemenyi(np.zeros(shape)), rank_tests(np.zeros(shape)), against_control(np.zeros(shape), 0).p]
        widths = [critical_difference(*shape[::-1]), bonferroni_dunn(*shape[::-1])]
    values = (ours.statistic, ours.p, ours.uncorrected, ours.uncorrected_p, ours.iman_davenport, ours.iman_davenport_p)
    assert np.isnan(values).all()
    assert np.isnan(widths).all()
    assert all(np.isnan(test).all() for test in tests)


def test_methods_that_always_tie_have_no_corrected_statistic_and_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = friedman(np.ones((5, 3)))
    assert math.isnan(ours.statistic)
    assert (ours.uncorrected, ours.uncorrected_p, ours.iman_davenport, ours.average_ranks) == (0, 1, 0, (2, 2, 2))


def test_a_nan_score_is_not_passed_over() -> None:
    table = np.random.default_rng(0).normal(size=(5, 3))
    table[2, 1] = math.nan
    assert math.isnan(friedman(table).p)
    assert np.isnan(nemenyi(table)).all()
