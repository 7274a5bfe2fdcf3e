"""What one sample shows before the work begins: the calls of every layer with parameters, and that their captured
gradients are all there is of autograd's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from strategies.gram.capture import Call, Output, evaluation, layers_with_parameters, scalar_output, watched
from strategies.gram.gradients import Gradient, gradients_of
from strategies.gram.parts import Layer, add_call

TOLERANCE = 1e-3
"""Relative, of the squared norm of a layer's gradient; float32 keeps about 1e-6."""


def surveyed(net: nn.Module, one: torch.Tensor, output: Output) -> list[tuple[Layer, tuple[Gradient, ...]]]:
    """The layers that f depends on with their gradient rules, from one sample (1, …).

    Raises TypeError, with the layer's name, where the captured gradients are not all: for a parameter that is used
    outside its layer's forward or that two layers share, and for a layer that mixes samples with positions.
    """
    layers = layers_with_parameters(net)
    refuse_shared(layers)
    refuse_batch_statistics(net)
    calls, norms = one_pass(net, layers, one, output)
    found = []
    for name, layer in layers.items():
        if norms[name] == 0 and not calls[name]:
            continue
        seen = calls[name][::-1]  # the backward pass begins with the last
        refuse_mixed(name, layer, seen)
        rules = gradients_of(layer)
        refuse_incomplete(name, layer, norms[name], sum(squared_norm(rule, seen) for rule in rules))
        found.append((layer_of(name, seen), rules))
    return found


def one_pass(
    net: nn.Module, layers: dict[str, nn.Module], one: torch.Tensor, output: Output
) -> tuple[dict[str, list[Call]], dict[str, float]]:
    """The calls captured, last first, and the squared norm of autograd's gradient of every layer's own parameters."""
    calls: dict[str, list[Call]] = defaultdict(list)
    own = {name: list(layer.parameters(recurse=False)) for name, layer in layers.items()}
    with evaluation(net, gradients=True), watched(layers, lambda call: calls[call.name].append(call)):
        f = scalar_output(net(one), output).sum()
        gradients = iter(
            torch.autograd.grad(f, [p for parameters in own.values() for p in parameters], allow_unused=True)
        )
    taken = {name: [next(gradients) for _ in parameters] for name, parameters in own.items()}
    norms = {
        name: sum(float(g.square().sum(dtype=torch.float64)) for g in some if g is not None)
        for name, some in taken.items()
    }
    return calls, norms


@torch.no_grad()
def squared_norm(gradient: Gradient, calls: Sequence[Call]) -> float:
    """Of the gradient that a rule writes for one sample."""
    rows = [calls[0].gradients.new_zeros(1, width) for width in gradient.widths(gradient.units)] if calls else []
    for call in calls:
        add_call(gradient, call, slice(0, gradient.units), rows, alone=len(calls) == 1)
    return sum(float(block.square().sum(dtype=torch.float64)) for block in rows)


def layer_of(name: str, calls: Sequence[Call]) -> Layer:
    """The layer as its calls on one sample showed it."""
    return Layer(
        name, tuple(tuple(c.inputs.shape[1:]) for c in calls), tuple(tuple(c.gradients.shape[1:]) for c in calls)
    )


def refuse_shared(layers: dict[str, nn.Module]) -> None:
    """Raise TypeError where two layers have one parameter."""
    owners: dict[nn.Parameter, str] = {}
    for name, layer in layers.items():
        for key, parameter in layer.named_parameters(recurse=False):
            other = owners.setdefault(parameter, name)
            if other != name:
                raise TypeError(
                    f"layer {name!r} ({type(layer).__name__}): wanted parameters of its own; {key} is also one of "
                    f"layer {other!r}. Use one layer in both places"
                )


def refuse_batch_statistics(net: nn.Module) -> None:
    """Raise TypeError where a BatchNorm normalises by the batch in evaluation mode too."""
    for name, layer in net.named_modules():
        if isinstance(layer, _BatchNorm) and layer.running_mean is None:
            raise TypeError(
                f"layer {name!r} ({type(layer).__name__}): wanted samples that do not depend on each other in "
                "evaluation mode; got a layer without running statistics. Set track_running_stats=True"
            )


def refuse_mixed(name: str, layer: nn.Module, calls: Sequence[Call]) -> None:
    """Raise TypeError where the first dimension of a layer's input or output is not that of the samples."""
    for call in calls:
        sizes = [tuple(x.shape) for x in (call.inputs, call.gradients)]
        if any(shape[:1] != (1,) for shape in sizes):
            raise TypeError(
                f"layer {name!r} ({type(layer).__name__}): wanted tensors whose first dimension is the samples; for "
                f"one sample got {sizes[0]} and {sizes[1]}. Keep positions out of the first dimension"
            )


def refuse_incomplete(name: str, layer: nn.Module, wanted: float, captured: float) -> None:
    """Raise TypeError where the squared norm of the captured gradient is not that of autograd's."""
    if abs(captured - wanted) > TOLERANCE * max(captured, wanted):
        raise TypeError(
            f"layer {name!r} ({type(layer).__name__}): wanted parameters that are used in this layer's own forward and "
            f"nowhere else; of the squared norm of their gradient, {wanted:.6g}, its calls account for {captured:.6g}. "
            "Call the layer instead of using its parameters directly, and remove hooks that change its output"
        )
