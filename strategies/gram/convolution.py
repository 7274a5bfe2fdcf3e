"""Per-sample gradients of the weights of convolutions and linear layers.

The gradient at input channel c and filter offset o is Σ_t a[c, s·t + o] d[:, t] over positions t. The input is copied
once per column offset, not once per offset: a row offset is then only another start in that copy. A linear layer is a
1×1 convolution over its positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import nn

from strategies.gram.gradients import AnyGradient, BiasGradient, Gradient, gradients_of
from strategies.gram.products import write_products

CACHE = 8 * 2**20
"""Bytes that the copies of the samples worked on at a time may take, so that they stay in a large cache."""

Pair = tuple[int, int]


@dataclass(frozen=True)
class Filters:
    """The shape of a convolution's weight and how it moves, as (vertical, horizontal) pairs."""

    inputs: int
    outputs: int
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def pointwise(self) -> bool:
        """Whether the input is used as it is, position by position."""
        return self.kernel == self.stride == (1, 1) and self.padding == (0, 0)

    @property
    def weights(self) -> int:
        """How many weights there are."""
        return self.inputs // self.groups * self.kernel[0] * self.kernel[1] * self.outputs

    def thinned(self, a: torch.Tensor) -> tuple[Filters, torch.Tensor]:
        """The same filters and images (b, c, h, w), or simpler ones where most of the images is never looked at."""
        if self.kernel != (1, 1) or self.padding != (0, 0):
            return self, a
        return replace(self, stride=(1, 1)), a[:, :, :: self.stride[0], :: self.stride[1]]

    def touched(self, axis: int, offset: int, size: int, steps: int) -> tuple[slice, slice]:
        """Which of `steps` output positions an offset of the filter takes inside an input of `size`, and to where."""
        stride, first = self.stride[axis], offset * self.dilation[axis] - self.padding[axis]
        start = max(0, -(first // stride))
        stop = max(start, min(steps, (size - 1 - first) // stride + 1))
        return slice(start, stop), slice(start * stride + first, max(0, (stop - 1) * stride + first + 1), stride)


@final
class WeightGradient(Gradient):
    """Of the weight of a convolution or linear layer; its units are input channels, or else its groups."""

    def __init__(self, filters: Filters, channels_last: bool = False) -> None:
        self.filters = filters
        self.channels_last = channels_last
        self.units = filters.inputs if filters.groups == 1 else filters.groups

    def widths(self, units: int) -> tuple[int, ...]:
        rows = self.filters.kernel[0]
        return (self.filters.weights // self.units * units // rows,) * rows

    def write(self, inputs: torch.Tensor, gradients: torch.Tensor, span: slice, out: Sequence[torch.Tensor]) -> None:
        a, d = self.images(inputs)[:, self._channels(span)], self.images(gradients)  # (b, c, h, w), (b, o, h', w')
        if self.filters.groups > 1:
            d = d.unflatten(1, (self.units, -1))[:, span].flatten(1, 2)
        step = max(1, CACHE // (a.element_size() * self._entries_copied(a[0], d[0])))
        for start in range(0, len(a), step):
            part = slice(start, start + step)
            self._write_part(a[part], d[part], [block[part] for block in out])

    def images(self, x: torch.Tensor) -> torch.Tensor:
        """A convolution's images (b, c, h, w) as they are; a linear layer's (b, …, f) as (b, f, positions, 1)."""
        if not self.channels_last:
            return x
        return x[:, :, None, None] if x.ndim == 2 else x.flatten(1, -2).mT[..., None]

    def _channels(self, span: slice) -> slice:
        each = self.filters.inputs // self.units
        return slice(span.start * each, span.stop * each)

    def _entries_copied(self, a: torch.Tensor, d: torch.Tensor) -> int:
        return self.filters.kernel[1] * a.numel() + d.numel() + self.filters.weights * len(a) // self.filters.inputs

    def _write_part(self, a: torch.Tensor, d: torch.Tensor, out: Sequence[torch.Tensor]) -> None:
        if self.filters.groups > 1:  # every group of every sample is a sample of its own
            a = a.reshape(-1, self.filters.inputs // self.filters.groups, *a.shape[2:])
            d = d.reshape(len(a), -1, *d.shape[2:])
        positions = d.flatten(2)  # (b, o, t)
        filters, a = self.filters.thinned(a)
        for window, block in zip(windows(filters, a, d.shape[2:]), out, strict=True):  # (b, c·kw, t)
            write_products(window, positions, block.view(len(a), window.shape[1], positions.shape[1]))


def windows(filters: Filters, a: torch.Tensor, steps: torch.Size) -> Iterator[torch.Tensor]:
    """For every row of the filter what it sees of a (b, c, h, w) at `steps` (h', w') positions: (b, c·kw, h'·w')."""
    if filters.pointwise:
        yield a.flatten(2)
        return
    count, stride = steps[0] * steps[1], filters.stride[0]
    copies = column_copies(filters, a, steps)  # (b, c·kw, stride, rows·w')
    for row in range(filters.kernel[0]):
        start, phase = divmod(row * filters.dilation[0], stride)
        yield copies[:, :, phase, start * steps[1] : start * steps[1] + count]


def column_copies(filters: Filters, a: torch.Tensor, steps: torch.Size) -> torch.Tensor:
    """The padded input once for every column of the filter, at its w' horizontal positions, with the rows of each
    phase of the vertical stride together: (b, c·kw, stride, rows·w')."""
    stride, width = filters.stride[0], a.shape[3]
    columns, top = filters.kernel[1], filters.padding[0]
    rows = (filters.kernel[0] - 1) * filters.dilation[0] // stride + steps[0]
    copies = a.new_zeros(*a.shape[:2], columns, stride, rows, steps[1])
    for column in range(columns):
        taken, seen = filters.touched(1, column, width, steps[1])
        for phase in range(stride):
            first = (phase - top) % stride
            start = (first + top) // stride
            inside = a[:, :, first::stride, seen][:, :, : rows - start]
            copies[:, :, column, phase, start : start + inside.shape[2], taken] = inside
    return copies.flatten(1, 2).flatten(3)


@gradients_of.register
def _of_convolution(layer: nn.Conv2d) -> tuple[Gradient, ...]:
    usual = (type(layer).forward, type(layer)._conv_forward) == (nn.Conv2d.forward, nn.Conv2d._conv_forward)
    if not usual or layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        return (AnyGradient(layer),)
    places = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    kernel, stride, padding, dilation = [(int(vertical), int(horizontal)) for vertical, horizontal in places]
    filters = Filters(layer.in_channels, layer.out_channels, kernel, stride, padding, dilation, layer.groups)
    weight = WeightGradient(filters)
    return (weight,) if layer.bias is None else (weight, BiasGradient(layer.bias, 1))


@gradients_of.register
def _of_linear(layer: nn.Linear) -> tuple[Gradient, ...]:
    if type(layer).forward != nn.Linear.forward:
        return (AnyGradient(layer),)
    weight = WeightGradient(Filters(layer.in_features, layer.out_features), channels_last=True)
    return (weight,) if layer.bias is None else (weight, BiasGradient(layer.bias, -1))
