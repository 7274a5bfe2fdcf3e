"""Initial parameters by the type of layer, every one from the generator given: convolutions Kaiming normal by fan_out
(He et al., ICCV 2015) with bias 0, normalisation 1 and 0, linear layers uniform in ±1/√fan_in. So do torchvision's
ResNets. A type of one's own is added by `@initialise_layer.register`."""

from __future__ import annotations

from functools import singledispatch

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd


def initialise_layers(net: nn.Module, generator: torch.Generator) -> None:
    """Draw every parameter of `net` anew, and reset the running statistics of its normalisations.

    Raises ValueError where a layer has a parameter that no rule sets.
    """
    for name, layer in net.named_modules():
        own = dict(layer.named_parameters(recurse=False))
        for parameter in own.values():
            nn.init.constant_(parameter, torch.nan)  # what is still NaN afterwards, no rule has set
        initialise_layer(layer, generator)
        unset = [key for key, parameter in own.items() if parameter.isnan().any()]
        if unset:
            raise ValueError(_no_rule(name, layer, unset))


@singledispatch
def initialise_layer(layer: nn.Module, generator: torch.Generator) -> None:
    """Set the parameters that a layer itself has (not those of its children) and reset its buffers.

    The rule of the nearest class counts. This one is for layers without parameters.
    """


@initialise_layer.register
def _convolution(layer: _ConvNd, generator: torch.Generator) -> None:
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


@initialise_layer.register
def initialise_linear(layer: nn.Linear, generator: torch.Generator) -> None:
    """Uniform in ±1/√fan_in for weight and bias, as torch.nn.Linear's own default, from a generator."""
    bound = layer.in_features**-0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    if layer.bias is not None:
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


@initialise_layer.register(_NormBase)
@initialise_layer.register(nn.LayerNorm)
@initialise_layer.register(nn.GroupNorm)
@initialise_layer.register(nn.RMSNorm)
def _normalisation(layer: _NormBase | nn.LayerNorm | nn.GroupNorm | nn.RMSNorm, generator: torch.Generator) -> None:
    layer.reset_parameters()  # constants: nothing is drawn


@initialise_layer.register
def _embedding(layer: nn.Embedding, generator: torch.Generator) -> None:
    nn.init.normal_(layer.weight, generator=generator)
    if layer.padding_idx is not None:
        with torch.no_grad():
            layer.weight[layer.padding_idx].zero_()


@initialise_layer.register
def _attention(layer: nn.MultiheadAttention, generator: torch.Generator) -> None:
    """As torch's own: Xavier-uniform projections, biases 0; its output projection is a linear layer."""
    for key, parameter in layer.named_parameters(recurse=False):
        if key.endswith("weight"):
            nn.init.xavier_uniform_(parameter, generator=generator)
        elif key == "in_proj_bias":
            nn.init.zeros_(parameter)
        else:
            nn.init.xavier_normal_(parameter, generator=generator)


@initialise_layer.register
def _prelu(layer: nn.PReLU, generator: torch.Generator) -> None:
    nn.init.constant_(layer.weight, layer.init)


def _no_rule(name: str, layer: nn.Module, unset: list[str]) -> str:
    kind = type(layer).__name__
    return (
        f"{name or 'the network'} ({kind}): no rule says how to initialise {', '.join(unset)}. Write one: "
        f"@bench.modules.initialise.initialise_layer.register above a function (layer: {kind}, generator) that sets "
        "every parameter of the layer itself"
    )
