"""Dropout (Srivastava et al., JMLR 2014) whose masks come from a generator that it was given, never from torch's global
one. Networks with it serve Monte Carlo dropout (Gal and Ghahramani, ICML 2016): training mode draws a mask."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

LEADING: dict[type[nn.Module], int | None] = {nn.Dropout: None, nn.Dropout1d: 2, nn.Dropout2d: 2, nn.Dropout3d: 2}
"""For each of torch's layers, how many dimensions its mask has; None is all of them."""


class Dropout(nn.Module):
    """In training mode x ∘ mask / (1 − rate), where a mask's entry is 0 with probability `rate`, else 1; in evaluation
    mode x.

    The mask spans the first `leading` dimensions of x: all of them (None) drop units, 2 drop channels, 1 drops samples
    (the stochastic depth of a residual branch). It depends on the generator and the shape alone, not on the dtype.
    """

    def __init__(self, rate: float, leading: int | None = None) -> None:
        super().__init__()
        if not 0 < rate < 1:
            raise ValueError(f"rate: wanted a share between 0 and 1, both excluded; got {rate}. For 0 use no Dropout")
        self.rate = rate
        self.leading = leading
        self.generator: torch.Generator | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x
        drawn = torch.rand(self._mask_shape(x), generator=self._generator_for(x), device=x.device, dtype=torch.float32)
        return x * (drawn >= self.rate) / (1 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={self.rate}, leading={self.leading}"

    def _mask_shape(self, x: torch.Tensor) -> tuple[int, ...]:
        leading = x.ndim if self.leading is None else self.leading
        return (*x.shape[:leading], *(1 for _ in x.shape[leading:]))

    def _generator_for(self, x: torch.Tensor) -> torch.Generator:
        if self.generator is None or self.generator.device != x.device:
            given = "none" if self.generator is None else f"one on {self.generator.device}"
            raise RuntimeError(
                f"dropout in training mode: wanted a generator on {x.device}; got {given}. Call "
                "bench.modules.dropout.seed_dropout(net, generator) where the network is, or net.eval() for no dropout"
            )
        return self.generator


def dropout(rate: float, leading: int | None = None) -> nn.Module:
    """A Dropout, or the identity at rate 0, so that such a network has no Dropout at all."""
    return Dropout(rate, leading) if rate > 0 else nn.Identity()


def has_dropout(net: nn.Module) -> bool:
    """Whether training mode draws masks anywhere in the network, those of stochastic depth included."""
    return any(isinstance(module, Dropout) for module in net.modules())


def seed_dropout(net: nn.Module, generator: torch.Generator) -> None:
    """Let every Dropout of the network draw from `generator`; where that lives on another device than the network, from
    one made there with a seed drawn from it. A network without dropout draws nothing."""
    layers = [module for module in net.modules() if isinstance(module, Dropout)]
    if not layers:
        return
    own = _on_device(generator, next(net.parameters()).device)
    for layer in layers:
        layer.generator = own


def own_dropout(net: nn.Module) -> None:
    """Put a Dropout in the place of each of torch's layers, which draw from the global generator.

    Raises ValueError for a layer of torch's that has no counterpart here.
    """
    replace_modules(net, _DropoutNd, _counterpart)
    for name, module in net.named_modules():
        if isinstance(module, nn.MultiheadAttention | nn.RNNBase) and module.dropout > 0:
            raise ValueError(f"{name}: {_refusal(module)}. Set its dropout to 0")


def replace_modules(net: nn.Module, kind: type[nn.Module], make: Callable[[nn.Module], nn.Module]) -> None:
    """Put make(module) in the place of every module of a kind inside `net`, wherever it is used."""
    for name, module in list(net.named_modules(remove_duplicate=False)):
        if isinstance(module, kind):
            net.set_submodule(name, make(module))


def _counterpart(layer: nn.Module) -> nn.Module:
    assert isinstance(layer, _DropoutNd)
    if type(layer) not in LEADING:
        wanted = ", ".join(kind.__name__ for kind in LEADING)
        raise ValueError(f"{_refusal(layer)}. Use one of {wanted}, or bench.modules.dropout.Dropout")
    return dropout(layer.p, LEADING[type(layer)])


def _refusal(layer: nn.Module) -> str:
    return f"{type(layer).__name__} draws from torch's global generator, so that no run could be repeated"


def _on_device(generator: torch.Generator, device: torch.device) -> torch.Generator:
    if generator.device == device:
        return generator
    seed = torch.randint(2**62, (), generator=generator, device=generator.device)
    return torch.Generator(device).manual_seed(int(seed))
