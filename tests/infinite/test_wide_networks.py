"""Infinite-width kernels are the limit of the project's own modules without BatchNorm, at random weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from strategies.infinite_ntk import BIAS, WEIGHT, infinite_ntk


def plain(module: nn.Module) -> nn.Module:
    """The module without BatchNorm, with averages for maxima and a bias in every layer."""
    for name, child in list(module.named_modules()):
        if isinstance(child, nn.BatchNorm2d):
            module.set_submodule(name, nn.Identity())
        elif isinstance(child, nn.MaxPool2d):
            module.set_submodule(name, nn.AvgPool2d(2, ceil_mode=True))
        elif isinstance(child, nn.Conv2d) and child.bias is None:
            child.bias = nn.Parameter(torch.zeros(child.out_channels))
    return module


def scales(module: nn.Module) -> list[tuple[nn.Parameter, float]]:
    """Every parameter with the standard deviation that it has in the NTK parameterisation."""
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    weights = [(layer.weight, WEIGHT / math.sqrt(layer.weight[0].numel())) for layer in layers]
    return [*weights, *((layer.bias, BIAS) for layer in layers)]


def finite_ntk(net: Net, x: torch.Tensor, seed: int) -> torch.Tensor:
    """Σ over parameters of scale²·⟨∂f(x), ∂f(x')⟩ at weights drawn with these scales: (n, n)."""
    module = plain(net.build(tuple(x.shape[1:]), 1)).to(x.dtype)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter, scale in scales(module):
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    parameters, scale = zip(*scales(module), strict=True)
    rows = []
    for image in x:
        gradients = torch.autograd.grad(module(image[None]).squeeze(), parameters)
        rows.append(torch.cat([s * gradient.flatten() for s, gradient in zip(scale, gradients, strict=True)]))
    return torch.stack(rows) @ torch.stack(rows).T


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "size", "tolerance"),
    [(MLP(2048, 2), 3, 0.03), (CNN(96), 5, 0.05), (WideResNet(1, 10), 4, 0.05), (WideResNet(2, 6), 4, 0.05)],
)
def test_wide_modules_approach_the_infinite_kernel(net: Net, size: int, tolerance: float) -> None:
    x = torch.randn(4, 2, size, size, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    infinite = infinite_ntk(net, "gap", x, memory_mib=0.02).float()
    draws = torch.stack([finite_ntk(net, x, seed) for seed in range(4)]).mean(dim=0)
    assert float((draws - infinite).norm() / infinite.norm()) < tolerance
