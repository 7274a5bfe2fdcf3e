"""A plain multi-layer perceptron with ReLU, for feature vectors and flattened images."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from bench.modules.dropout import dropout
from bench.modules.initialise import initialise_linear
from bench.modules.network import Forward, Network


class MLPModule(Network):
    """`layers` hidden layers of `width` units, each a stage; dropout before the head."""

    def __init__(self, inputs: int, classes: int, width: int, layers: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        sizes = [inputs] + [width] * layers
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.dropout = dropout(dropout_rate)
        self.head = nn.Linear(width, classes)

    def parts(self, x: torch.Tensor) -> Forward:
        hidden = x.flatten(1)  # (b, d)
        stages = []
        for layer in self.hidden:
            hidden = functional.relu(layer(hidden))
            stages.append(hidden)
        features = self.dropout(hidden)  # (b, d)
        return Forward(self.head(features), features, tuple(stages))

    def initialise(self, generator: torch.Generator) -> None:
        for layer in self.hidden:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
        initialise_linear(self.head, generator)
