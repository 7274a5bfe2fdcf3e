"""Look-ahead by the empirical kernel against the plain form: equations (11) and (13) candidate by candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from look_ahead_cases import BRIEF, Regression, close, fitted_view, one_hot
from torch.func import functional_call, grad, vmap

from bench.learners.network import NetworkLearner, NetworkModel
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.view import View
from strategies.empirical_ntk import EmpiricalNTK
from strategies.look_ahead import LookAhead
from strategies.mlmoc_plain import PlainMLMOC
from strategies.output_change import MLMOC

NETS = pytest.mark.parametrize("net", [MLP(8, 2), CNN(2), WideResNet(1, 1)], ids=["mlp", "cnn", "wide_resnet"])


@NETS
@pytest.mark.parametrize("jitter", [1e-4, 1e-2])
def test_the_fast_scores_are_the_plain_ones(net: MLP | CNN | WideResNet, jitter: float) -> None:
    view = fitted_view(NetworkLearner(net, BRIEF), candidates=12)
    picks = LookAhead(MLMOC(), EmpiricalNTK(jitter=jitter)).query(view, 5)
    plain = PlainMLMOC(jitter)
    assert view.journal.scores is not None
    close(view.journal.scores, plain.score(view))
    assert picks.tolist() == plain.query(view, 5).tolist()


def kernel_of_the_sum(view: View) -> torch.Tensor:
    """∇s(x)·∇s(x') of s = Σ logits / √k over labelled inputs and candidates."""
    assert isinstance(view.model, NetworkModel)
    net = view.model.net
    weights, buffers = {n: p.detach() for n, p in net.named_parameters()}, dict(net.named_buffers())

    def output(weights: dict[str, torch.Tensor], one: torch.Tensor) -> torch.Tensor:
        return functional_call(net, (weights, buffers), (one[None],))[0].sum() / view.classes**0.5

    gradients = vmap(grad(output), (None, 0))(weights, torch.cat([view.labelled.x, view.candidates]))
    jacobian = torch.cat([g.flatten(1) for g in gradients.values()], dim=1)
    return jacobian @ jacobian.T


@NETS
def test_by_the_sum_of_the_logits_it_is_equation_11_with_that_kernel(net: MLP | CNN | WideResNet) -> None:
    view = fitted_view(NetworkLearner(net, BRIEF))
    kernel, n = kernel_of_the_sum(view), len(view.labelled)
    outputs = view.model.outputs(torch.cat([view.labelled.x, view.candidates]))
    labels = torch.cat([view.labelled.y, torch.zeros(len(view), dtype=torch.long)])
    problem = Regression(kernel, outputs, labels, n, 1e-4 * float(kernel.diagonal()[:n].mean()))
    belief, target = EmpiricalNTK("sum_logits").belief(view), one_hot(torch.tensor(2), 3)
    close(belief.outputs, problem.refitted([]))
    close(belief.condition(4, target).outputs, problem.refitted([(4, target)]))


def test_a_query_leaves_the_model_as_it_was_to_the_bit() -> None:
    view = fitted_view(NetworkLearner(CNN(2), BRIEF))
    before = {name: value.clone() for name, value in view.model.state().items()}
    LookAhead(MLMOC(), EmpiricalNTK(), batch="greedy").query(view, 3)
    assert all(torch.equal(value, before[name]) for name, value in view.model.state().items())


def test_the_journal_has_the_stages_of_a_query() -> None:
    view = fitted_view(NetworkLearner(CNN(2), BRIEF))
    heard: list[str] = []
    view = replace(view, journal=type(view.journal)("cpu", lambda stage, share: heard.append(stage)))
    LookAhead(MLMOC(), EmpiricalNTK()).query(view, 3)
    assert {"capture", "gram", "solve", "scores"} <= set(view.journal.seconds)
    assert {"solve", "scores"} <= set(heard)


def test_too_little_memory_for_a_factor_gives_the_same_picks() -> None:
    view = fitted_view(NetworkLearner(MLP(8, 1), BRIEF))
    by_factor, without = (EmpiricalNTK(factor_mib=mib).belief(view).outputs for mib in (1024, 1e-6))
    close(by_factor, without, 1e-5)
