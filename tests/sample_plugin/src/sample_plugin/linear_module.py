"""The torch module of the net: in a file of its own, which planning does not import."""

from __future__ import annotations

import torch

from bench.modules.network import Forward, Network


class LinearModule(Network):
    """Logits are linear in the flattened input, which is also the only stage."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.head = torch.nn.Linear(inputs, classes)

    def parts(self, x: torch.Tensor) -> Forward:
        flat = x.flatten(1)  # (b, d)
        return Forward(self.head(flat), flat, (flat,))

    def initialise(self, generator: torch.Generator) -> None:
        torch.nn.init.normal_(self.head.weight, std=0.1, generator=generator)
        torch.nn.init.zeros_(self.head.bias)
