"""BatchBALD: a batch whose labels together would tell most about the network, estimated by Monte Carlo dropout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.label_configurations import Configurations
from baselines.monte_carlo_dropout import Draws, dropout_refusal, sampled_probabilities
from bench.learner import Learner
from bench.numbers import Count
from bench.protocol import Protocol
from bench.strategy import Strategy, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("batch_bald")
@dataclass(frozen=True)
class BatchBALD(Strategy):
    """Largest joint mutual information between a batch's labels and the network under dropout (Kirsch et al. 2019).

    Greedy (Algorithm 1) under `draws` draws of the dropout masks. The joint entropy is exact while the label
    configurations of the picks are at most `configurations`, those of probability 0 left out; after that it is
    estimated on that many sampled ones (section 3.3). The paper's batches are of 5 to 40: with few samples and a large
    batch the estimate is coarse.
    """

    paper: ClassVar[str] = "Kirsch et al., NeurIPS 2019"
    regime: ClassVar[Literal["low", "high", "any"]] = "low"
    cost: ClassVar[str] = "`draws` forward passes, O(b·m·k·draws·configurations) time, O(m·k·draws) memory"
    needs: ClassVar[str] = "dropout"

    draws: Draws = 20
    configurations: Count = 1000

    def query(self, view: View, budget: int) -> list[int]:
        import torch

        with view.journal.stage("dropout"):
            p = torch.stack(list(sampled_probabilities(view, self.draws)), dim=1)  # (m, j, k)
        view.journal.score(Configurations.none(p).information(p))
        with view.journal.stage("greedy"):
            return greedy(p, budget, self.configurations, view.generator)

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        return dropout_refusal(learner)


def greedy(p: torch.Tensor, budget: int, limit: int, generator: torch.Generator) -> list[int]:
    """Positions of a batch, picked one by one, from probabilities (m, j, k) of candidates under j draws.

    Up to `limit` configurations of the picks' labels are kept. Of equally informative candidates the first is picked.
    """
    configurations, picks = Configurations.none(p), list[int]()
    while True:
        gain = configurations.information(p)  # (m,)
        gain[picks] = -math.inf
        picks.append(int(gain.argmax()))
        if len(picks) == budget:
            return picks
        configurations = configurations.with_last(p[picks], limit, generator)
