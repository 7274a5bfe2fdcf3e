"""Cluster-Margin against the paper's loops."""

from __future__ import annotations

import pytest
import torch
from given_model import given_view

from baselines.cluster_margin import ClusterMargin, average_linkage, round_robin
from baselines.uncertainty import margin
from bench.view import View


def view_of(seed: int = 0, m: int = 60, k: int = 3, d: int = 4) -> View:
    draws = torch.Generator().manual_seed(seed)
    outputs, features = (torch.randn(m, size, generator=draws, dtype=torch.float64) for size in (k, d))
    return given_view(outputs, features, seed=seed)


def plain_clusters(points: torch.Tensor, count: int) -> set[frozenset[int]]:
    """Merge the two clusters of least mean distance until `count` are left: the oracle."""
    distances = torch.cdist(points, points)
    clusters = [frozenset([i]) for i in range(len(points))]
    while len(clusters) > count:
        pairs = [(a, b) for i, a in enumerate(clusters) for b in clusters[:i]]
        a, b = min(pairs, key=lambda pair: float(distances[list(pair[0])][:, list(pair[1])].mean()))
        clusters = [c for c in clusters if c not in (a, b)] + [a | b]
    return set(clusters)


def plain_round_robin(clusters: list[int], budget: int, order: list[int]) -> list[int]:
    """Algorithm 2 of the paper as written; a random member is the next one of its cluster in `order`."""
    kinds = sorted(set(clusters), key=lambda c: (clusters.count(c), clusters.index(c)))
    members = {c: [i for i in order if clusters[i] == c] for c in kinds}
    picks: list[int] = []
    at = 0
    while len(picks) < budget:
        if members[kinds[at]]:
            picks.append(members[kinds[at]].pop(0))
        left = [i for i, c in enumerate(kinds) if members[c]]
        at = next((i for i in left if i > at), left[0] if left else 0)
    return picks


@pytest.mark.parametrize("count", [1, 2, 7, 24])
def test_the_clusters_are_those_of_the_plain_form(count: int) -> None:
    points = view_of(m=25).features
    labels = average_linkage(points, count).tolist()
    found = {frozenset(i for i, label in enumerate(labels) if label == c) for c in set(labels)}
    assert found == plain_clusters(points, count)


@pytest.mark.parametrize("seed", range(6))
def test_the_turns_are_those_of_the_paper(seed: int) -> None:
    draws = torch.Generator().manual_seed(seed)
    clusters = torch.randint(0, 7, (30,), generator=draws).square() + 3
    order = torch.randperm(30, generator=torch.Generator().manual_seed(seed)).tolist()
    picks = round_robin(clusters, 30, torch.Generator().manual_seed(seed))
    assert picks.tolist() == plain_round_robin(clusters.tolist(), 30, order)


@pytest.mark.parametrize("seed", range(4))
def test_it_picks_as_the_plain_form_does(seed: int) -> None:
    view = view_of(seed)
    shortlist = margin(view.probabilities).argsort(stable=True)[:20].tolist()
    trees = plain_clusters(view.features[shortlist], 5)
    clusters = [next(number for number, tree in enumerate(trees) if i in tree) for i in range(20)]
    order = torch.randperm(20, generator=torch.Generator().manual_seed(seed)).tolist()
    wanted = [shortlist[i] for i in plain_round_robin(clusters, 10, order)]
    assert ClusterMargin(shortlist=2, mean_size=4).query(view, 10).tolist() == wanted


def test_well_separated_clusters_give_one_pick_each() -> None:
    blobs = torch.arange(40) % 4
    features = torch.eye(4, dtype=torch.float64)[blobs] * 100 + view_of(m=40).features
    view = given_view(view_of(m=40).outputs, features)
    picks = ClusterMargin(shortlist=10, mean_size=10).query(view, 4)
    assert sorted(blobs[picks].tolist()) == [0, 1, 2, 3]


def test_the_smallest_cluster_comes_first() -> None:
    picks = round_robin(torch.tensor([5, 5, 5, 2, 2, 9]), 4, torch.Generator().manual_seed(0))
    assert [[5, 5, 5, 2, 2, 9][i] for i in picks] == [9, 2, 5, 2]


def test_members_of_a_cluster_are_equally_likely() -> None:
    draws = torch.Generator().manual_seed(0)
    first = [int(round_robin(torch.zeros(3, dtype=torch.long), 1, draws)) for _ in range(300)]
    assert min(first.count(i) for i in range(3)) > 70


def test_nothing_outside_the_shortlist_is_picked() -> None:
    view = view_of()
    shortlist = margin(view.probabilities).argsort(stable=True)[:12].tolist()
    assert set(ClusterMargin(shortlist=2).query(view, 6).tolist()) <= set(shortlist)


def test_a_budget_beyond_the_limit_is_margin_sampling() -> None:
    view = view_of()
    wanted = margin(view.probabilities).argsort(stable=True)[:9].tolist()
    assert ClusterMargin(limit=8).query(view, 9).tolist() == wanted


def test_candidates_that_are_all_alike_are_one_cluster() -> None:
    picks = ClusterMargin().query(given_view(torch.zeros(30, 3), torch.ones(30, 4)), 5)
    assert len(set(picks.tolist())) == 5


def test_one_candidate_is_enough() -> None:
    assert ClusterMargin().query(given_view(torch.zeros(1, 3), torch.ones(1, 4)), 1).tolist() == [0]


def test_more_picks_than_clusters_go_round_again() -> None:
    for mean_size in (30, 1000):
        picks = ClusterMargin(mean_size=mean_size).query(view_of(m=60), 40)
        assert len(set(picks.tolist())) == 40
