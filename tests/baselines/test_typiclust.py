"""TypiClust against the loop of its paper, cluster by cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from given_model import given_view

from baselines import typiclust
from baselines.clusters import kmeans
from baselines.tiles import unit
from baselines.typiclust import TypiClust, in_turns, mean_distances
from bench.view import View


def view_of(labelled: int = 7, candidates: int = 43, seed: int = 0) -> View:
    """Features around five centres; three classes."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(5, 4, generator=generator, dtype=torch.float64)
    chosen = torch.randint(5, (labelled + candidates,), generator=generator)
    features = centres[chosen] + 0.3 * torch.randn(len(chosen), 4, generator=generator, dtype=torch.float64)
    return given_view(torch.zeros(len(chosen), 3), features, labelled, seed)


def typicality(x: torch.Tensor, i: int, members: list[int], neighbours: int) -> float:
    """One over the mean distance to the nearest other members."""
    distances = sorted(float((x[i] - x[j]).norm()) for j in members if j != i)
    nearest = distances[: min(neighbours, max(len(members) // 2, 1))]
    return len(nearest) / sum(nearest) if sum(nearest) else float("inf")


def plain_typiclust(view: View, strategy: TypiClust, budget: int) -> list[int]:
    """Clusters by turns, each giving its most typical candidate that is left; small ones once the others are empty."""
    n = len(view.labelled)
    x = unit(torch.cat([view.model.features(view.labelled.x), view.features]))
    count = min(n + budget, strategy.max_clusters)
    clusters = kmeans(x, count, torch.Generator().manual_seed(view.generator.initial_seed())).tolist()
    queues, keys = {}, {}
    for cluster in sorted(set(clusters)):
        members = [i for i in range(n, len(x)) if clusters[i] == cluster]
        queues[cluster] = sorted(members, key=lambda i: (-typicality(x, i, members, strategy.neighbours), i))
        keys[cluster] = (clusters[:n].count(cluster), -clusters.count(cluster), cluster)
    picks: list[int] = []
    for big in (True, False):
        order = sorted((c for c in queues if (clusters.count(c) > strategy.small) == big), key=lambda c: keys[c])
        while any(queues[c] for c in order):
            picks += [queues[c].pop(0) - n for c in order if queues[c]]
    return picks[:budget]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("labelled", [0, 7])
@pytest.mark.parametrize(
    "strategy",
    [TypiClust(), TypiClust(max_clusters=4), TypiClust(max_clusters=8, neighbours=2), TypiClust(max_clusters=1)],
    ids=repr,
)
def test_it_picks_what_the_plain_loop_picks(seed: int, labelled: int, strategy: TypiClust) -> None:
    for budget in (3, 20, 43):
        view = view_of(labelled, 43, seed)
        assert strategy.query(view, budget).tolist() == plain_typiclust(view, strategy, budget)


def test_tiles_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x = view_of(0, 50).features
    whole = mean_distances(x, torch.zeros(50, dtype=torch.long), 20)
    monkeypatch.setattr(typiclust, "AREA", 350)
    torch.testing.assert_close(mean_distances(x, torch.zeros(50, dtype=torch.long), 20), whole)


def test_distances_are_averaged_not_their_squares() -> None:
    """Public code averages squares, which prefers a point with two middling neighbours to one with a very near one."""
    line = torch.tensor([[0.0], [1.0], [10.1], [20.0], [25.6], [31.2]], dtype=torch.float64)
    distances = mean_distances(line, torch.zeros(6, dtype=torch.long), 2)
    assert distances.tolist() == pytest.approx([5.55, 5.05, 9.5, 7.75, 5.6, 8.4])
    squares = [(1 + 10.1**2) / 2, (1 + 9.1**2) / 2, (9.1**2 + 9.9**2) / 2, (5.6**2 + 9.9**2) / 2, 5.6**2]
    assert min(squares) == squares[4]


def test_a_point_is_no_neighbour_of_itself_even_beside_its_copies() -> None:
    x = torch.tensor([[0.0], [0.0], [3.0], [7.0]], dtype=torch.float64)
    assert mean_distances(x, torch.zeros(4, dtype=torch.long), 2).tolist() == pytest.approx([1.5, 1.5, 3.0, 5.5])


def test_half_of_a_small_cluster_are_neighbours() -> None:
    x = torch.tensor([[0.0], [1.0], [3.0], [7.0], [20.0]], dtype=torch.float64)
    distances = mean_distances(x, torch.zeros(5, dtype=torch.long), 20)
    assert distances.tolist() == pytest.approx([2, 1.5, 2.5, 5, 15])


def test_a_point_alone_in_its_cluster_has_distance_zero() -> None:
    x = torch.tensor([[0.0], [1.0], [3.0]], dtype=torch.float64)
    assert mean_distances(x, torch.tensor([0, 1, 1]), 20).tolist() == [0, 2, 2]


def test_clusters_with_fewer_labelled_points_come_first_then_larger_ones() -> None:
    labelled, candidates = [0, 1, 1, 2], [0] * 9 + [1] * 8 + [2] * 7 + [3] * 6 + [4] * 7
    clusters = torch.tensor(labelled + candidates)
    order = in_turns(clusters, 4, torch.zeros(37, dtype=torch.float64), 5)
    assert torch.tensor(candidates)[order[:5]].tolist() == [4, 3, 0, 2, 1]


def test_clusters_of_at_most_five_points_come_after_all_others_are_used_up() -> None:
    clusters = torch.tensor([0] * 5 + [1] * 6 + [2] * 4)
    order = in_turns(clusters, 0, torch.arange(15, dtype=torch.float64), 5)
    assert clusters[order].tolist() == [1] * 6 + [0, 2] * 4 + [0]


def test_where_all_clusters_are_small_they_are_used_as_they_are() -> None:
    clusters = torch.tensor([0, 0, 1, 1, 1])
    assert in_turns(clusters, 0, torch.arange(5, dtype=torch.float64), 5).tolist() == [2, 0, 3, 1, 4]


def test_more_clusters_than_distinct_points_leave_some_empty() -> None:
    features = torch.eye(3, dtype=torch.float64).repeat(14, 1)
    picks = TypiClust().query(given_view(torch.zeros(42, 3), features), 30)
    assert len(set(picks.tolist())) == 30
    assert len({i % 3 for i in picks[:3].tolist()}) == 3


def test_equal_candidates_are_picked_in_order() -> None:
    assert TypiClust().query(given_view(torch.zeros(40, 3), torch.ones(40, 3)), 40).tolist() == list(range(40))


def test_the_clusters_come_from_the_generator_alone() -> None:
    """Public code leaves k-means unseeded."""
    view = view_of()

    def picks(seed: int, elsewhere: int) -> list[int]:
        torch.manual_seed(elsewhere)
        return TypiClust().query(replace(view, generator=torch.Generator().manual_seed(seed)), 10).tolist()

    assert picks(1, 1) == picks(1, 2)
    assert len({tuple(picks(seed, 1)) for seed in range(5)}) > 1


@pytest.mark.parametrize("count", [5, 60])
def test_kmeans_finds_clusters_that_are_far_apart(count: int) -> None:
    truth = torch.arange(300) % count
    noise = 0.01 * torch.randn(300, 1, generator=torch.Generator().manual_seed(0))
    found = kmeans(10.0 * truth[:, None] + noise, count, torch.Generator().manual_seed(0))
    pure = sum(len(found[truth == label].unique()) == 1 for label in range(count))
    assert pure >= 0.8 * count
