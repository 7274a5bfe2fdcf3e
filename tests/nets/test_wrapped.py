"""Any module with a linear head is a Network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bench.modules.dropout import has_dropout, seed_dropout
from bench.modules.initialise import initialise_layer
from bench.modules.wrapped import Wrapped

X = torch.randn(4, 1, 6, 6, generator=torch.Generator().manual_seed(0))


class Small(nn.Module):
    """A user's own network, with everything that makes watching it hard: work in place, dropout, a deep head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        self.relu = nn.ReLU(inplace=True)
        self.top = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(48, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.top(self.relu(self.norm(self.conv(x))))


def test_logits_are_the_modules_own_and_features_its_heads_input() -> None:
    module = Small().eval()
    with torch.no_grad():
        logits, normalised = module(X), module.norm(module.conv(X))
        net = Wrapped(module, "top.2", ["conv", "norm"])
        parts = net.parts(X)
    torch.testing.assert_close(parts.logits, logits)
    torch.testing.assert_close(parts.features, normalised.relu().flatten(1))
    torch.testing.assert_close(parts.stages[1], normalised)  # as it was before the ReLU
    torch.testing.assert_close(net(X), logits)


def test_one_forward_pass_gives_all_parts() -> None:
    module, calls = Small(), []
    net = Wrapped(module, "top.2", ["conv", "norm"]).eval()
    module.conv.register_forward_hook(lambda *_: calls.append(1))
    net.parts(X)
    assert len(calls) == 1


def test_without_stages_the_features_are_the_only_one() -> None:
    parts = Wrapped(Small().eval(), "top.2").parts(X)
    assert len(parts.stages) == 1
    assert parts.stages[0] is parts.features


def test_every_parameter_is_there_once_and_drawn_from_the_generator() -> None:
    net = Wrapped(Small(), "top.2")
    assert len(net.state_dict()) == 4 + 5  # convolution and head have two each, BatchNorm has five
    for seed in (1, 2):
        torch.manual_seed(seed)
        net.initialise(torch.Generator().manual_seed(0))
        state = [value.clone() for value in net.state_dict().values()]
        net.initialise(torch.Generator().manual_seed(0))
        assert all(torch.equal(a, b) for a, b in zip(state, net.state_dict().values(), strict=True))


def test_dropout_inside_is_ours() -> None:
    net = Wrapped(Small(), "top.2")
    assert has_dropout(net)
    seed_dropout(net, torch.Generator().manual_seed(0))
    parts = net.parts(X)
    torch.testing.assert_close(net.head(parts.features), parts.logits)


def test_no_hook_is_left_behind() -> None:
    net = Wrapped(Small(), "top.2", ["norm"]).eval()
    net.parts(X)
    with pytest.raises(RuntimeError):
        net.parts(X[:, :, :1])  # too small: the pass ends in an error
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("head", "stages", "message"),
    [
        ("fc", (), r"wanted the name of a submodule; got 'fc'\. Known: conv, norm, relu, top, top\.0"),
        ("conv", (), r"head 'conv': wanted a Linear layer, so that logits are linear in features; got Conv2d"),
        ("top.2", ("layer1",), "wanted the name of a submodule; got 'layer1'"),
        ("top.2", ("",), "wanted the name of a submodule; got ''"),
    ],
)
def test_a_wrong_name_is_refused(head: str, stages: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Wrapped(Small(), head, stages)


class Softmax(Small):
    """Goes on after its head."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).softmax(dim=1)


def test_a_module_that_goes_on_after_its_head_is_refused() -> None:
    with pytest.raises(ValueError, match=r"head 'top\.2': wanted a module that returns what this layer gives"):
        Wrapped(Softmax().eval(), "top.2").parts(X)


def test_a_stage_that_the_forward_pass_leaves_out_is_refused() -> None:
    module = Small().eval()
    module.unused = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="unused: wanted submodules that return a tensor in every forward pass"):
        Wrapped(module, "top.2", ["unused"]).parts(X)


def test_a_head_on_every_position_is_refused() -> None:
    with pytest.raises(ValueError, match=r"wanted features \(b, d\) before it; got \(4, 1, 6, 5\)"):
        Wrapped(nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 2)), "1").parts(X)


class Gain(nn.Module):
    """A layer of one's own with a parameter that no rule sets."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.gain * x.flatten(1)


class Known(Gain):
    """The same, with a rule."""


@initialise_layer.register
def _known(layer: Known, generator: torch.Generator) -> None:
    nn.init.normal_(layer.gain, generator=generator)


def test_a_parameter_without_a_rule_is_refused_by_name() -> None:
    net = Wrapped(nn.Sequential(Gain(), nn.Linear(36, 2)), "1")
    with pytest.raises(ValueError, match=r"body\.0 \(Gain\): no rule says how to initialise gain\. Write one"):
        net.initialise(torch.Generator())


def test_a_rule_of_ones_own_is_used() -> None:
    net = Wrapped(nn.Sequential(Known(), nn.Linear(36, 2)), "1")
    net.initialise(torch.Generator().manual_seed(0))
    assert net.get_parameter("body.0.gain") != 1
