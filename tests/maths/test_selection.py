"""Selection rules against plain ones and their laws."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import scipy.stats
import torch

from bench import selection
from bench.selection import DistancesTo, draw, k_center, k_means_plus_plus, squared_distances, squared_norms, top_k

SEEDS = range(8)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def squared(points: torch.Tensor) -> DistancesTo:
    """The squared distances of points (m, d), by differences."""
    return lambda i: (points - points[i]).square().sum(dim=1)


def test_the_largest_scores_come_first() -> None:
    assert top_k(torch.tensor([0.1, 3.0, -1.0, 2.0]), 3).tolist() == [1, 3, 0]


def test_of_equal_scores_the_first_comes_first() -> None:
    scores = torch.zeros(10_000)
    scores[7] = 1
    assert top_k(scores, 4).tolist() == [7, 0, 1, 2]


def test_infinite_scores_have_their_place() -> None:
    assert top_k(torch.tensor([0.0, torch.inf, -torch.inf]), 3).tolist() == [1, 0, 2]


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2 are NaN"):
        top_k(torch.tensor([0.0, torch.nan]), 1)


def plain_seeds(points: torch.Tensor, budget: int, draws: torch.Generator, first: int) -> list[int]:
    """k-means++ with every distance made anew and scipy's sampler: the oracle."""
    seeds = [first]
    while len(seeds) < budget:
        weights = (torch.cdist(points, points[seeds]) ** 2).amin(dim=1).numpy()
        law = scipy.stats.rv_discrete(values=(np.arange(len(points)), weights / weights.sum()))
        seeds.append(int(law.ppf(float(torch.rand((), generator=draws, dtype=torch.float64)))))
    return seeds


@pytest.mark.parametrize("seed", SEEDS)
def test_k_means_plus_plus_draws_as_the_plain_form_does(seed: int) -> None:
    points = normal(40, 3, seed=seed)
    points[20:25] = points[0]
    picks = k_means_plus_plus(squared(points), 12, generator(seed), first=3)
    assert picks.tolist() == plain_seeds(points, 12, generator(seed), first=3)


def test_k_means_plus_plus_leaves_duplicates_of_seeds_to_the_end() -> None:
    points = normal(5, 2).repeat(4, 1)
    assert sorted(k_means_plus_plus(squared(points), 5, generator(), first=0) % 5) == [0, 1, 2, 3, 4]


def test_k_means_plus_plus_is_uniform_over_what_is_left_where_all_distances_are_zero() -> None:
    draws = generator()
    second = [int(k_means_plus_plus(squared(torch.ones(4, 2)), 2, draws, first=1)[1]) for _ in range(600)]
    counts = np.bincount(second, minlength=4)
    assert counts[1] == 0
    assert scipy.stats.chisquare(counts[[0, 2, 3]]).pvalue > 0.001


def test_k_means_plus_plus_can_pick_everything() -> None:
    points = normal(6, 2).repeat(2, 1)
    assert sorted(k_means_plus_plus(squared(points), 12, generator(), first=11).tolist()) == list(range(12))


def test_k_means_plus_plus_takes_distances_below_zero_for_zero() -> None:
    distances = torch.tensor([0.0, 1.0, -1e-9, 1.0])
    picks = [k_means_plus_plus(lambda i: distances, 3, generator(seed), first=0).tolist() for seed in SEEDS]
    assert all(sorted(pick) == [0, 1, 3] for pick in picks)
    none = k_means_plus_plus(lambda i: torch.tensor([0.0, -1e-9, 0.0]), 3, generator(), first=0)
    assert sorted(none.tolist()) == [0, 1, 2]


def test_k_means_plus_plus_leaves_the_distances_that_it_was_given_alone() -> None:
    table = torch.cdist(points := normal(6, 2), points).square()
    before = table.clone()
    k_means_plus_plus(lambda i: table[i], 4, generator(), first=0)
    assert torch.equal(table, before)


