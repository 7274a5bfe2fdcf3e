"""The laws of strategies.beliefs.belief.Belief, for every belief."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
import torch
from look_ahead_cases import BRIEF, close, fitted_view, one_hot, regression

from bench.learners.linear import Ridge
from bench.learners.network import NetworkLearner
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from strategies.beliefs.belief import Belief, change_products
from strategies.beliefs.kernel_belief import KernelBelief
from strategies.empirical_ntk import EmpiricalNTK
from strategies.exact import Exact
from strategies.last_layer_laplace import LastLayerLaplace
from strategies.retrained_by_sgd import Naive, OneGradientStep
from strategies.retraining import Retraining

PERCEPTRON = NetworkLearner(MLP(12, 1), BRIEF)
ENTROPY_TRAINED = NetworkLearner(MLP(12, 1), replace(BRIEF, loss="cross_entropy"))
SMALL_CNN = NetworkLearner(CNN(2), BRIEF)


def of(retraining: Retraining, learner: NetworkLearner | Ridge) -> Callable[[], Belief]:
    return lambda: retraining.belief(fitted_view(learner))


BELIEFS: dict[str, Callable[[], Belief]] = {
    "kernel": lambda: regression(candidates=8).belief(),
    "exact": of(Exact(), Ridge()),
    "laplace": of(LastLayerLaplace(), PERCEPTRON),
    "one_step": of(OneGradientStep(), PERCEPTRON),
    "one_step, cross-entropy": of(OneGradientStep(), ENTROPY_TRAINED),
    "naive, one by one": of(Naive(2, together=1), SMALL_CNN),
    "naive, together": of(Naive(2, together=3), PERCEPTRON),
    "naive, together, cross-entropy": of(Naive(2, together=3), ENTROPY_TRAINED),
    "entk": of(EmpiricalNTK(), NetworkLearner(WideResNet(1, 1), BRIEF)),
    "entk, sum of logits": of(EmpiricalNTK("sum_logits"), PERCEPTRON),
}
EVERY = pytest.mark.parametrize("name", BELIEFS)
EVERYTHING = torch.arange(8)


@cache
def belief_of(name: str) -> Belief:
    return BELIEFS[name]()


def target(y: int, belief: Belief) -> torch.Tensor:
    return one_hot(torch.tensor(y), belief.outputs.shape[1])


def targets_of(belief: Belief, positions: torch.Tensor) -> torch.Tensor:
    """A different class for each, in turn."""
    k = belief.outputs.shape[1]
    return one_hot(torch.arange(len(positions)) % k, k)


@EVERY
@pytest.mark.parametrize(
    "at",
    [EVERYTHING, EVERYTHING.flip(0), torch.tensor([5, 0, 3])],
    ids=["everything", "everything, backwards", "some, in any order"],
)
@pytest.mark.parametrize("already", [(), ((6, 1),)], ids=["at first", "after a label"])
def test_looking_ahead_is_conditioning(name: str, at: torch.Tensor, already: tuple[tuple[int, int], ...]) -> None:
    belief = belief_of(name)
    for position, y in already:
        belief = belief.condition(position, target(y, belief))
    positions = torch.tensor([4, 0, 7, 2, 1])
    targets = targets_of(belief, positions)
    ahead = belief.ahead(positions, targets, at).outputs()  # (5, p, k)
    conditioned = [belief.condition(int(i), y).outputs[at] for i, y in zip(positions, targets, strict=True)]
    close(ahead, torch.stack(conditioned))


@EVERY
def test_the_order_of_two_labels_does_not_matter(name: str) -> None:
    belief = belief_of(name)
    a, b = (1, target(2, belief)), (5, target(0, belief))
    close(belief.condition(*a).condition(*b).outputs, belief.condition(*b).condition(*a).outputs)


@EVERY
def test_a_label_says_more_for_its_own_class_than_another_label_does(name: str) -> None:
    belief = belief_of(name)
    own, other = (belief.condition(3, target(y, belief)).outputs[3, 2] for y in (2, 0))
    assert own > other


@EVERY
def test_conditioning_leaves_the_old_belief_as_it_was(name: str) -> None:
    belief = belief_of(name)
    y = target(1, belief)
    before = belief.outputs.clone()
    ahead = belief.ahead(EVERYTHING, targets_of(belief, EVERYTHING), EVERYTHING).outputs()
    belief.condition(2, y)
    assert torch.equal(belief.outputs, before)
    again = belief.ahead(EVERYTHING, targets_of(belief, EVERYTHING), EVERYTHING).outputs()
    assert torch.equal(again, ahead)


@EVERY
def test_giving_up_the_old_belief_changes_nothing_about_the_new(name: str) -> None:
    kept, given_up = belief_of(name), BELIEFS[name]()
    for position, y in ((2, 1), (6, 0)):
        kept = kept.condition(position, target(y, kept))
        given_up = given_up.condition(position, target(y, given_up), keep=False)
    close(given_up.outputs, kept.outputs)
    a, b = (one.ahead(EVERYTHING, targets_of(one, EVERYTHING), EVERYTHING).outputs() for one in (kept, given_up))
    close(a, b)


@EVERY
def test_products_of_changes_are_those_of_the_flattened_changes(name: str) -> None:
    belief, at = belief_of(name), torch.tensor([0, 2, 3, 7])
    positions = torch.tensor([1, 2, 6])
    targets = targets_of(belief, positions)
    changes = [
        (belief.condition(int(i), y).outputs - belief.outputs)[at].flatten()
        for i, y in zip(positions, targets, strict=True)
    ]
    explicit = torch.tensor([[a @ b for b in changes] for a in changes], dtype=torch.float64)
    close(change_products(belief, positions, targets, at), explicit)


@pytest.mark.parametrize("name", ["kernel", "exact", "laplace", "entk"])
def test_a_kernel_belief_answers_in_float64(name: str) -> None:
    belief = belief_of(name)
    assert isinstance(belief, KernelBelief)
    assert belief.outputs.dtype == belief.covariance.dtype == torch.float64
