"""The greedy oracle: what could be gained by looking one label ahead if the labels were known. No competitor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from bench.learners.linear import with_constant
from bench.numbers import Positive
from bench.strategy import Strategy, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("greedy_oracle")
@dataclass(frozen=True)
class GreedyOracle(Strategy):
    """Looks at the true labels: greedily the pick that lowers the candidates' squared error most. An upper curve.

    Retraining is ridge regression of one-hot targets on the model's features and a constant, with penalty λ on all
    weights (bench.learners.linear.Ridge): exact by rank-one updates. The error is summed over all candidates, picked
    ones included. For a ridge learner of the same penalty one step is the best there is; for a network it is the best
    for its last layer under features that stay as they are. Greedy steps and squared error are no bound on a batch's
    accuracy, and the candidates stand for the test set.
    """

    sees_labels: ClassVar[bool] = True
    paper: ClassVar[str] = "none; an upper curve"
    regime: ClassVar[Literal["low", "high", "any"]] = "any"
    cost: ClassVar[str] = "O(b·m·d·k + m·d² + d³) time, O(m·(d + k) + d²) memory"
    needs: ClassVar[str] = "true labels"

    penalty: Positive = 1.0

    def query(self, view: View, budget: int) -> list[int]:
        import torch

        assert view.true_labels is not None
        known = with_constant(view.model.features(view.labelled.x).double())  # (n, d)
        features = with_constant(view.features.double())  # (m, d)
        truth = torch.nn.functional.one_hot(view.true_labels, view.classes).double()  # (m, k)
        ahead = LookAhead.of_ridge(known, view.labelled.one_hot.double(), features, truth, self.penalty)
        view.journal.score(ahead.decrease())
        picks = list[int]()
        for done in range(budget):
            view.journal.progress(done / budget)
            gain = ahead.decrease()  # (m,)
            gain[picks] = -torch.inf
            picks.append(int(gain.argmax()))
            ahead = ahead.with_label(picks[-1])
        return picks


@dataclass(frozen=True)
class LookAhead:
    """A ridge regression on m candidates, and what it becomes with any one of their labels.

    features Φ (m, d); gram ΦᵀΦ (d, d); residual (m, k), true one-hot minus fitted; solved Φ(XᵀX + λI)⁻¹ (m, d) with X
    the labelled features; reach (m,), the squared norm of each column of Φ(XᵀX + λI)⁻¹Φᵀ.
    """

    features: torch.Tensor
    gram: torch.Tensor
    residual: torch.Tensor
    solved: torch.Tensor
    reach: torch.Tensor

    @classmethod
    def of_ridge(
        cls, known: torch.Tensor, targets: torch.Tensor, features: torch.Tensor, truth: torch.Tensor, penalty: float
    ) -> LookAhead:
        """After the fit of targets (n, k) on known features (n, d), before candidates (m, d) with truth (m, k)."""
        import torch

        normal = known.T @ known + penalty * torch.eye(known.shape[1], dtype=known.dtype, device=known.device)  # (d, d)
        solved = torch.linalg.solve(normal, features.T).T  # (m, d)
        gram = features.T @ features  # (d, d)
        return cls(features, gram, truth - solved @ (known.T @ targets), solved, ((solved @ gram) * solved).sum(dim=1))

    def decrease(self) -> torch.Tensor:
        """By how much Σ_x ‖true − fitted‖² over the candidates falls with the true label of each of them (m,).

        With s = φᵢ(XᵀX + λI)⁻¹φᵢ the residual at x falls by K[x, i]·rᵢ / (1 + s), K = Φ(XᵀX + λI)⁻¹Φᵀ.
        """
        share = 1 / (1 + (self.features * self.solved).sum(dim=1))  # (m,)
        overlap = ((self.solved @ (self.features.T @ self.residual)) * self.residual).sum(dim=1)  # (m,)
        return 2 * share * overlap - share.square() * self.reach * self.residual.square().sum(dim=1)

    def with_label(self, i: int) -> LookAhead:
        """Fitted on the true label of candidate i as well."""
        direction = self.solved[i]  # (d,)
        share = 1 / (1 + self.features[i] @ direction)
        column = self.features @ direction  # (m,)
        image = self.gram @ direction  # (d,)
        reach = self.reach - 2 * share * column * (self.solved @ image)
        return LookAhead(
            self.features,
            self.gram,
            self.residual - share * column.outer(self.residual[i]),
            self.solved - share * column.outer(direction),
            reach + share**2 * column.square() * (direction @ image),
        )
