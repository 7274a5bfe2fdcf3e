"""The kernel in little memory: the same kernel, in more passes, and within the bound."""

from __future__ import annotations

import pytest
import torch
from jacobian_oracle import largest_error, noise, shaken
from torch import nn

from bench.memory import peak_mib, reset_peak
from bench.nets.resnet18 import ResNet18
from bench.nets.wide_resnet import WideResNet
from strategies.gram.empirical_kernel import empirical_ntk
from strategies.gram.parts import Direct, Ghost, Rows
from strategies.gram.plan import Plan, planned
from strategies.gram.survey import surveyed


def resnet(width: int = 4) -> nn.Module:
    network = ResNet18(width).build((3, 12, 12), 3)
    network.initialise(torch.Generator().manual_seed(0))
    return shaken(network)


def plan(net: nn.Module, x: torch.Tensor, mib: float, n: int) -> Plan:
    return planned(surveyed(net, x[:1], "first_logit"), x.new_empty(n, n), int(mib * 2**20))


def test_every_budget_gives_the_same_kernel() -> None:
    net, x = resnet(), noise(30, 3, 12, 12)
    wanted = empirical_ntk(net, x)
    groups = []
    for mib in (1.1, 2, 5, 20):
        groups.append(len(plan(net, x, mib, len(x)).groups))
        assert largest_error(empirical_ntk(net, x, memory_mib=mib), wanted) < 1e-12
    assert groups == sorted(groups, reverse=True)
    assert groups[0] > 2
    assert groups[-1] == 1


def test_too_little_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"memory_mib: wanted room .* Raise memory_mib"):
        empirical_ntk(resnet(), noise(30, 3, 12, 12), memory_mib=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("mib", [64, 150])
def test_the_peak_stays_within_the_budget(mib: int) -> None:
    network = WideResNet(1, 4).build((1, 20, 20), 3).eval()
    network.initialise(torch.Generator().manual_seed(0))
    x = noise(200, 1, 20, 20).float()
    empirical_ntk(network, x[:40])  # libraries allocate what they keep
    reset_peak("cpu")
    before = peak_mib("cpu")
    empirical_ntk(network, x, memory_mib=mib)
    assert peak_mib("cpu") - before < mib


def test_every_parameter_is_in_exactly_one_part() -> None:
    net, x = resnet(), noise(1, 3, 12, 12)
    for mib in (1.1, 2, 20):
        parts = [part for group in plan(net, x, mib, 30).groups for part in group]
        covered = {(id(p.gradient), i) for p in parts for i in units(p)}
        assert len(covered) == sum(len(units(p)) for p in parts)
        assert covered == {(id(p.gradient), i) for p in parts for i in range(p.gradient.units)}


def units(part: object) -> range:
    if isinstance(part, Rows):
        return range(part.span.start, part.span.stop)
    assert isinstance(part, Direct | Ghost)
    return range(part.gradient.units)


def test_the_form_follows_from_the_shapes() -> None:
    """ResNet18 at 32×32: gradients kept where they are few, ghosts where the images are small, else the factors."""
    network = ResNet18().build((3, 32, 32), 10)
    forms = {
        p.layer.name: type(p) for group in plan(network, torch.zeros(1, 3, 32, 32), 4096, 1000).groups for p in group
    }
    assert forms["stages.0.1.conv1"] is Rows
    assert forms["stages.2.1.conv1"] is Direct
    assert forms["stages.3.1.conv1"] is Ghost
