"""Sampling from a determinantal point process of fixed size against enumeration."""

from __future__ import annotations

from itertools import combinations
from math import prod

import pytest
import torch

from bench.determinantal import k_dpp, log_elementary_symmetric

POINTS, DRAWS = 5, 1500


def psd(points: int, rank: int, seed: int = 0) -> torch.Tensor:
    x = torch.randn(points, rank, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x @ x.T


@pytest.mark.parametrize("values", [[0.5, 2.0, 3.0, 0.1, 7.0], [1e-9, 1e9, 1.0], [4.0]], ids=str)
def test_elementary_symmetric_polynomials_are_sums_of_products(values: list[float]) -> None:
    table = log_elementary_symmetric(torch.tensor(values, dtype=torch.float64), 3)
    assert table.shape == (len(values) + 1, 4)
    for i in range(len(values) + 1):
        for j in range(4):
            expected = sum(prod(chosen) for chosen in combinations(values[:i], j))
            assert float(table[i, j].exp()) == pytest.approx(expected, rel=1e-12)


def test_they_do_not_overflow() -> None:
    table = log_elementary_symmetric(torch.full((400,), 1e6, dtype=torch.float64), 200)
    assert table[400, 200].isfinite()


@pytest.mark.parametrize(("kernel", "budget"), [(psd(POINTS, 5), 2), (psd(POINTS, 3, seed=1), 3), (psd(5, 2), 1)])
def test_sets_come_as_often_as_their_determinant_says(kernel: torch.Tensor, budget: int) -> None:
    generator = torch.Generator().manual_seed(0)
    sets = list(combinations(range(POINTS), budget))
    seen = dict.fromkeys(sets, 0)
    for _ in range(DRAWS):
        seen[tuple(sorted(k_dpp(kernel, budget, generator).tolist()))] += 1
    weights = torch.stack([torch.linalg.det(kernel[list(chosen)][:, list(chosen)]) for chosen in sets])
    expected = DRAWS * weights / weights.sum()
    chi_squared = ((torch.tensor(list(seen.values())) - expected).square() / expected).sum()
    assert chi_squared < len(sets) - 1 + 4 * (2 * (len(sets) - 1)) ** 0.5  # four standard deviations


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_what_the_rank_leaves_open_is_filled_up(rank: int) -> None:
    kernel = torch.zeros(8, 8, dtype=torch.float64) if rank == 0 else psd(8, rank)
    picks = k_dpp(kernel, 6, torch.Generator().manual_seed(0))
    assert len(set(picks.tolist())) == 6


def test_the_filling_is_random() -> None:
    kernel = torch.zeros(8, 8, dtype=torch.float64)
    first = {int(k_dpp(kernel, 1, torch.Generator().manual_seed(seed))) for seed in range(40)}
    assert len(first) > 4


def test_duplicates_are_not_drawn_together() -> None:
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.3, 1.0], [0.0, 1.0]], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    assert all({0, 1} != set(k_dpp(x @ x.T, 2, generator).tolist()) for _ in range(100))


def test_the_budget_may_be_everything() -> None:
    picks = k_dpp(psd(5, 5), 5, torch.Generator().manual_seed(0))
    assert sorted(picks.tolist()) == [0, 1, 2, 3, 4]


def test_the_scale_of_the_kernel_does_not_matter() -> None:
    kernel = psd(9, 9)
    draws = [k_dpp(scale * kernel, 4, torch.Generator().manual_seed(3)).tolist() for scale in (1, 2.0**40, 2.0**-40)]
    assert draws[0] == draws[1] == draws[2]
