"""Draws of a network under dropout: the same masks for all candidates, and nothing of the network is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from cycle_views import BRIEF, WITH_DROPOUT, cycle_view
from torch import nn

from baselines import monte_carlo_dropout
from baselines.monte_carlo_dropout import dropout_refusal, one_draw, sampled_probabilities
from bench.errors import Refused
from bench.learner import Learner
from bench.learners.linear import Ridge
from bench.learners.network import NetworkLearner, NetworkModel
from bench.modules.dropout import Dropout
from bench.modules.network import Forward, Network
from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.view import View


def drawn(view: View, draws: int = 3) -> torch.Tensor:
    return torch.stack(list(sampled_probabilities(view, draws)))  # (j, m, k)


def afresh(view: View, candidates: torch.Tensor | None = None) -> View:
    """The same view with its generator at the start, and possibly other candidates."""
    generator = torch.Generator().manual_seed(0)
    return replace(view, generator=generator, candidates=view.candidates if candidates is None else candidates)


def test_a_draw_is_the_network_with_some_features_struck_out() -> None:
    """The perceptron drops before its head: its outputs are head(mask ∘ features / (1 − rate))."""
    view = cycle_view(WITH_DROPOUT)
    assert isinstance(view.model, NetworkModel)
    keep = torch.rand(1, 16, generator=torch.Generator().manual_seed(0)) >= 0.5
    by_hand = view.model.net.head(view.features * keep / 0.5)
    torch.testing.assert_close(drawn(view, 2)[0], view.model.rule(by_hand))


def test_equal_candidates_have_equal_probabilities_in_every_draw() -> None:
    view = cycle_view(WITH_DROPOUT)
    p = drawn(replace(view, candidates=view.candidates[[0, 1, 0]]), 20)
    assert torch.equal(p[:, 0], p[:, 2])
    assert not torch.equal(p[0], p[1])


@pytest.mark.parametrize("net", [MLP(16, 2, dropout=0.5), WideResNet(1, 1, dropout=0.3), CNN(4, dropout=0.5)])
def test_order_and_tiles_of_the_candidates_do_not_change_a_draw(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    view = cycle_view(NetworkLearner(net, BRIEF))
    before, order = drawn(afresh(view)), torch.randperm(len(view), generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(monte_carlo_dropout, "TILE", 7)
    torch.testing.assert_close(drawn(afresh(view)), before)
    torch.testing.assert_close(drawn(afresh(view, view.candidates[order])), before[:, order])


def test_the_mean_over_many_draws_of_a_linear_head_is_the_network_itself() -> None:
    view = cycle_view(WITH_DROPOUT)
    assert isinstance(view.model, NetworkModel)
    total = torch.zeros_like(view.outputs)
    for _ in range(2000):
        with torch.no_grad(), one_draw(view.model.net, view.generator):
            total += view.model.net(view.candidates) / 2000
    assert (total - view.outputs).abs().max() < 5 * view.outputs.abs().max() / 2000**0.5


def everything(model: NetworkModel) -> tuple[dict[str, torch.Tensor], list[bool], int]:
    """State, training flags and the number of hooks."""
    modules = list(model.net.modules())
    hooks = sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in modules)
    return {k: v.clone() for k, v in model.state().items()}, [module.training for module in modules], hooks


@pytest.mark.parametrize("fails", [False, True])
def test_the_network_is_left_as_it_was_even_by_a_failure(fails: bool) -> None:
    """Batch statistics of the pool must not leak into BatchNorm's own."""
    view = cycle_view(NetworkLearner(CNN(4, dropout=0.5), BRIEF))
    assert isinstance(view.model, NetworkModel)
    before = everything(view.model)
    if fails:
        with pytest.raises(RuntimeError):
            drawn(replace(view, candidates=view.candidates[:, :, :, :, None]))
    else:
        drawn(view)
    after = everything(view.model)
    assert all(torch.equal(before[0][key], after[0][key]) for key in before[0])
    assert before[1:] == after[1:]
    assert after[2] == 0


class Twice(Network):
    """One dropout layer that is used twice in a forward pass, and stochastic depth."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout, self.depth = Dropout(0.5), Dropout(0.5, leading=1)
        self.head = nn.Linear(36, 3)

    def parts(self, x: torch.Tensor) -> Forward:
        once = self.dropout(torch.ones_like(x.flatten(1)))
        features = torch.stack([once, self.dropout(torch.ones_like(once)), self.depth(torch.ones_like(once))], 1)
        return Forward(features, features, (features,))

    def initialise(self, generator: torch.Generator) -> None:
        raise NotImplementedError


def test_each_use_of_a_layer_has_a_mask_of_its_own_and_depth_is_dropped_whole() -> None:
    net, x = Twice().eval(), torch.zeros(5, 36)
    depths = set()
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        with one_draw(net, generator):
            first, again = net(x), net(x)
        assert torch.equal(first, again)
        assert not torch.equal(first[:, 0], first[:, 1])
        depths.add(tuple(first[:, 2].unique().tolist()))
    assert depths == {(0.0,), (2.0,)}


@pytest.mark.parametrize("learner", [NetworkLearner(MLP(16)), NetworkLearner(CNN(4)), Ridge()])
def test_a_learner_without_dropout_is_refused_at_planning(learner: Learner) -> None:
    assert "wanted a network with dropout" in str(dropout_refusal(learner))


def test_a_network_with_dropout_is_not_refused() -> None:
    assert dropout_refusal(WITH_DROPOUT) is None


@dataclass(frozen=True)
class Silent(Net):
    """A net that does not say whether it has dropout."""

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        return MLP(8).build(shape, classes)


@pytest.mark.parametrize("learner", [NetworkLearner(Silent(), BRIEF), Ridge()])
def test_what_planning_cannot_tell_is_refused_at_work(learner: Learner) -> None:
    assert not isinstance(learner, NetworkLearner) or dropout_refusal(learner) is None
    with pytest.raises(Refused, match=r"wanted a network with dropout .* this one has none"):
        drawn(cycle_view(learner))


def test_probabilities_are_in_double_precision_from_a_network_in_single() -> None:
    view = cycle_view(WITH_DROPOUT)
    assert isinstance(view.model, NetworkModel)
    view.model.net.float()
    assert drawn(replace(view, candidates=view.candidates.float())).dtype == torch.float64
