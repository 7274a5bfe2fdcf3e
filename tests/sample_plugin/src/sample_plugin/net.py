"""A linear classifier."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.net import Net, nets

if TYPE_CHECKING:
    from bench.modules.network import Network


@nets.register("sample-linear")
@dataclass(frozen=True)
class Linear(Net):
    """A single linear layer."""

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        from sample_plugin.linear_module import LinearModule

        return LinearModule(math.prod(shape), classes)
