"""Ranks with ties are scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from analysis.statistics.tied import tied_ranks


@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 7)), elements=st.integers(-3, 3)))
def test_ranks_within_every_row_are_scipys(values: np.ndarray) -> None:
    np.testing.assert_array_equal(tied_ranks(values), rankdata(values, axis=1))


@given(arrays(np.float64, st.integers(0, 9), elements=st.integers(-2, 2)))
def test_ranks_of_one_row_are_scipys(values: np.ndarray) -> None:
    np.testing.assert_array_equal(tied_ranks(values), rankdata(values))


def test_a_row_with_what_is_no_number_has_no_ranks_and_others_have() -> None:
    assert tied_ranks([[1.0, np.nan], [2.0, 1.0]])[1].tolist() == [2, 1]
    assert np.isnan(tied_ranks([[1.0, np.nan], [2.0, 1.0]])[0]).all()


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_nothing_has_no_ranks(shape: tuple[int, ...]) -> None:
    assert tied_ranks(np.empty(shape)).shape == shape
