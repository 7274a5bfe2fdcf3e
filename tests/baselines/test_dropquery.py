"""DropQuery: flips by a plain loop, the levels of letting candidates in, and the clusters' nearest points."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from cycle_views import BRIEF, Given, cycle_view
from sklearn.cluster import KMeans

from baselines.dropquery import DropQuery, flip_counts, last_layer, spread, undecided
from bench.contract import check_strategy
from bench.errors import DataError, Refused
from bench.learner import Learner, learners
from bench.learners.linear import Logistic, Ridge
from bench.learners.network import NetworkLearner
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.protocol import Protocol
from bench.view import Embedding

WEIGHTS = torch.randn(5, 3, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
FEATURES = torch.randn(40, 5, generator=torch.Generator().manual_seed(8), dtype=torch.float64)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def layer(features: torch.Tensor) -> torch.Tensor:
    return features @ WEIGHTS + torch.tensor([0.3, 0.0, 0.0])


def test_flips_are_counted_as_by_a_plain_loop() -> None:
    masks = torch.rand(4, 40, 5, generator=generator()) >= 0.75
    by_hand = [
        sum(
            int(layer(features * mask[i] * 4).argmax()) != int(layer(features).argmax())  # 4 = 1 / (1 − 0.75)
            for mask in masks
        )
        for i, features in enumerate(FEATURES)
    ]
    assert flip_counts(FEATURES, layer, 4, 0.75, generator()).tolist() == by_hand


def test_a_label_that_no_feature_decides_never_flips_and_the_others_do_at_the_rate() -> None:
    """Without features the bias decides; with one feature the label flips whenever that is struck out."""
    features = torch.zeros(2000, 5, dtype=torch.float64)
    features[1000:, 0] = 1

    def one_feature(part: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.full_like(part[:, 0], 0.1), part[:, 0]], dim=1)

    share = flip_counts(features, one_feature, 3, 0.75, generator()).double().view(2, 1000).mean(dim=1) / 3
    assert share[0] == 0
    assert share[1].item() == pytest.approx(0.75, abs=0.04)  # 5 deviations of 3,000 draws


@pytest.mark.parametrize(("budget", "kept"), [(1, 2), (2, 2), (3, 4), (4, 4), (5, 5)])
def test_more_than_half_must_flip_unless_that_leaves_too_few(budget: int, kept: int) -> None:
    flips = torch.tensor([3, 2, 1, 1, 0])
    assert undecided(flips, 3, budget).tolist() == [i < kept for i in range(5)]


def test_half_of_an_even_number_of_draws_is_not_enough() -> None:
    assert undecided(torch.tensor([4, 3, 2]), 4, 1).tolist() == [True, True, False]


def test_each_cluster_gives_the_point_nearest_to_its_centre() -> None:
    means = KMeans(6, n_init=1, random_state=11).fit(FEATURES.numpy())
    centres = torch.from_numpy(means.cluster_centers_)
    nearest = torch.cdist(centres, FEATURES).argmin(dim=1)
    assert len(nearest.unique()) == 6
    assert spread(FEATURES, 6, 11).tolist() == nearest.tolist()


def test_well_separated_clusters_are_all_visited() -> None:
    centres = 100 * torch.eye(5, dtype=torch.float64)
    points = centres.repeat(8, 1) + FEATURES
    assert sorted((spread(points, 5, 0) % 5).tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("points", [torch.ones(9, 2), torch.tensor([[0.0], [0.0], [1.0], [1.0], [5.0], [5.0]])])
@pytest.mark.parametrize("budget", [1, 4, 6])
def test_duplicates_are_picked_once_each(points: torch.Tensor, budget: int) -> None:
    picks = spread(points, budget, 0).tolist()
    assert len(set(picks)) == budget


def test_only_undecided_candidates_are_picked_where_there_are_enough() -> None:
    view = cycle_view(NetworkLearner(MLP(16, 1), BRIEF))
    picks = DropQuery().query(view, 4)
    again = cycle_view(NetworkLearner(MLP(16, 1), BRIEF))
    flips = flip_counts(again.features, last_layer(again.model), 3, 0.75, again.generator)
    assert int((flips >= 2).sum()) >= 4
    assert bool((flips[picks] >= 2).all())


def test_clusters_are_in_the_space_asked_for() -> None:
    view = cycle_view(NetworkLearner(MLP(16, 1), BRIEF))
    groups = torch.arange(36)[:, None].double() % 4 * 100
    picks = DropQuery(space="given", rate=0.99).query(replace(view, given=Embedding(groups[:12], groups)), 4)
    assert sorted((picks % 4).tolist()) == [0, 1, 2, 3]
    with pytest.raises(DataError, match="space: given"):
        DropQuery(space="given").query(view, 4)


@pytest.mark.parametrize(
    "learner", [NetworkLearner(CNN(4), BRIEF), NetworkLearner(MLP(16), BRIEF), Ridge(), Logistic()]
)
def test_the_last_layer_takes_the_features_to_the_outputs(learner: Learner) -> None:
    view = cycle_view(learner)
    torch.testing.assert_close(last_layer(view.model)(view.features), view.outputs)


@pytest.mark.parametrize("learner", [NetworkLearner(CNN(4), BRIEF), Ridge()])
def test_dropquery_keeps_the_contract(learner: Learner) -> None:
    check_strategy(DropQuery(), learner)


def test_the_clusters_are_seeded_from_the_views_generator() -> None:
    """At this rate nothing flips, so that the generator serves the clusters alone."""
    picks = {tuple(DropQuery(rate=1e-9).query(cycle_view(Ridge(), seed=seed), 8).tolist()) for seed in (0, 0, 1, 2)}
    assert len(picks) == 3


def test_a_model_without_a_linear_last_layer_is_refused() -> None:
    with pytest.raises(Refused, match="linear last layer; got Given"):
        last_layer(Given(WEIGHTS))


def test_learners_with_a_linear_last_layer_are_not_refused() -> None:
    for name in ("network", "ridge", "logistic"):
        assert DropQuery().refusal(learners.find(name).cls(), Protocol(1, 1, 1)) is None
