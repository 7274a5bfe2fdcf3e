"""ResNet18 (He et al., CVPR 2016) with the stem for small images: one 3×3 convolution with stride 1, no max pooling.
Convolutions without bias. Initialisation as in torchvision: Kaiming normal by fan_out, BatchNorm 1 and 0."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from bench.modules.dropout import dropout
from bench.modules.initialise import initialise_layers
from bench.modules.network import Forward, Network


class Block(nn.Module):
    """conv-BN-ReLU-conv-BN beside the input, or a 1×1 convolution of it where the shape changes, then ReLU; the first
    convolution has the stride."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if (inputs, stride) != (outputs, 1):
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = functional.relu(self.bn1(self.conv1(x)))
        hidden = self.bn2(self.conv2(hidden))
        return functional.relu(hidden + self.shortcut(x))


class ResNet18Module(Network):
    """Stem, four stages of two blocks (strides 1, 2, 2, 2), global average pooling, dropout, linear."""

    def __init__(self, channels: int, classes: int, width: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.stages = nn.ModuleList(
            nn.Sequential(Block(inputs * width, outputs * width, stride), Block(outputs * width, outputs * width, 1))
            for inputs, outputs, stride in ((1, 1, 1), (1, 2, 2), (2, 4, 2), (4, 8, 2))
        )
        self.dropout = dropout(dropout_rate)
        self.head = nn.Linear(8 * width, classes)

    def parts(self, x: torch.Tensor) -> Forward:
        hidden = functional.relu(self.bn(self.stem(x)))  # (b, width, h, w)
        outputs = []
        for stage in self.stages:
            hidden = stage(hidden)
            outputs.append(hidden)
        features = self.dropout(hidden.mean(dim=(2, 3)))  # (b, d)
        return Forward(self.head(features), features, tuple(outputs))

    def initialise(self, generator: torch.Generator) -> None:
        initialise_layers(self, generator)
