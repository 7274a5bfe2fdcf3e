"""BADGE: k-means++ seeding in the space of last-layer gradients (Ash et al., ICLR 2020, Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from baselines.last_layer_gradient import Loss, most_likely, output_gradient, own_loss
from bench.selection import k_means_plus_plus, squared_distances, squared_norms, top_k
from bench.strategy import Strategy, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("badge")
@dataclass(frozen=True)
class Badge(Strategy):
    """k-means++ seeds of the candidates' last-layer gradients under their predicted labels.

    `gradient` is the loss that is differentiated: None takes the learner's own (see own_loss). `first`: the largest
    gradient, as in the paper's code, or a uniform draw as in k-means++. Labelled points are no seeds, nor is the
    origin. Published for low and high budgets. Time O(b·m·(k + d)), two reads of the factors per pick and candidate;
    memory O(m·(k + d)): the gradients (m, k·d) themselves are never made.
    """

    paper = "Ash et al., ICLR 2020"
    regime = "any"
    cost = "O(b·m·(k + d)) time, O(m·(k + d)) memory"

    gradient: Loss | None = None
    first: Literal["largest", "uniform"] = "largest"

    def query(self, view: View, budget: int) -> torch.Tensor:
        with view.journal.stage("gradients"):
            factors = gradient_factors(view, self.gradient or own_loss(view.learner))
        with view.journal.stage("seeding"):
            first = self._first(factors, view.generator)
            return k_means_plus_plus(factors.squared_distances, budget, view.generator, first)

    def _first(self, factors: GradientFactors, generator: torch.Generator) -> int:
        import torch

        if self.first == "largest":
            return int(top_k(factors.squared_norms, 1))
        return int(torch.randint(len(factors.features), (), generator=generator))


@dataclass(frozen=True)
class GradientFactors:
    """Gradients q hᵀ of m candidates, as factors q (m, k) and h (m, d), with their squared norms (m,) in float64."""

    residuals: torch.Tensor
    features: torch.Tensor
    squared_norms: torch.Tensor

    def squared_distances(self, i: int) -> torch.Tensor:
        """‖g_j − g_i‖² for every j (m,) in float64, by ⟨g_i, g_j⟩ = ⟨q_i, q_j⟩⟨h_i, h_j⟩."""
        products = self.residuals.mv(self.residuals[i]).double()
        products *= self.features.mv(self.features[i])  # (m,)
        return squared_distances(products, self.squared_norms, self.squared_norms[i], self.features.dtype)


def gradient_factors(view: View, loss: Loss) -> GradientFactors:
    """The candidates' gradients under their most likely labels, in the model's precision, float32 at least."""
    import torch

    residuals = output_gradient(view, most_likely(view, loss), loss)  # (m, k)
    precision = torch.promote_types(torch.promote_types(residuals.dtype, view.features.dtype), torch.float32)
    q, h = residuals.to(precision).contiguous(), view.features.to(precision).contiguous()
    return GradientFactors(q, h, squared_norms(q) * squared_norms(h))
