"""BALD: what the label of a candidate would tell about the network, estimated by Monte Carlo dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.monte_carlo_dropout import Draws, dropout_refusal, sampled_probabilities
from baselines.uncertainty import entropy
from bench.learner import Learner
from bench.protocol import Protocol
from bench.strategy import TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("bald")
@dataclass(frozen=True)
class BALD(TopScore):
    """Largest mutual information between label and network under dropout (Houlsby et al. 2011; Gal et al. 2017).

    H[mean_j p_j] − mean_j H[p_j] over `draws` draws p_j of the dropout masks: equation (2) of Houlsby et al., equation
    (7) of Gal et al., ICML 2017. Probabilities are averaged, not logits, and entropies taken with 0·log 0 = 0 in
    float64. Scores are in nats, from 0 to log k; a batch is the largest scores, so near-duplicates come together.
    """

    paper: ClassVar[str] = "Houlsby et al., 2011; Gal et al., ICML 2017"
    regime: ClassVar[Literal["low", "high", "any"]] = "low"
    cost: ClassVar[str] = "`draws` forward passes of the candidates, O(m·k) memory"
    needs: ClassVar[str] = "dropout"

    draws: Draws = 20

    def score(self, view: View) -> torch.Tensor:
        mean = view.candidates.new_zeros(len(view), view.classes).double()  # (m, k)
        uncertainty = mean[:, 0].clone()  # (m,)
        for p in sampled_probabilities(view, self.draws):
            mean += p / self.draws
            uncertainty += entropy(p) / self.draws
        return (entropy(mean) - uncertainty).clamp_min(0)  # below 0 only by rounding

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        return dropout_refusal(learner)
