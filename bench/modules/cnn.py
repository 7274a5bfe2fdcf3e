"""A small convolutional network for digits and other small images: three stages of conv-BN-ReLU-max pooling."""

from __future__ import annotations

import torch
from torch import nn

from bench.modules.dropout import dropout
from bench.modules.initialise import initialise_layers
from bench.modules.network import Forward, Network


class CNNModule(Network):
    """Stages of `width`, 2·width and 4·width channels, each halving the image; global average pooling, dropout, linear.

    Pooling rounds up, so that no image is too small.
    """

    def __init__(self, channels: int, classes: int, width: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        sizes = ((channels, width), (width, 2 * width), (2 * width, 4 * width))
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
                nn.MaxPool2d(2, ceil_mode=True),
            )
            for inputs, outputs in sizes
        )
        self.dropout = dropout(dropout_rate)
        self.head = nn.Linear(4 * width, classes)

    def parts(self, x: torch.Tensor) -> Forward:
        hidden, outputs = x, []
        for stage in self.stages:
            hidden = stage(hidden)
            outputs.append(hidden)
        features = self.dropout(hidden.mean(dim=(2, 3)))  # (b, d)
        return Forward(self.head(features), features, tuple(outputs))

    def initialise(self, generator: torch.Generator) -> None:
        initialise_layers(self, generator)
