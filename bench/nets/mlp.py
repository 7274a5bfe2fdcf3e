"""A multi-layer perceptron."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.net import Net, nets
from bench.nets.fields import Rate
from bench.numbers import Count

if TYPE_CHECKING:
    from bench.modules.network import Network


@nets.register("mlp")
@dataclass(frozen=True)
class MLP(Net):
    """Multi-layer perceptron with ReLU on feature vectors or flattened images.

    `dropout` stands before the last layer.
    """

    width: Count = 256
    layers: Count = 2
    dropout: Rate = 0.0

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        from bench.modules.mlp import MLPModule

        return MLPModule(math.prod(shape), classes, self.width, self.layers, self.dropout)
