"""Rules for per-sample parameter gradients by type of layer, from its input and the gradient at its output.

A rule writes rows: one gradient per sample, in whatever order of entries suits it, as long as all samples have the
same. A rule for a layer type of one's own is added by `@gradients_of.register`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import singledispatch
from typing import final

import torch
from torch import nn
from torch.func import functional_call, vjp, vmap
from torch.nn.modules.batchnorm import _BatchNorm


class Gradient(ABC):
    """The per-sample gradients of some parameters of a layer, divisible into `units` equal parts.

    Laws: blocks of rows for disjoint spans of units hold disjoint entries of the gradient, all of them together every
    entry once; the entries of each have one order for all samples.
    """

    units: int = 1

    @abstractmethod
    def widths(self, units: int) -> tuple[int, ...]:
        """How many entries each block of rows has that a span of so many units is written into."""

    @abstractmethod
    def write(self, inputs: torch.Tensor, gradients: torch.Tensor, span: slice, out: Sequence[torch.Tensor]) -> None:
        """Write the gradients of one call on b samples, inputs (b, …) and gradients (b, …), into blocks (b, width)."""


@final
class BiasGradient(Gradient):
    """Of a bias that is added at every position: the sum over positions, for channels in dimension `channels`."""

    def __init__(self, bias: torch.Tensor, channels: int) -> None:
        self.size = len(bias)
        self.channels = channels

    def widths(self, units: int) -> tuple[int, ...]:
        return (self.size,)

    def write(self, inputs: torch.Tensor, gradients: torch.Tensor, span: slice, out: Sequence[torch.Tensor]) -> None:
        out[0].copy_(gradients.movedim(self.channels, 1).flatten(2).sum(dim=2) if gradients.ndim > 2 else gradients)


@final
class NormGradient(Gradient):
    """Of weight and bias of a BatchNorm with frozen statistics: Σ d·(a − mean)/√(var + ε) and Σ d over positions."""

    def __init__(self, layer: _BatchNorm) -> None:
        assert layer.running_mean is not None
        assert layer.running_var is not None
        self.mean = layer.running_mean
        self.scale = (layer.running_var + layer.eps).rsqrt()
        self.parts = [part is not None for part in (layer.weight, layer.bias)]

    def widths(self, units: int) -> tuple[int, ...]:
        return (sum(self.parts) * len(self.mean),)

    def write(self, inputs: torch.Tensor, gradients: torch.Tensor, span: slice, out: Sequence[torch.Tensor]) -> None:
        a, d = (x.flatten(2) if x.ndim > 2 else x[:, :, None] for x in (inputs, gradients))  # (b, c, t)
        shift = d.sum(dim=2)  # (b, c)
        scaled = (torch.linalg.vecdot(a, d) - shift * self.mean) * self.scale  # (b, c)
        kept = [part for part, there in zip((scaled, shift), self.parts, strict=True) if there]
        torch.cat(kept, dim=1, out=out[0])


@final
class AnyGradient(Gradient):
    """Of a layer's own parameters by its vector-Jacobian product, sample by sample; its units are the entries."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer
        self.parameters = {name: p.detach() for name, p in layer.named_parameters(recurse=False)}
        self.units = sum(p.numel() for p in self.parameters.values())

    def widths(self, units: int) -> tuple[int, ...]:
        return (units,)

    def write(self, inputs: torch.Tensor, gradients: torch.Tensor, span: slice, out: Sequence[torch.Tensor]) -> None:
        by_name = vmap(self._pulled_back)(inputs, gradients)
        out[0].copy_(torch.cat([by_name[name].flatten(1) for name in self.parameters], dim=1)[:, span])

    def _pulled_back(self, one: torch.Tensor, gradient: torch.Tensor) -> dict[str, torch.Tensor]:
        def call(parameters: dict[str, torch.Tensor]) -> torch.Tensor:
            return functional_call(self.layer, parameters, (one[None],))

        return vjp(call, self.parameters)[1](gradient[None])[0]


@singledispatch
def gradients_of(layer: nn.Module) -> tuple[Gradient, ...]:
    """The gradients that together are those of every parameter that a layer itself has."""
    return (AnyGradient(layer),)


@gradients_of.register
def _of_batch_norm(layer: _BatchNorm) -> tuple[Gradient, ...]:
    return (NormGradient(layer),)
