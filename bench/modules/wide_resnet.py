"""Pre-activation WideResNet with one basic block per stage (Zagoruyko and Komodakis, BMVC 2016), as the paper has it:
convolutions with bias, Xavier-uniform with gain √2, stem 16k channels, stages 32k, 64k and 128k."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from bench.modules.dropout import dropout
from bench.modules.initialise import initialise_linear
from bench.modules.network import Forward, Network

GAIN = 2**0.5


class Block(nn.Module):
    """BN-ReLU-conv-BN-ReLU-dropout-conv beside a 1×1 convolution; the second 3×3 convolution has the stride.

    Dropout stands between the convolutions, as in section 2.4 of Zagoruyko and Komodakis.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, dropout_rate: float) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.dropout = dropout(dropout_rate)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, stride=stride)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.conv1(functional.relu(self.bn1(x)))
        hidden = self.conv2(self.dropout(functional.relu(self.bn2(hidden))))
        return hidden + self.shortcut(x)


class WideResNetModule(Network):
    """Stem, stages (strides 1, 2, 2), BN-ReLU, global average pooling, linear."""

    def __init__(self, channels: int, classes: int, stages: int, widen: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        widths = [16 * widen * 2**i for i in range(stages + 1)]
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList(
            Block(inputs, outputs, stride=1 if i == 0 else 2, dropout_rate=dropout_rate)
            for i, (inputs, outputs) in enumerate(pairwise(widths))
        )
        self.bn = nn.BatchNorm2d(widths[-1])
        self.head = nn.Linear(widths[-1], classes)

    def parts(self, x: torch.Tensor) -> Forward:
        hidden = self.stem(x)  # (b, 16k, h, w)
        stages = []
        for block in self.blocks:
            hidden = block(hidden)
            stages.append(hidden)
        features = functional.relu(self.bn(hidden)).mean(dim=(2, 3))  # (b, d)
        return Forward(self.head(features), features, tuple(stages))

    def initialise(self, generator: torch.Generator) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_uniform_(module.weight, gain=GAIN, generator=generator)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()
        initialise_linear(self.head, generator)
