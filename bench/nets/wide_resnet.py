"""The paper's WideResNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.data import Count
from bench.errors import DataError
from bench.net import Net, nets

if TYPE_CHECKING:
    from bench.modules.network import Network


@nets.register("wide_resnet")
@dataclass(frozen=True)
class WideResNet(Net):
    """Pre-activation WideResNet of 1 to 3 stages with one block each; its maximum width is 16·widen·2^stages."""

    stages: Literal[1, 2, 3] = 1
    widen: Count = 2

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        from bench.modules.wide_resnet import WideResNetModule

        if len(shape) != 3:
            raise DataError(f"wide_resnet: wanted images (channels, height, width); got {shape}. Use the net mlp")
        return WideResNetModule(shape[0], classes, self.stages, self.widen)
