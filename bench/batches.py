"""Inputs in parts for a forward pass: activations stay in a core's cache, and fill a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

ON_CPU, ON_GPU = 64, 512


def batches(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """x (n, …) in parts that a network takes one after the other."""
    return x.split(ON_GPU if x.is_cuda else ON_CPU)
