"""The forward pass of training as a recipe has it: channels last, under autocast, compiled.

Only training runs so: evaluation, features and look-ahead run the plain module in its own precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch

from bench.modules.network import Forward, Network
from bench.recipe import Train

Pass: TypeAlias = Callable[[torch.Tensor], Forward]


def training_pass(net: Network, recipe: Train, device: str) -> Pass:
    """`net.parts` as the recipe has it run on a kind of device; losses and objectives get the inputs' precision.

    The function is compiled and not the module, whose state keeps its names. Whether autocast may be had there is
    `Train.refusal`'s to say.
    """
    parts = _compiled(net) if recipe.compile else net.parts
    parts = _channels_last(parts) if recipe.channels_last else parts
    return _autocast(parts, device) if recipe.autocast == "bfloat16" else parts


@contextmanager
def laid_out(net: Network, recipe: Train) -> Iterator[None]:
    """Where the recipe says so, keep the weights of convolutions channels last for the time of training.

    Afterwards they lie as in a network that is restored, which therefore answers with the same bits.
    """
    if not recipe.channels_last:
        yield
        return
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    yield
    for parameter in net.parameters():
        # Module.to takes a 1 × 1 convolution for contiguous in both layouts and would leave its strides
        parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)


def _compiled(net: Network) -> Pass:
    # Past a number of compilations torch silently runs a function eagerly: with a count that went on from fit to fit,
    # a resumed run would differ from one that was never interrupted. A fit has at most two batch sizes.
    torch.compiler.reset()
    return torch.compile(net.parts, dynamic=False)


def _channels_last(parts: Pass) -> Pass:
    def run(x: torch.Tensor) -> Forward:
        return parts(x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x)

    return run


def _autocast(parts: Pass, device: str) -> Pass:
    def run(x: torch.Tensor) -> Forward:
        with torch.autocast(device, torch.bfloat16):
            found = parts(x)
        stages = tuple(stage.to(x.dtype) for stage in found.stages)
        return Forward(found.logits.to(x.dtype), found.features.to(x.dtype), stages)

    return run
