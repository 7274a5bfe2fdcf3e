"""The greedy oracle against refitting on every candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from cycle_views import BRIEF, cycle_view, given_view

from baselines.greedy_oracle import GreedyOracle, LookAhead
from bench.contract import check_strategy
from bench.example import CLASSES, POOL
from bench.learner import Labelled
from bench.learners.linear import Ridge, with_constant
from bench.learners.network import NetworkLearner
from bench.nets.cnn import CNN
from bench.view import View

TRUTH = torch.randint(3, (30,), generator=torch.Generator().manual_seed(4))


def shown(view: View, truth: torch.Tensor = TRUTH) -> View:
    return replace(view, true_labels=truth)


def error(view: View, chosen: list[int], penalty: float) -> float:
    """Σ‖true − fitted‖² over the candidates of a ridge regression on the labelled set and the chosen candidates."""
    assert view.true_labels is not None
    x = torch.cat([view.model.features(view.labelled.x), view.features[chosen]]).double()
    y = torch.cat([view.labelled.y, view.true_labels[chosen]])
    weights = Ridge(penalty=penalty).solve(x, Labelled(x, y, view.classes))
    truth = torch.nn.functional.one_hot(view.true_labels, view.classes)
    return float((truth - with_constant(view.features.double()) @ weights).square().sum())


def by_refitting(view: View, budget: int, penalty: float) -> list[int]:
    picks: list[int] = []
    for _ in range(budget):
        errors = [error(view, [*picks, i], penalty) if i not in picks else torch.inf for i in range(len(view))]
        picks.append(errors.index(min(errors)))
    return picks


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("seed", range(3))
def test_picks_are_those_of_refitting_on_every_candidate(seed: int, penalty: float) -> None:
    view = shown(given_view(seed=seed))
    assert GreedyOracle(penalty).query(view, 8) == by_refitting(view, 8, penalty)


def test_picks_for_a_network_are_those_of_refitting_its_last_layer() -> None:
    view = shown(cycle_view(NetworkLearner(CNN(4), BRIEF)), torch.arange(POOL) % CLASSES)
    assert GreedyOracle().query(view, 6) == by_refitting(view, 6, 1.0)


def test_the_decrease_stays_exact_over_a_long_batch() -> None:
    view = shown(given_view())
    targets, truth = (torch.nn.functional.one_hot(y, 3).double() for y in (view.labelled.y, TRUTH))
    known, pool = with_constant(view.labelled.x), with_constant(view.features)
    ahead = LookAhead.of_ridge(known, targets, pool, truth, 0.5)
    for i in range(20):
        ahead = ahead.with_label(i)
    before = error(view, list(range(20)), 0.5)
    falls = torch.tensor([before - error(view, [*range(20), i], 0.5) for i in range(30)], dtype=torch.float64)
    torch.testing.assert_close(ahead.decrease(), falls, rtol=1e-7, atol=1e-10)


def test_other_true_labels_give_other_picks() -> None:
    assert GreedyOracle().query(shown(given_view()), 8) != GreedyOracle().query(shown(given_view(), 2 - TRUTH), 8)


def test_permuting_the_candidates_permutes_the_picks() -> None:
    view, order = given_view(), torch.randperm(30, generator=torch.Generator().manual_seed(5))
    permuted = shown(replace(view, candidates=view.candidates[order]), TRUTH[order])
    assert order[GreedyOracle().query(permuted, 6)].tolist() == GreedyOracle().query(shown(view), 6)


@pytest.mark.parametrize("truth", [torch.zeros(30, dtype=torch.long), TRUTH], ids=["one class", "three classes"])
def test_equal_candidates_are_picked_once_each(truth: torch.Tensor) -> None:
    view = given_view()
    same = replace(view, candidates=view.candidates[:1].expand(30, 3))
    assert sorted(GreedyOracle().query(shown(same, truth), 30)) == list(range(30))


def test_it_says_that_it_sees_labels_and_keeps_the_rest_of_the_contract() -> None:
    assert GreedyOracle.sees_labels
    check_strategy(GreedyOracle())
    check_strategy(GreedyOracle(), Ridge())
