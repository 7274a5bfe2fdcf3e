"""Gaussian-process regression on one-hot targets with the infinite-width NTK, the paper's "GP" learner.

Mohamadi, Bae and Sutherland, NeurIPS 2022 (figure 1b): its mean is what the infinitely wide network, trained to the
end from outputs of 0, would answer (Jacot et al., NeurIPS 2018).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from bench.errors import Diverged
from bench.learner import Fit, KernelRegression, Labelled, Learner, Model, learners
from bench.net import Net
from bench.nets.wide_resnet import WideResNet
from bench.numbers import Positive
from bench.probabilities import Probabilities, Rule, fitted
from strategies.infinite_ntk import Readout, has_infinite_width, remembered_ntk

if TYPE_CHECKING:
    import torch


@learners.register("gp")
@dataclass(frozen=True)
class GaussianProcess(Learner):
    """Kernel regression with the infinite-width NTK of `net`, solved in float64: Θ(x, X)(Θ(X, X) + σ²I)⁻¹Y.

    Of the nets here mlp, cnn and wide_resnet have that kernel, which is computed on the CPU, wherever the rest runs.
    `noise` is λ: σ² = λ · mean diagonal of Θ(X, X), fixed when it is fitted. `readout` gap averages over positions
    before the last layer, as the net itself does, and costs the square of their number; flatten does not.
    """

    kernel_regression: ClassVar[bool] = True

    net: Net = field(default_factory=WideResNet)
    readout: Readout = "flatten"
    noise: Positive = 1e-4
    probabilities: Rule = "simplex"

    def __post_init__(self) -> None:
        reason = has_infinite_width(self.net)
        if reason is not None:
            raise ValueError(f"net: {reason}")

    def kernel(self, x1: torch.Tensor, x2: torch.Tensor | None = None) -> torch.Tensor:
        """Θ(x1, x2), or Θ(x1, x1): (n1, n2) in float64."""
        return remembered_ntk(self.net, self.readout, x1, x2)

    def fit(self, fit: Fit) -> GaussianProcessModel:
        import torch

        gram = self.kernel(fit.labelled.x)  # (n, n)
        noise = self.noise * gram.diagonal().mean()  # ()
        factor = _cholesky(gram, noise)
        weights = torch.cholesky_solve(fit.labelled.one_hot.double(), factor)  # (n, k)
        return self.restore(fit, {"weights": weights, "noise": noise})

    def restore(self, fit: Fit, state: dict[str, torch.Tensor]) -> GaussianProcessModel:
        weights, noise = state["weights"], state["noise"]

        def outputs() -> torch.Tensor:
            return self.kernel(fit.labelled.x) @ weights

        rule = fitted(self.probabilities, outputs, fit.labelled.y)
        return GaussianProcessModel(self, fit.labelled.x, weights, noise, rule)


class GaussianProcessModel(Model):
    """The posterior mean: the kernel with the labelled inputs (n, …), times weights (n, k)."""

    def __init__(
        self,
        learner: GaussianProcess,
        labelled: torch.Tensor,
        weights: torch.Tensor,
        noise: torch.Tensor,
        rule: Probabilities,
    ) -> None:
        self.learner = learner
        self.labelled = labelled
        self.weights = weights
        self.noise = noise
        self.rule = rule
        self.classes = weights.shape[1]

    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        return self.learner.kernel(x, self.labelled) @ self.weights

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """R⁻¹Θ(X, x) for every x, with RRᵀ = Θ(X, X) + σ²I: (a, n). The outputs are linear in them, by R⁻¹Y."""
        import torch

        k_labelled_x = self.learner.kernel(x, self.labelled).T  # (n, a)
        return torch.linalg.solve_triangular(self._factor, k_labelled_x, upper=False).T

    @cached_property
    def _factor(self) -> torch.Tensor:
        return _cholesky(self.learner.kernel(self.labelled), self.noise)

    def residual(self, labelled: Labelled) -> float:
        return float((labelled.one_hot - self.outputs(labelled.x)).square().mean().sqrt())

    def state(self) -> dict[str, torch.Tensor]:
        return {"weights": self.weights, "noise": self.noise}

    def kernel_regression(self) -> KernelRegression:
        return KernelRegression(self.learner.kernel, float(self.noise))


def _cholesky(gram: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """R (n, n), lower triangular, with RRᵀ = gram + noise·I."""
    import torch

    factor, failed = torch.linalg.cholesky_ex(gram + noise * torch.eye(len(gram), dtype=gram.dtype).to(gram))
    if failed.any():
        raise Diverged(f"gp: the kernel of {len(gram)} labelled inputs is not positive definite; raise noise")
    return factor
