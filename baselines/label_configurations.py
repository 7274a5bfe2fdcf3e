"""What the labels of points picked so far may be, and what each such configuration says about draws of a network.

By the chain rule I(y₁…yₙ; θ) = I(y₁…yₙ₋₁; θ) + I(yₙ; θ | y₁…yₙ₋₁), and the second term is all that a greedy choice
needs: Σ_s w_s H[Σ_j p(θ_j | s) p(y | θ_j)] − mean_j H[p(y | θ_j)] over configurations s of the earlier labels. This is
the joint entropy of BatchBALD (Kirsch et al., NeurIPS 2019, equations 8 to 14) less what all candidates have in common,
and free of products of many probabilities, which would underflow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

TILE = 2**22


@dataclass(frozen=True)
class Configurations:
    """S configurations of labels, under j draws: weights (S,) that sum to 1 and log p(draw | labels) (S, j).

    Exact ones are all that are possible, weighted by their probability. Sampled ones weigh the same, and `origin` (S,)
    is the draw that each comes from.
    """

    weights: torch.Tensor
    log_posterior: torch.Tensor
    origin: torch.Tensor | None = None

    @classmethod
    def none(cls, p: torch.Tensor) -> Configurations:
        """The one configuration of no labels, for probabilities (m, j, k)."""
        draws = p.shape[1]
        return cls(p.new_ones(1), p.new_full((1, draws), -math.log(draws)))

    def information(self, p: torch.Tensor) -> torch.Tensor:
        """What the label of each candidate would tell beyond these labels (m,), in nats; p is (m, j, k).

        Takes O(S·m·j·k) time, and memory for tiles of candidates of 32 MiB, or for one candidate.
        """
        import torch

        size = max(1, TILE // (len(self.weights) * p.shape[2]))
        return torch.cat([self._information(tile) for tile in p.split(size)])

    def with_last(self, picked: torch.Tensor, limit: int, generator: torch.Generator) -> Configurations:
        """With the label of the last of the picks, whose probabilities (n, j, k) are given in the order of picking.

        Sampled where all would be more than `limit`: equally many from each draw, `limit` rounded up to a multiple.
        """
        if self.origin is not None:
            return self._sampled(picked[-1], generator)
        every = self._extended(picked[-1])
        if len(every.weights) <= limit:
            return every
        samples = self._unlabelled_samples(limit)
        for p in picked:
            samples = samples._sampled(p, generator)
        return samples

    def _information(self, p: torch.Tensor) -> torch.Tensor:
        import torch

        predicted = torch.einsum("sj,mjk->smk", self.log_posterior.exp(), p)  # (S, m, k)
        uncertainty = torch.special.entr(p).sum(dim=2).mean(dim=1)  # (m,)
        return self.weights @ torch.special.entr(predicted).sum(dim=2) - uncertainty

    def _extended(self, p: torch.Tensor) -> Configurations:
        """Every configuration with every label of one more point, of probabilities (j, k), but the impossible ones."""
        joint = self.log_posterior[:, None, :] + p.T.log()  # (S, k, j)
        evidence = joint.logsumexp(dim=2, keepdim=True)  # (S, k, 1)
        weights = (self.weights[:, None] * evidence[:, :, 0].exp()).flatten()  # (S·k,)
        possible = weights > 0
        return Configurations(weights[possible], (joint - evidence).flatten(0, 1)[possible])

    def _unlabelled_samples(self, limit: int) -> Configurations:
        import torch

        draws = self.log_posterior.shape[1]
        origin = torch.arange(draws, device=self.weights.device).repeat(-(-limit // draws))  # (S,)
        uniform = self.log_posterior.new_full((len(origin), draws), -math.log(draws))
        return Configurations(self.weights.new_full((len(origin),), 1 / len(origin)), uniform, origin)

    def _sampled(self, p: torch.Tensor, generator: torch.Generator) -> Configurations:
        """Each configuration with a label of one more point, of probabilities (j, k), drawn from its own draw."""
        import torch

        assert self.origin is not None
        labels = torch.multinomial(p[self.origin].cpu(), 1, generator=generator)[:, 0].to(p.device)  # (S,)
        joint = self.log_posterior + p[:, labels].T.log()  # (S, j)
        return Configurations(self.weights, joint - joint.logsumexp(dim=1, keepdim=True), self.origin)
