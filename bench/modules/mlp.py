"""A plain multi-layer perceptron with ReLU, for feature vectors and flattened images."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from bench.modules.network import Forward, Network
from bench.modules.wide_resnet import initialise_linear


class MLPModule(Network):
    """`layers` hidden layers of `width` units; each hidden layer is a stage."""

    def __init__(self, inputs: int, classes: int, width: int, layers: int) -> None:
        super().__init__()
        sizes = [inputs] + [width] * layers
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.head = nn.Linear(width, classes)

    def parts(self, x: torch.Tensor) -> Forward:
        hidden = x.flatten(1)  # (b, d)
        stages = []
        for layer in self.hidden:
            hidden = functional.relu(layer(hidden))
            stages.append(hidden)
        return Forward(self.head(hidden), hidden, tuple(stages))

    def initialise(self, generator: torch.Generator) -> None:
        for layer in self.hidden:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
        initialise_linear(self.head, generator)