def test_k_means_plus_plus_takes_one_number_for_each_draw() -> None:
    used, fresh = generator(), generator()
    k_means_plus_plus(squared(normal(10, 2)), 4, used, first=0)
    torch.rand(3, generator=fresh, dtype=torch.float64)
    assert torch.equal(used.get_state(), fresh.get_state())


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_k_means_plus_plus_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="finite sum above 0; got"):
        k_means_plus_plus(lambda i: torch.tensor([0.0, 1.0, bad]), 2, generator(), first=0)


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 0.999, 1 - 2.0**-53])
@pytest.mark.parametrize("scale", [1.0, 1 + 2.0**-52, 1e-300])
def test_what_weighs_nothing_is_never_drawn(level: float, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", lambda *_, **__: torch.tensor(level, dtype=torch.float64))
    weights = torch.tensor([0.0, 0.25, 0.0, 0.75, 0.0, 0.0], dtype=torch.float64) * scale
    assert draw(weights, generator()) == (1 if level < 0.25 else 3)


def test_the_smallest_numbers_are_weights_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.999 · 10⁻³²³ is rounded to 10⁻³²³, the whole sum."""
    monkeypatch.setattr(torch, "rand", lambda *_, **__: torch.tensor(0.999, dtype=torch.float64))
    assert draw(torch.tensor([5e-324, 0.0, 5e-324, 0.0], dtype=torch.float64), generator()) == 2


def test_small_weights_are_not_lost_beside_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """In float32 2²⁴ + 1 is 2²⁴."""
    monkeypatch.setattr(torch, "rand", lambda *_, **__: torch.tensor(1 - 2.0**-26, dtype=torch.float64))
    assert draw(torch.tensor([2.0**24, 1.0, 1.0]), generator()) == 2


def plain_centers(distances: torch.Tensor, centres: list[int], budget: int) -> list[int]:
    """The farthest point from all centres, by the whole matrix of distances (m, m): the oracle."""
    picks: list[int] = []
    while len(picks) < budget:
        left = [i for i in range(len(distances)) if i not in picks and i not in centres]
        picks.append(max(left, key=lambda i: float(distances[i][centres + picks].min())))
    return picks


@pytest.mark.parametrize("seed", SEEDS)
def test_k_center_picks_as_the_plain_form_does(seed: int) -> None:
    points = normal(40, 3, seed=seed)
    points[10:14] = points[9]
    table = torch.cdist(points, points)
    nearest = table[:, [0, 5]].amin(dim=1)
    assert k_center(lambda i: table[i], nearest, 38).tolist()[:30] == plain_centers(table, [0, 5], 30)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_radius_of_k_center_is_at_most_twice_the_optimum(seed: int) -> None:
    table = torch.cdist(points := normal(11, 2, seed=seed), points)
    old = [0, 1]
    picks = k_center(lambda i: table[i], table[:, old].amin(dim=1), 3).tolist()

    def radius(new: tuple[int, ...]) -> float:
        return float(table[:, [*old, *new]].amin(dim=1).max())

    assert radius(tuple(picks)) <= 2 * min(radius(new) for new in combinations(range(11), 3))


def test_k_center_starts_with_the_first_point_where_there_is_no_centre() -> None:
    points = torch.tensor([[0.0], [1.0], [5.0], [5.0]])
    assert k_center(squared(points), torch.full((4,), torch.inf), 3).tolist() == [0, 2, 1]


def test_k_center_can_pick_everything() -> None:
    points = torch.ones(6, 2)
    assert k_center(squared(points), torch.zeros(6), 6).tolist() == [0, 1, 2, 3, 4, 5]


def test_k_center_leaves_the_distances_that_it_was_given_alone() -> None:
    nearest = torch.full((4,), torch.inf)
    k_center(squared(normal(4, 2)), nearest, 3)
    assert nearest.isinf().all()


def test_k_center_refuses_a_distance_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="wanted a number as each distance"):
        k_center(squared(torch.tensor([[0.0], [torch.nan]])), torch.full((2,), torch.inf), 2)


def test_squared_distances_are_those_of_the_differences() -> None:
    a, b = normal(20, 5), normal(30, 5, seed=1)
    found = squared_distances(a @ b.T, squared_norms(a)[:, None], squared_norms(b), a.dtype)
    torch.testing.assert_close(found, torch.cdist(a, b).square())


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [3, 64, 512])
def test_duplicates_have_distance_zero(d: int, precision: torch.dtype) -> None:
    points = normal(25, d).to(precision).repeat(2, 1)
    norms = squared_norms(points)
    for i in range(25):
        found = squared_distances(points.mv(points[i]).double(), norms, norms[i], precision)
        assert found.eq(0).nonzero().flatten().tolist() == [i, i + 25]


@pytest.mark.parametrize(("precision", "gap"), [(torch.float32, 1e-2), (torch.float64, 1e-6)])
def test_what_is_near_is_told_from_a_duplicate(precision: torch.dtype, gap: float) -> None:
    points = torch.tensor([[1.0, 0.0], [1.0, gap], [0.0, 0.0], [0.0, 1e-9]], dtype=precision)
    norms = squared_norms(points)
    found = squared_distances(points.mv(points[0]).double(), norms, norms[0], precision)
    assert found.tolist() == pytest.approx([0, gap**2, 1, 1], rel=1e-2)


def test_squared_norms_are_made_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "ROWS", 3)
    points = normal(10, 4)
    torch.testing.assert_close(squared_norms(points), (points * points).sum(dim=1))


def test_squared_norms_of_tiny_points_do_not_vanish() -> None:
    assert squared_norms(torch.full((1, 4), 1e-30)).item() == pytest.approx(4e-60)
