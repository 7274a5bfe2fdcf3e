"""The infinitely wide network that goes with each of the project's nets, as neural-tangents composes it.

It has the net's layers without BatchNorm and dropout, which have no such limit, and with average pooling for max
pooling. Parameters are in the NTK parameterisation (Jacot et al., NeurIPS 2018): a layer is
WEIGHT/√(inputs)·W x + BIAS·b with standard normal W and b.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import singledispatch
from typing import TYPE_CHECKING, Literal, TypeAlias

from bench.net import Net, nets
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from strategies.infinite.library import import_neural_tangents

if TYPE_CHECKING:
    from types import ModuleType

Layer: TypeAlias = tuple[Callable[..., object], Callable[..., object], Callable[..., object]]
"""What neural-tangents makes of a layer or a network: (init, apply, kernel)."""
Readout: TypeAlias = Literal["flatten", "gap"]
"""What stands before the last linear layer: every position with weights of its own, or their average."""

WEIGHT = math.sqrt(2)
"""Standard deviation of the weights before the division by √(inputs): a ReLU layer keeps its inputs' second moment
(He et al., ICCV 2015)."""
BIAS = 0.1
"""Standard deviation of the biases, also the scale of their gradients."""


@singledispatch
def infinite_network(net: Net, readout: Readout) -> Layer:
    """(init, apply, kernel) of the infinite network of a net with one output, for inputs (n, height, width, channels)
    or (n, d). A class of nets gets one by `@infinite_network.register`.

    Raises ValueError with the reason for a net that has none.
    """
    raise ValueError(has_infinite_width(net))


def has_infinite_width(net: Net) -> str | None:
    """Why a net has no infinite-width kernel, or None where it has one."""
    if infinite_network.dispatch(type(net)) is not infinite_network.dispatch(object):
        return None
    known = ", ".join(sorted(nets.name_of(kind) for kind in infinite_network.registry if kind is not object))
    return (
        f"{nets.name_of(type(net))} has no infinite-width kernel: its infinite network is not written down; "
        f"use one of {known}"
    )


def numbers_per_pair(net: Net, readout: Readout, shape: tuple[int, ...]) -> int:
    """How many numbers the widest layer's kernel has for a pair of inputs of `shape` (channels, height, width) or (d,):
    one for each position, and one for each pair of positions where a pooling averages over them."""
    positions = math.prod(shape[1:])
    match net:
        case MLP():
            return 1
        case WideResNet() if readout == "flatten":
            return positions
        case _:
            return positions**2


@infinite_network.register
def _mlp(net: MLP, readout: Readout) -> Layer:
    stax = _stax()
    layers = [layer for _ in range(net.layers) for layer in (_dense(), stax.Relu())]
    return stax.serial(stax.Flatten(), *layers, _dense())


@infinite_network.register
def _cnn(net: CNN, readout: Readout) -> Layer:
    stax = _stax()
    # the image is halved and an odd one's last window is smaller, as the module's pooling with ceil_mode
    pooling = stax.AvgPool((2, 2), (2, 2), padding="SAME", normalize_edges=True)
    return stax.serial(*[stax.serial(_conv(3), stax.Relu(), pooling) for _ in range(3)], *_head(readout))


@infinite_network.register
def _wide_resnet(net: WideResNet, readout: Readout) -> Layer:
    stax = _stax()
    blocks = [_block(stride=1 if i == 0 else 2) for i in range(net.stages)]
    return stax.serial(_conv(3), *blocks, stax.Relu(), *_head(readout))


def _block(stride: int) -> Layer:
    stax = _stax()
    main = stax.serial(stax.Relu(), _conv(3), stax.Relu(), _conv(3, stride))
    return stax.serial(stax.FanOut(2), stax.parallel(main, _conv(1, stride)), stax.FanInSum())


def _conv(size: int, stride: int = 1) -> Layer:
    """A convolution padded evenly on both sides, as torch's; a stride keeps the positions 0, stride, 2·stride, …"""
    stax = _stax()
    conv = stax.Conv(1, (size, size), padding="SAME", W_std=WEIGHT, b_std=BIAS)
    if stride == 1:
        return conv
    # with strides of its own it would pad even images on the far side alone, and so take the positions 1, 3, …
    return stax.serial(conv, stax.Index(stax.Slice[:, ::stride, ::stride, :]))


def _head(readout: Readout) -> tuple[Layer, Layer]:
    stax = _stax()
    return (stax.Flatten() if readout == "flatten" else stax.GlobalAvgPool()), _dense()


def _dense() -> Layer:
    return _stax().Dense(1, WEIGHT, BIAS)


def _stax() -> ModuleType:
    return import_neural_tangents().stax
