"""The paper's WideResNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.net import Net, nets
from bench.nets.fields import Rate, image_channels, no_image
from bench.numbers import Count

if TYPE_CHECKING:
    from bench.modules.network import Network


@nets.register("wide_resnet")
@dataclass(frozen=True)
class WideResNet(Net):
    """Pre-activation WideResNet of 1 to 3 stages with one block each; its maximum width is 16·widen·2^stages.

    `dropout` stands between the two convolutions of a block.
    """

    stages: Literal[1, 2, 3] = 1
    widen: Count = 2
    dropout: Rate = 0.0

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        from bench.modules.wide_resnet import WideResNetModule

        channels = image_channels("wide_resnet", shape)
        return WideResNetModule(channels, classes, self.stages, self.widen, self.dropout)

    def refusal(self, shape: tuple[int, ...]) -> str | None:
        return no_image("wide_resnet", shape)
