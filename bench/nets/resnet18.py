"""ResNet18 for small images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.net import Net, nets
from bench.nets.fields import Rate, image_channels, no_image
from bench.numbers import Count

if TYPE_CHECKING:
    from bench.modules.network import Network


@nets.register("resnet18")
@dataclass(frozen=True)
class ResNet18(Net):
    """ResNet18 with the stem for images of 32×32 and smaller; its four stages have width·(1, 2, 4, 8) channels.

    `dropout` stands before the last layer.
    """

    width: Count = 64
    dropout: Rate = 0.0

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        from bench.modules.resnet18 import ResNet18Module

        return ResNet18Module(image_channels("resnet18", shape), classes, self.width, self.dropout)

    def refusal(self, shape: tuple[int, ...]) -> str | None:
        return no_image("resnet18", shape)
