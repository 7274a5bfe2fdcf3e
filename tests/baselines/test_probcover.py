"""ProbCover against the graph itself, edge by edge."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from given_model import given_view

from baselines import tiles
from baselines.clusters import kmeans
from baselines.probcover import Ball, ProbCover, pure_radius
from baselines.tiles import Points, squared_distances, unit
from bench.view import View


@pytest.fixture(autouse=True)
def _several_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles so small that fifty points need several, the last one not full."""
    monkeypatch.setattr(tiles, "TILE", 16)


def view_of(labelled: int = 7, candidates: int = 43, seed: int = 0) -> View:
    """Gaussian features in three dimensions; three classes."""
    features = torch.randn(labelled + candidates, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return given_view(torch.zeros_like(features), features, labelled, seed)


def on_circle(degrees: list[float], labelled: int = 0) -> View:
    """Features at these angles; two points are nearer than 0.1 where those are within 5.7 degrees."""
    angles = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return given_view(torch.zeros(len(degrees), 2), torch.stack([angles.cos(), angles.sin()], 1), labelled)


def plain_cover(view: View, radius: float, budget: int) -> list[int]:
    """Greedy cover on the stored graph. Equal degrees: the nearer new points, then the point most like the
    mean, then the first."""
    n = len(view.labelled)
    x = unit(torch.cat([view.model.features(view.labelled.x), view.features]))
    squared = (x[:, None] - x[None, :]).square().sum(2)
    out = {i: {j for j in range(len(x)) if squared[i, j] < radius**2} for i in range(len(x))}
    covered = set().union(*(out[i] for i in range(n))) if n else set()
    chosen = list(range(n))

    def rank(i: int) -> tuple[float, ...]:
        new = out[i] - covered
        near = round(sum(1 - float(squared[i, j]) / radius**2 for j in new), 9)
        return (-len(new), -near, -round(float(x[i] @ x[n:].mean(0)), 9), i)

    for _ in range(budget):
        pick = min((i for i in range(n, len(x)) if i not in chosen), key=rank)
        chosen.append(pick)
        covered |= out[pick]
    return [i - n for i in chosen[n:]]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("radius", [0.1, 0.4, 1.0])
@pytest.mark.parametrize("labelled", [0, 7])
def test_it_picks_what_greedy_picks_on_the_graph(seed: int, radius: float, labelled: int) -> None:
    view = view_of(labelled, 43, seed)
    assert ProbCover(radius=radius).query(view, 43).tolist() == plain_cover(view, radius, 43)


def test_the_last_points_are_in_the_graph() -> None:
    """The official code drops those after the last full tile."""
    alone = [float(angle) for angle in range(0, 320, 20)]
    together = [340.0, 341.0, 342.0]
    assert ProbCover(radius=0.1).query(on_circle(alone + together), 2).tolist() == [17, 0]


def test_once_all_is_covered_other_points_are_picked_each_once() -> None:
    """The official code then picks the first one again and again."""
    picks = ProbCover(radius=2.5).query(view_of(), 10).tolist()
    assert len(set(picks)) == 10


def test_what_labelled_points_cover_counts_no_more() -> None:
    view = on_circle([0, 1, 2, 3, 4, 90, 91], labelled=1)
    assert ProbCover(radius=0.1).query(view, 1).tolist() == [4]


def degrees(view: View, radius: float) -> list[int]:
    """How many points each candidate would newly cover, without the share that orders equal numbers."""
    ProbCover(radius=radius).query(view, 1)
    assert view.journal.scores is not None
    return view.journal.scores.floor().long().tolist()


def test_an_edge_needs_a_distance_below_the_radius() -> None:
    side = 2**0.5  # between points at right angles
    assert degrees(on_circle([0, 90, 180]), side * 1.001) == [2, 3, 2]
    assert degrees(on_circle([0, 90, 180]), side * 0.999) == [1, 1, 1]


@pytest.mark.parametrize(("dimensions", "spread", "radius"), [(8, 1.0, 0.5), (16, 0.1, 0.1), (16, 0.02, 0.04)])
@pytest.mark.parametrize("seed", range(2))
def test_permuting_single_precision_candidates_permutes_the_picks(
    dimensions: int, spread: float, radius: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    view = given_view(torch.zeros(300, 3), 1 + spread * torch.randn(300, dimensions, generator=generator))
    order = torch.randperm(300, generator=generator)
    other = replace(view, candidates=view.candidates[order])
    strategy = ProbCover(radius=radius)
    assert order[strategy.query(other, 100)].tolist() == strategy.query(view, 100).tolist()


def test_a_point_at_the_radius_itself_is_outside_in_both_directions() -> None:
    x = Points.of(unit(view_of(0, 50).features))
    for i, j in zip(range(25), range(25, 50), strict=True):
        squared = squared_distances(x[i : i + 1], x[j : j + 1])
        ball = Ball(float(squared.sqrt()), 50)
        both = (squared, squared_distances(x, x)[[i, j], [j, i]])
        assert not any(bool(ball.similarity(distance).any()) for distance in both)


def test_permuting_the_candidates_permutes_the_picks() -> None:
    view = view_of()
    order = torch.randperm(43, generator=torch.Generator().manual_seed(5))
    other = replace(view, candidates=view.candidates[order])
    strategy = ProbCover(radius=0.4)
    assert order[strategy.query(other, 15)].tolist() == strategy.query(view, 15).tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("radius", [None, 0.3])
def test_of_equal_candidates_the_first_are_picked(dtype: torch.dtype, radius: float | None) -> None:
    view = given_view(torch.zeros(40, 3, dtype=dtype), torch.ones(40, 3, dtype=dtype))
    assert ProbCover(radius=radius).query(view, 40).tolist() == list(range(40))


@pytest.mark.parametrize("purity", [0.5, 0.8, 0.95])
def test_the_radius_is_the_largest_whose_balls_are_pure_enough(purity: float) -> None:
    x = unit(view_of(0, 50).features)
    clusters = kmeans(x, 3, torch.Generator().manual_seed(0))
    distance = (x[:, None] - x[None, :]).square().sum(2).sqrt()
    other = clusters[:, None] != clusters[None, :]

    def share(radius: float) -> float:
        return 1 - float(((distance < radius) & other).any(1).double().mean())

    radius = pure_radius(x, clusters, purity)
    assert share(radius * (1 - 1e-6)) >= purity > share(radius * (1 + 1e-6))


def test_by_default_the_radius_comes_from_seeded_clusters_of_everything() -> None:
    view = view_of(seed=4)
    x = unit(torch.cat([view.model.features(view.labelled.x), view.features]))
    radius = pure_radius(x, kmeans(x, 3, torch.Generator().manual_seed(4)), 0.95)
    assert ProbCover().query(view, 15).tolist() == plain_cover(view, radius, 15)


def test_with_one_cluster_the_radius_is_the_diameter() -> None:
    x = unit(view_of(0, 20).features)
    assert pure_radius(x, torch.zeros(20, dtype=torch.long), 0.95) == 2


def test_a_tight_radius_on_single_precision_features_finds_every_edge() -> None:
    features = 1 + 1e-3 * torch.randn(50, 8, generator=torch.Generator().manual_seed(1))
    single = given_view(torch.zeros(50, 3), features, 4)
    double = given_view(torch.zeros(50, 3).double(), features.double(), 4)
    assert degrees(single, 6e-4) == degrees(double, 6e-4)
    assert len(set(degrees(single, 6e-4))) > 3


def test_the_scores_kept_are_the_degrees() -> None:
    assert degrees(on_circle([0, 1, 2, 90]), 0.1) == [3, 3, 3, 1]


def test_the_radius_of_single_precision_features_that_nearly_agree_is_exact() -> None:
    features = 1 + 1e-4 * torch.randn(50, 8, generator=torch.Generator().manual_seed(1))
    clusters = torch.arange(50) % 2
    x = unit(features)
    exact = pure_radius(x.double(), clusters, 0.5)
    assert pure_radius(x, clusters, 0.5) == pytest.approx(exact, rel=1e-9)
