"""Limits and long tails of a pool."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import DataError
from bench.subset import LongTail, kept, quotas

Y = np.random.default_rng(0).integers(0, 5, 400)


def counts(keep: np.ndarray) -> list[int]:
    return np.bincount(Y[keep], minlength=5).tolist()


@given(st.integers(1, 300))
def test_a_limit_is_balanced_to_one(limit: int) -> None:
    keep = kept(Y, 5, limit, None, seed=0)
    assert len(keep) == len(set(keep.tolist())) == limit
    assert max(counts(keep)) - min(counts(keep)) <= 1


def test_a_class_that_runs_out_is_made_up_for_by_the_others() -> None:
    y = np.array([0] * 3 + [1] * 50 + [2] * 50)
    keep = kept(y, 3, 43, None, seed=1)
    assert np.bincount(y[keep]).tolist() == [3, 20, 20]


def test_a_smaller_limit_keeps_a_part_of_what_a_larger_one_does() -> None:
    assert set(kept(Y, 5, 50, None, seed=0)) <= set(kept(Y, 5, 100, None, seed=0))


def test_the_seed_decides_who_is_kept() -> None:
    assert kept(Y, 5, 100, None, seed=0).tolist() == kept(Y, 5, 100, None, seed=0).tolist()
    assert kept(Y, 5, 100, None, seed=0).tolist() != kept(Y, 5, 100, None, seed=1).tolist()


def test_kept_ids_stay_in_their_order() -> None:
    keep = kept(Y, 5, 100, LongTail(3), seed=0)
    assert keep.tolist() == sorted(keep.tolist())


def test_a_limit_beyond_the_pool_is_refused() -> None:
    with pytest.raises(DataError, match="limit: wanted at most the 400 inputs of the pool; got 401"):
        kept(Y, 5, 401, None, seed=0)


def test_an_exponential_tail_falls_by_a_constant_factor_down_to_the_ratio() -> None:
    assert quotas(np.full(5, 1000), LongTail(16)).tolist() == [1000, 500, 250, 125, 62]


def test_a_step_halves_the_classes_into_large_and_small() -> None:
    assert quotas(np.full(5, 100), LongTail(10, "step")).tolist() == [100, 100, 100, 10, 10]


def test_no_class_is_lost() -> None:
    assert quotas(np.full(3, 10), LongTail(1000)).tolist() == [10, 1, 1]


def test_an_imbalance_follows_a_limit() -> None:
    keep = kept(Y, 5, 250, LongTail(16), seed=0)
    assert sorted(counts(keep)) == sorted(quotas(np.full(5, 50), LongTail(16)).tolist())


def test_without_either_everything_is_kept() -> None:
    assert kept(Y, 5, None, None, seed=0).tolist() == list(range(400))
