"""Look-ahead by a Laplace approximation of the last layer (arXiv 2210.06112; Daxberger et al., NeurIPS 2021)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.learner import Learner
from bench.numbers import Positive
from bench.view import View
from strategies.retraining import Retraining, refuse_all_but_squared_loss, retrainings

if TYPE_CHECKING:
    from strategies.beliefs.kernel_belief import KernelBelief


@retrainings.register("laplace")
@dataclass(frozen=True)
class LastLayerLaplace(Retraining):
    """A Gaussian posterior of the last layer's weights around the trained ones.

    The network's own outputs are its mean, and the kernel is that of the penultimate features and a constant, scaled by
    the prior.
    `prior_variance` of each weight, and the `noise` variance of an observed target. O(n³ + n²m + nm²) time.
    """

    prior_variance: Positive = 1.0
    noise: Positive = 0.01

    def refusal(self, learner: Learner) -> str | None:
        return refuse_all_but_squared_loss(learner)

    def belief(self, view: View) -> KernelBelief:
        import torch

        from strategies.beliefs.kernel_belief import kernel_belief
        from strategies.beliefs.solver import by_cholesky

        space = view.embedding("penultimate")
        features = torch.cat([space.labelled, space.candidates]).double()  # (n + m, d)
        kernel = self.prior_variance * (features @ features.T + 1)  # (n + m, n + m)
        outputs = torch.cat([view.model.outputs(view.labelled.x), view.outputs])  # (n + m, k)
        with view.journal.stage("solve"):
            belief = kernel_belief(kernel, outputs, view.labelled.one_hot, self.noise, by_cholesky)
        return replace(belief, outputs=view.outputs.double())  # at the mode the mean is the network itself
