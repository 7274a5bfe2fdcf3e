"""How some parameters of a layer enter the kernel: what is kept of every sample while the network runs, and what is
added to the kernel when all samples have been seen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch

from strategies.gram.capture import Call
from strategies.gram.convolution import WeightGradient
from strategies.gram.ghost import add_ghost
from strategies.gram.gradients import Gradient
from strategies.gram.products import add_gram

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """A layer with parameters as one pass showed it: for each call the shapes of a sample's input and output."""

    name: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Of the input and the output of the first call, then of the second, and so on."""
        return tuple(shape for pair in zip(self.inputs, self.outputs, strict=True) for shape in pair)

    def admit(self, call: Call, samples: int) -> None:
        """Raise TypeError where a call on so many samples is not what one sample showed."""
        got = (tuple(call.inputs.shape), tuple(call.gradients.shape))
        known = self.shapes[2 * call.index : 2 * call.index + 2]
        if got != tuple((samples, *shape) for shape in known):
            raise TypeError(
                f"layer {self.name!r}: wanted every sample to pass through it as one alone does, with shapes {known}; "
                f"got {got} for {samples} samples. Keep positions out of the first dimension and calls fixed in number"
            )


class Part(ABC):
    """Some parameters of a layer.

    Laws: what is kept of a sample depends on it alone; `add` adds the inner products of the gradients of these
    parameters on and above the diagonal, and anything below it.
    """

    layer: Layer

    @property
    @abstractmethod
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of what is kept of one sample."""

    @abstractmethod
    def keep(self, call: Call, kept: Sequence[torch.Tensor]) -> None:
        """Take what is needed of one call on b samples into tensors (b, *shape), which are zero before the first."""

    @abstractmethod
    def add(self, kernel: torch.Tensor, kept: Sequence[torch.Tensor], scratch: torch.Tensor) -> None:
        """Add to kernel (n, n) from tensors (n, *shape), with `scratch`, a vector of any values, to work in."""


@final
@dataclass(frozen=True, eq=False)
class Rows(Part):
    """The gradients themselves: for few parameters at many positions."""

    layer: Layer
    gradient: Gradient
    span: slice

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return tuple((width,) for width in self.gradient.widths(self.span.stop - self.span.start))

    def keep(self, call: Call, kept: Sequence[torch.Tensor]) -> None:
        add_call(self.gradient, call, self.span, kept, alone=len(self.layer.inputs) == 1)

    def add(self, kernel: torch.Tensor, kept: Sequence[torch.Tensor], scratch: torch.Tensor) -> None:
        for rows in kept:
            add_gram(kernel, rows)


class Factors(Part):
    """The inputs and output gradients of a weight: for many parameters."""

    layer: Layer
    gradient: WeightGradient

    @property
    @final
    def shapes(self) -> tuple[Shape, ...]:
        return self.layer.shapes

    @final
    def keep(self, call: Call, kept: Sequence[torch.Tensor]) -> None:
        kept[2 * call.index].copy_(call.inputs)
        kept[2 * call.index + 1].copy_(call.gradients)


@final
@dataclass(frozen=True, eq=False)
class Direct(Factors):
    """From the factors the gradients of a few units at a time."""

    layer: Layer
    gradient: WeightGradient

    def add(self, kernel: torch.Tensor, kept: Sequence[torch.Tensor], scratch: torch.Tensor) -> None:
        n, units = len(kernel), self.gradient.units
        step = min(units, max(1, len(scratch) // (n * sum(self.gradient.widths(1)))))
        for start in range(0, units, step):
            span = slice(start, min(units, start + step))
            rows = carved(scratch, n, self.gradient.widths(span.stop - span.start))
            self._write(kept, span, rows)
            for block in rows:
                add_gram(kernel, block)

    def _write(self, kept: Sequence[torch.Tensor], span: slice, rows: Sequence[torch.Tensor]) -> None:
        alone = len(kept) == 2
        for block in rows if not alone else ():
            block.zero_()
        for index in range(0, len(kept), 2):
            call = Call(self.layer.name, index // 2, kept[index], kept[index + 1])
            add_call(self.gradient, call, span, rows, alone)


@final
@dataclass(frozen=True, eq=False)
class Ghost(Factors):
    """From the factors without the gradients, for a layer that is called once."""

    layer: Layer
    gradient: WeightGradient

    def add(self, kernel: torch.Tensor, kept: Sequence[torch.Tensor], scratch: torch.Tensor) -> None:
        a, d = (self.gradient.images(x) for x in kept)
        add_ghost(kernel, self.gradient.filters, a, d)


def add_call(gradient: Gradient, call: Call, span: slice, rows: Sequence[torch.Tensor], alone: bool) -> None:
    """Add one call's gradients to rows; where it is the only call, write them in place."""
    target = rows if alone else [torch.empty_like(block) for block in rows]
    gradient.write(call.inputs, call.gradients, span, target)
    if not alone:
        for block, added in zip(rows, target, strict=True):
            block.add_(added)


def carved(scratch: torch.Tensor, n: int, widths: Sequence[int]) -> list[torch.Tensor]:
    """Matrices (n, width) that lie one after the other in a vector, or new ones where it is too short."""
    total = n * sum(widths)
    flat = scratch[:total] if total <= len(scratch) else scratch.new_empty(total)
    return [part.view(n, -1) for part in flat.split([n * width for width in widths])]
