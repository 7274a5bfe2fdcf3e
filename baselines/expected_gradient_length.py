"""Expected gradient length (Settles, Craven and Ray, NeurIPS 2007, section 3), of the last layer alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baselines.last_layer_gradient import Loss, own_loss
from bench.selection import squared_norms
from bench.strategy import TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("expected_gradient_length")
@dataclass(frozen=True)
class ExpectedGradientLength(TopScore):
    """Largest expected length of the last-layer gradient, over the predicted classes: Σ_y p_y ‖∇_W ℓ(f, y)‖.

    `gradient` is the loss that is differentiated: None takes the learner's own (see own_loss). The most likely label
    alone, in the place of the expectation, is the norm that BADGE seeds with. Published for one label at a time. Time
    and memory O(m·(k + d)).
    """

    paper = "Settles et al., NeurIPS 2007"
    regime = "low"
    cost = "O(m·(k + d)) time, O(m·(k + d)) memory"

    gradient: Loss | None = None

    def score(self, view: View) -> torch.Tensor:
        loss = self.gradient or own_loss(view.learner)
        scale = 2 / view.classes if loss == "squared" else 1.0
        lengths = scale * residual_lengths(view.outputs if loss == "squared" else view.probabilities)  # (m, k)
        return squared_norms(view.features).sqrt() * (view.probabilities * lengths).sum(dim=1)  # (m,)


def residual_lengths(values: torch.Tensor) -> torch.Tensor:
    """‖v − e_y‖ of every row v of values (m, k) and every class y: (m, k) in float64, by ‖v‖² − 2v_y + 1."""
    values = values.double()
    return (squared_norms(values)[:, None] - 2 * values + 1).clamp_min(0).sqrt()
