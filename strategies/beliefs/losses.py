"""The task's loss against targets that need not be one-hot."""

from __future__ import annotations

import torch
from torch.nn import functional

from bench.recipe import Train


def loss_of(recipe: Train, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The loss (s,) of logits (s, k) against targets (s, k); on one-hot targets that of bench.train."""
    if recipe.loss == "squared":
        return (logits - targets).square().mean(dim=1)
    return functional.cross_entropy(logits, targets, reduction="none")
