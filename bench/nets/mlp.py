"""A multi-layer perceptron."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.data import Count
from bench.net import Net, nets

if TYPE_CHECKING:
    from bench.modules.network import Network


@nets.register("mlp")
@dataclass(frozen=True)
class MLP(Net):
    """Multi-layer perceptron with ReLU on feature vectors or flattened images."""

    width: Count = 256
    layers: Count = 2

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        from bench.modules.mlp import MLPModule

        return MLPModule(math.prod(shape), classes, self.width, self.layers)
