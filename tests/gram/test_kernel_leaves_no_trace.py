"""The network is left as it was, and the journal hears what happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from jacobian_oracle import noise, shaken
from torch import nn

from bench.journal import Journal
from strategies.gram.empirical_kernel import empirical_ntk


def network() -> nn.Module:
    """With every flag mixed: one layer in evaluation mode, one frozen."""
    net = shaken(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)))
    net.train()
    net[1].eval()
    net[0].weight.requires_grad_(False)
    return net


def traces(net: nn.Module) -> list[object]:
    """Everything about a network that a computation might leave changed."""
    flags = [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks)) for m in net.modules()]
    parameters = [(p.requires_grad, p.grad is None, p.tolist()) for p in net.parameters()]
    return [flags, parameters, [b.tolist() for b in net.buffers()]]


def test_every_weight_statistic_flag_and_hook_stays() -> None:
    net = network()
    before = traces(net)
    empirical_ntk(net, noise(20, 1, 4, 4))
    assert traces(net) == before


@pytest.mark.parametrize("calls_before", [0, 1])
def test_they_stay_after_an_error_too(calls_before: int) -> None:
    """In the survey of one sample, and in a pass of all of them."""
    net = network()
    calls: list[int] = []

    def fail(module: nn.Module, inputs: object) -> None:
        calls.append(1)
        if len(calls) > calls_before:
            raise RuntimeError("no")

    net[4].register_forward_pre_hook(fail)
    before = traces(net)
    with pytest.raises(RuntimeError, match="no"):
        empirical_ntk(net, noise(3, 1, 4, 4))
    assert traces(net) == before


@pytest.mark.parametrize("surroundings", [torch.no_grad, torch.enable_grad])
def test_it_does_not_matter_whether_gradients_are_on(surroundings: Callable[[], torch.no_grad]) -> None:
    net, x = network(), noise(3, 1, 4, 4)
    wanted = empirical_ntk(net, x)
    with surroundings():
        got = empirical_ntk(net, x)
    assert torch.equal(got, wanted)
    assert not got.requires_grad


def test_inputs_that_require_gradients_receive_none() -> None:
    net, x = network(), noise(3, 1, 4, 4)
    wanted = empirical_ntk(net, x)
    x.requires_grad_()
    assert torch.equal(empirical_ntk(net, x), wanted)
    assert x.grad is None


def test_no_inputs_give_an_empty_kernel() -> None:
    assert empirical_ntk(network(), noise(0, 1, 4, 4)).shape == (0, 0)


def test_stages_are_timed_and_progress_ends_at_1() -> None:
    journal, shares = Journal(), []
    empirical_ntk(network(), noise(5, 1, 4, 4), progress=shares.append, journal=journal)
    assert set(journal.seconds) == {"capture", "gram"}
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_the_same_call_gives_the_same_bits() -> None:
    net, x = network().float(), noise(30, 1, 4, 4).float()
    first, second = empirical_ntk(net, x), empirical_ntk(net, x)
    assert torch.equal(first, second)
    assert torch.equal(first, first.T)
    assert first.dtype == torch.float32
