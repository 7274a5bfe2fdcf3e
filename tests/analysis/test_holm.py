"""Holm's adjustment against statsmodels and its own laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from analysis.statistics.families import holm

P = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.01, 0.02])), min_size=1, max_size=12)


@given(P)
def test_it_is_its_definition(p: list[float]) -> None:
    smallest_first = sorted(range(len(p)), key=lambda at: p[at])
    steps = [(len(p) - rank) * p[at] for rank, at in enumerate(smallest_first)]
    wanted = {at: min(1, max(steps[: rank + 1])) for rank, at in enumerate(smallest_first)}
    assert holm(p) == pytest.approx([wanted[at] for at in range(len(p))])


def test_it_is_statsmodels() -> None:
    p = np.random.default_rng(0).uniform(0, 0.1, size=12)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


@given(P)
def test_it_keeps_the_order_and_never_lowers_a_p(p: list[float]) -> None:
    adjusted = holm(p)
    assert np.all(np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0)
    assert np.all(adjusted >= np.array(p))
    assert np.all(adjusted <= 1)


@given(P, st.integers(0, 12))
def test_an_undefined_test_stays_so_and_costs_the_others_nothing(p: list[float], at: int) -> None:
    with_nan = holm([*p[:at], math.nan, *p[at:]])
    assert math.isnan(with_nan[min(at, len(p))])
    assert np.delete(with_nan, min(at, len(p))) == pytest.approx(holm(p))


def test_a_declared_size_counts_the_tests_to_come() -> None:
    assert holm([0.01, math.nan, 0.02], size=5) == pytest.approx([0.05, math.nan, 0.08], nan_ok=True)


def test_nothing_is_adjusted_where_nothing_is_defined() -> None:
    assert holm([]).shape == (0,)
    assert np.isnan(holm([math.nan, math.nan])).all()
