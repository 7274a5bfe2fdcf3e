"""Retraining in closed form, for learners that are kernel regressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.learner import Learner
from bench.view import View
from strategies.retraining import Retraining, retrainings

if TYPE_CHECKING:
    from strategies.beliefs.kernel_belief import KernelBelief


@retrainings.register("exact")
@dataclass(frozen=True)
class Exact(Retraining):
    """The learner's own kernel and noise, from a prior mean of 0: exact for ridge; for gp at the σ² of its last fit.

    A refit of gp takes σ² anew, from the mean diagonal of the kernel with the added input. O(n³ + n²m + nm²) time,
    O((n + m)²) memory.
    """

    def refusal(self, learner: Learner) -> str | None:
        if learner.kernel_regression:
            return None
        return f"retraining is exact only where the learner is a kernel regression; {type(learner).__name__} is none"

    def belief(self, view: View) -> KernelBelief:
        import torch

        from bench.errors import Refused
        from strategies.beliefs.kernel_belief import kernel_belief
        from strategies.beliefs.solver import by_cholesky

        regression = view.model.kernel_regression()
        if regression is None:
            raise Refused(f"wanted a model that is a kernel regression; got {type(view.model).__name__}")
        x = torch.cat([view.labelled.x, view.candidates])  # (n + m, …)
        with view.journal.stage("kernel"):
            kernel = regression.kernel(x, x)  # (n + m, n + m)
        prior = torch.zeros(len(x), view.classes, dtype=kernel.dtype, device=kernel.device)
        with view.journal.stage("solve"):
            return kernel_belief(kernel, prior, view.labelled.one_hot, regression.noise, by_cholesky)
