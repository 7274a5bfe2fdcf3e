"""The interface between networks and everything that trains, queries or differentiates them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Forward:
    """One forward pass of b inputs.

    logits (b, k); features (b, d), what the last linear layer sees; stages, the output of each stage, (b, c, h, w) for
    images and (b, c) for vectors, from first to last.
    """

    logits: torch.Tensor
    features: torch.Tensor
    stages: tuple[torch.Tensor, ...]


class Network(torch.nn.Module, ABC):
    """A classifier whose last layer is `head`, a linear map of its features.

    Laws: `forward(x) == parts(x).logits`, and `parts(x).logits == head(parts(x).features)`.
    """

    head: torch.nn.Linear

    @abstractmethod
    def parts(self, x: torch.Tensor) -> Forward:
        """Logits, penultimate features and stage features of x (b, …) from one forward pass."""

    @abstractmethod
    def initialise(self, generator: torch.Generator) -> None:
        """Draw every parameter anew from the generator, and reset every buffer."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.parts(x).logits
