"""Retraining by the empirical neural tangent kernel at the network's present weights: equations (10) to (12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.learner import Learner
from bench.numbers import Positive
from bench.view import View
from strategies.retraining import Retraining, refuse_all_but_squared_loss, retrainings

if TYPE_CHECKING:
    from strategies.beliefs.kernel_belief import KernelBelief, Solve

KernelOutput = Literal["first_logit", "sum_logits"]


@retrainings.register("entk")
@dataclass(frozen=True)
class EmpiricalNTK(Retraining):
    """The network linearised at its weights and trained to convergence, with BatchNorm statistics frozen.

    `kernel`: Θ(x, x') = ∇f¹(x)·∇f¹(x') of the first logit, as the paper, or of the sum of the logits over √k (the
    pseudo-NTK, arXiv 2206.12543). `jitter` λ: σ² = λ · mean diagonal of Θ(X, X), on every diagonal, an added point's
    included. `memory_mib` bounds what the kernel's computation holds beside its result. The labelled inputs' system is
    solved by Cholesky for up to `factor_mib` of factor, n² numbers of 8 bytes, by conjugate gradients above; the
    kernel, (n + m)² numbers, and the solution, (n + m)·m, are held in either case and do not count. Time
    O((n + m)²·P) for P parameters, in matrix products.
    """

    kernel: KernelOutput = "first_logit"
    jitter: Positive = 1e-4
    memory_mib: Positive = 4096
    factor_mib: Positive = 8192

    def refusal(self, learner: Learner) -> str | None:
        return refuse_all_but_squared_loss(learner)

    def belief(self, view: View) -> KernelBelief:
        import torch

        from bench.learners.network import NetworkModel
        from strategies.beliefs.kernel_belief import kernel_belief, relative_noise
        from strategies.gram.empirical_kernel import empirical_ntk

        assert isinstance(view.model, NetworkModel)
        x = torch.cat([view.labelled.x, view.candidates])  # (n + m, …)
        journal = view.journal
        kernel = empirical_ntk(view.model.net, x, self.kernel, self.memory_mib, journal.progress, journal)
        outputs = torch.cat([view.model.outputs(view.labelled.x), view.outputs])  # (n + m, k)
        noise = relative_noise(kernel, len(view.labelled), self.jitter)
        with view.journal.stage("solve"):
            return kernel_belief(
                kernel, outputs, view.labelled.one_hot, noise, solver(len(view.labelled), self.factor_mib)
            )


def solver(labelled: int, factor_mib: float) -> Solve:
    """Cholesky where the float64 factor of n labelled inputs takes at most `factor_mib`, else conjugate gradients."""
    from strategies.beliefs.solver import by_cholesky, by_conjugate_gradients

    return by_cholesky if labelled**2 * 8 / 2**20 <= factor_mib else by_conjugate_gradients
