"""All pairs at once are all pairs one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.families import holm
from analysis.statistics.matrix import paired_matrix, symmetric


@given(st.integers(2, 6), st.integers(2, 8), st.integers(0, 10_000))
def test_every_pair_is_scipys_paired_t_and_the_family_is_all_pairs(k: int, n: int, seed: int) -> None:
    values = {f"method {at}": row for at, row in enumerate(np.random.default_rng(seed).normal(size=(k, n)))}
    matrix = paired_matrix(values)
    pairs = list(itertools.combinations(values, 2))
    raw = [stats.ttest_rel(values[one], values[other]).pvalue for one, other in pairs]
    assert list(matrix.tests) == pairs
    for (one, other), p, adjusted in zip(pairs, raw, holm(raw), strict=True):
        i, j = matrix.names.index(one), matrix.names.index(other)
        assert matrix.tests[one, other].difference.mean == pytest.approx((values[one] - values[other]).mean())
        assert matrix.raw[i, j] == matrix.raw[j, i] == pytest.approx(p)
        assert matrix.adjusted[i, j] == matrix.adjusted[j, i] == pytest.approx(adjusted)
    assert np.isnan(np.diag(matrix.raw)).all()
    assert np.isnan(np.diag(matrix.adjusted)).all()


def test_equal_methods_are_no_test_and_no_part_of_the_family() -> None:
    a, c = np.array([0.1, 0.2, 0.4]), np.array([0.0, 0.3, 0.1])
    matrix = paired_matrix({"a": a, "again": a, "c": c})
    p = stats.ttest_rel(a, c).pvalue
    assert math.isnan(matrix.adjusted[0, 1])
    assert matrix.adjusted[0, 2] == pytest.approx(min(1, 2 * p))


@pytest.mark.parametrize("values", [{}, {"alone": [0.1, 0.2]}])
def test_without_a_pair_there_is_no_test(values: dict[str, list[float]]) -> None:
    matrix = paired_matrix(values)
    assert (matrix.names, matrix.tests, matrix.raw.shape) == (tuple(values), {}, (len(values),) * 2)


def test_pairs_fill_the_matrix_row_by_row() -> None:
    filled = symmetric([1, 2, 3, 4, 5, 6])
    assert filled[0, 1:].tolist() == [1, 2, 3]
    assert filled[1, 2:].tolist() == [4, 5]
    assert filled[2, 3] == filled[3, 2] == 6
