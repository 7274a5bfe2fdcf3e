"""The kernel from gradients taken one sample at a time by autograd, and networks away from their initial point."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def kernel_by_autograd(net: nn.Module, x: torch.Tensor, output: str = "first_logit") -> torch.Tensor:
    """Θ (n, n) of inputs x (n, …), in evaluation mode."""
    rows = [gradient(net, x[i : i + 1], output) for i in range(len(x))]
    return torch.stack(rows) @ torch.stack(rows).T


def gradient(net: nn.Module, one: torch.Tensor, output: str) -> torch.Tensor:
    logits = net.eval()(one)[0]
    f = logits[0] if output == "first_logit" else logits.sum() / len(logits) ** 0.5
    parameters = [p.requires_grad_() for p in net.parameters()]
    parts = torch.autograd.grad(f, parameters, allow_unused=True)
    return torch.cat(
        [(torch.zeros_like(p) if g is None else g).flatten() for p, g in zip(parameters, parts, strict=True)]
    )


def shaken(net: nn.Module, seed: int = 0) -> nn.Module:
    """The network in float64 with noise on every parameter and statistics unlike the initial ones."""
    generator = torch.Generator().manual_seed(seed)
    net = net.double()
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=generator, dtype=p.dtype))
        for layer in net.modules():
            if isinstance(layer, _BatchNorm) and layer.running_mean is not None and layer.running_var is not None:
                layer.running_mean.copy_(0.3 * torch.randn(layer.running_mean.shape, generator=generator))
                layer.running_var.copy_(0.5 + torch.rand(layer.running_var.shape, generator=generator))
    return net


def noise(*shape: int, seed: int = 1) -> torch.Tensor:
    """Standard normal inputs in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def largest_error(got: torch.Tensor, wanted: torch.Tensor) -> float:
    """The largest difference, relative to the largest entry."""
    return float((got - wanted).abs().max() / wanted.abs().max())
