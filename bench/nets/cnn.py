"""A small convolutional network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.net import Net, nets
from bench.nets.fields import Rate, image_channels, no_image
from bench.numbers import Count

if TYPE_CHECKING:
    from bench.modules.network import Network


@nets.register("cnn")
@dataclass(frozen=True)
class CNN(Net):
    """Small convolutional network for images of any size: three stages of conv-BN-ReLU-pooling.

    `width` is the number of channels of the first stage, a quarter of that of the last. `dropout` stands before the
    last layer.
    """

    width: Count = 32
    dropout: Rate = 0.0

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        from bench.modules.cnn import CNNModule

        return CNNModule(image_channels("cnn", shape), classes, self.width, self.dropout)

    def refusal(self, shape: tuple[int, ...]) -> str | None:
        return no_image("cnn", shape)
