"""The loss prediction module of Yoo and Kweon, CVPR 2019 (figure 2b), on the stage features of any network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from bench.modules.dropout import seed_dropout
from bench.modules.initialise import initialise_linear
from bench.modules.network import Forward, Network


class LossPrediction(nn.Module):
    """Predicts the loss of each sample from stage features: pooled, a linear layer of `width` and ReLU for each stage,
    concatenated, and a linear layer to a number.

    `own` is a network of its own that it comes with, where it does not watch the one that is evaluated. Outside of
    training_step() this module and that network are in eval mode.
    """

    def __init__(self, channels: Sequence[int], width: int, own: Network | None = None) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Linear(count, width) for count in channels)
        self.last = nn.Linear(width * len(channels), 1)
        self.own = own
        self.eval()

    def forward(self, stages: Sequence[torch.Tensor]) -> torch.Tensor:
        """Predicted losses (b,) from stage features (b, c, …), which are averaged over all but the first two."""
        pairs = zip(self.branches, stages, strict=True)
        hidden = [branch(pooled(stage)).relu() for branch, stage in pairs]  # each (b, width)
        return self.last(torch.cat(hidden, dim=1))[:, 0]

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the linear layers anew; a network of its own keeps its weights and draws its dropout from here on."""
        for layer in (*self.branches, self.last):
            assert isinstance(layer, nn.Linear)
            initialise_linear(layer, generator)
        if self.own is not None:
            seed_dropout(self.own, generator)

    def training_pass(self, x: torch.Tensor) -> Forward:
        """One forward pass of its own network in training mode."""
        assert self.own is not None
        self.own.train()
        forward = self.own.parts(x)
        self.own.eval()
        return forward


def pooled(stage: torch.Tensor) -> torch.Tensor:
    """A stage's features (b, c, …) averaged over positions: (b, c). Vectors stay as they are."""
    return stage.flatten(2).mean(dim=2) if stage.ndim > 2 else stage


def ranking_loss(predicted: torch.Tensor, target: torch.Tensor, margin: float) -> torch.Tensor | None:
    """Mean of max(0, ξ − s·(l̂ᵢ − l̂ⱼ)) over pairs, s = 1 if lᵢ > lⱼ else −1 (Yoo and Kweon, equation 2); of the
    target (b,) only the order counts, so that no gradient flows into it.

    A batch is paired with itself reversed, the first with the last; an odd one leaves its last sample out. None for
    a batch of one, which has no pair.
    """
    pairs = len(target) // 2
    if pairs == 0:
        return None
    first, second = slice(pairs), slice(pairs, 2 * pairs)
    larger = target[first] > target[second].flip(0)  # (pairs,)
    sign = torch.where(larger, 1.0, -1.0).to(predicted)
    gap = predicted[first] - predicted[second].flip(0)  # (pairs,)
    return (margin - sign * gap).clamp_min(0).mean()
