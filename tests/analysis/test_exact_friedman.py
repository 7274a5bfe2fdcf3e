"""The exact p-value of Friedman's test, against counting every arrangement of the ranks and printed tables."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest

from analysis.statistics.exact_friedman import exact_friedman
from analysis.statistics.ranks import friedman, ranks


def counted(ranked: np.ndarray) -> float:
    """The share of all arrangements within blocks whose rank sums are at least as unequal."""
    made = [(ranked[0] + np.sum(each, axis=0)) for each in product(*(permutations(row) for row in ranked[1:]))]
    observed = (ranked.sum(axis=0) ** 2).sum()
    return float(np.mean([(sums**2).sum() >= observed - 1e-9 for sums in made]))


@pytest.mark.parametrize(("blocks", "methods"), [(3, 3), (5, 3), (2, 4), (3, 4), (2, 5), (7, 2)])
@pytest.mark.parametrize("tied", [False, True])
def test_it_is_the_share_of_all_arrangements(blocks: int, methods: int, tied: bool) -> None:
    generator = np.random.default_rng(blocks * methods)
    scores = generator.integers(0, 3, (blocks, methods)) if tied else generator.normal(size=(blocks, methods))
    ranked = ranks(scores)
    assert exact_friedman(ranked) == pytest.approx(counted(ranked))


@pytest.mark.parametrize(
    ("blocks", "methods", "p"), [(3, 3, 0.028), (2, 4, 0.042), (4, 3, 0.0046), (3, 4, 0.0017), (5, 3, 0.00077)]
)
def test_blocks_that_agree_have_the_p_that_tables_print(blocks: int, methods: int, p: float) -> None:
    """The ends of the tables of Friedman 1937 and of Hollander, Wolfe and Chicken 2014, A.22."""
    assert exact_friedman(np.tile(np.arange(1, methods + 1), (blocks, 1))) == pytest.approx(p, rel=0.03)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (10, 3), (3, 9), (9, 8)])
def test_where_it_is_not_worked_out_it_is_nan(shape: tuple[int, int]) -> None:
    assert math.isnan(exact_friedman(ranks(np.random.default_rng(0).normal(size=shape))))


def test_with_blocks_enough_chi_squared_comes_near() -> None:
    found = [friedman(np.random.default_rng(seed).normal(size=(9, 4))) for seed in range(20)]
    assert max(abs(each.exact_p - each.p) for each in found) < 0.06
    assert all(not math.isnan(each.exact_p) for each in found)
