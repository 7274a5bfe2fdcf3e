"""Look-ahead by a kernel, in closed form: the block update (12) of Mohamadi, Bae and Sutherland, NeurIPS 2022.

With the kernel Θ, the labelled inputs X, targets Y and noise σ² on every diagonal, an added point's included,

    f(x)     = f₀(x) + Θ(x, X) (Θ(X, X) + σ²I)⁻¹ (Y − f₀(X))                                         (11)
    S(x, x') = Θ(x, x') − Θ(x, X) (Θ(X, X) + σ²I)⁻¹ Θ(X, x')                      posterior covariance
    f⁺(x)    = f(x) + S(x, x') / (S(x', x') + σ²) · (y' − f(x'))                                      (12)
    S⁺(x, z) = S(x, z) − S(x, x') S(x', z) / (S(x', x') + σ²)

where the paper's v is Θ(X, X)⁻¹ Θ(X, x'): the inverse is missing in its text. σ² is fixed before anything is added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from strategies.beliefs.belief import Belief, RankOne

Solve = Callable[[torch.Tensor, float, torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class KernelBelief(Belief):
    """f on the candidates (m, k), the posterior covariance S (m, m) and σ², all in float64.

    ahead costs O(b·p), condition O(m²) and no solve.
    """

    outputs: torch.Tensor
    covariance: torch.Tensor
    noise: float

    def ahead(self, positions: torch.Tensor, targets: torch.Tensor, at: torch.Tensor) -> RankOne:
        gain = self._rows(positions, at) / self._variance(positions)[:, None]  # (b, p)
        return RankOne(self.outputs[at], gain, targets - self.outputs[positions])

    def condition(self, position: int, target: torch.Tensor, keep: bool = True) -> KernelBelief:
        row = self.covariance[position].clone()  # (m,)
        gain = row / self._variance(torch.tensor([position], device=row.device))  # (m,)
        covariance = self.covariance.clone() if keep else self.covariance
        covariance.addr_(gain, row, alpha=-1)
        return KernelBelief(self.outputs + gain[:, None] * (target - self.outputs[position]), covariance, self.noise)

    def _rows(self, positions: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        rows = self.covariance[positions]  # (b, m)
        return rows if len(at) == rows.shape[1] and _is_everything(at) else rows[:, at]

    def _variance(self, positions: torch.Tensor) -> torch.Tensor:
        """u (b,): the variance of each candidate's own label; rounding may leave S(x, x) of a duplicate below 0."""
        return self.covariance.diagonal()[positions].clamp_min(0) + self.noise


def kernel_belief(
    kernel: torch.Tensor, prior: torch.Tensor, targets: torch.Tensor, noise: float, solve: Solve
) -> KernelBelief:
    """The belief after training on the first n of n + m inputs.

    kernel Θ (n + m, n + m); prior f₀ (n + m, k), the outputs before; targets Y (n, k); noise σ² > 0. `solve` takes
    Θ(X, X), σ², Θ(X, U) and Y − f₀(X) to the posterior's part of f and S, see strategies/beliefs/solver.py.
    """
    n = len(targets)
    kernel, prior, targets = kernel.double(), prior.double(), targets.double()
    shift, explained = solve(kernel[:n, :n], noise, kernel[:n, n:], targets - prior[:n])  # (m, k), (m, m)
    return KernelBelief(prior[n:] + shift, explained.neg_().add_(kernel[n:, n:]), noise)


def relative_noise(kernel: torch.Tensor, labelled: int, jitter: float) -> float:
    """σ² = λ · mean diagonal of Θ(X, X), for the first `labelled` inputs of a kernel."""
    return jitter * float(kernel.diagonal()[:labelled].double().mean())


def _is_everything(at: torch.Tensor) -> bool:
    return bool((at == torch.arange(len(at), device=at.device)).all())
