"""The system of the labelled set, solved in float64: by Cholesky, or by conjugate gradients where that is too large.

Both take Θ(X, X) (n, n), σ², Θ(X, U) (n, m) and the residual Y − f₀(X) (n, k) to

    Θ(U, X) (Θ(X, X) + σ²I)⁻¹ (Y − f₀(X)) (m, k)    and    Θ(U, X) (Θ(X, X) + σ²I)⁻¹ Θ(X, U) (m, m).
"""

from __future__ import annotations

import torch

from bench.errors import Refused

BLOCK = 1024
PRECONDITIONER = 100
TOLERANCE = 1e-10
ITERATIONS = 2000


def by_cholesky(
    k_train_train: torch.Tensor, noise: float, k_train_pool: torch.Tensor, residual: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """With A = Θ(X, X) + σ²I = R Rᵀ and W = R⁻¹ Θ(X, U): Wᵀ R⁻¹ (Y − f₀) and WᵀW. O(n³ + n²m + nm²) time.

    Raises Refused where A is not positive definite in float64.
    """
    system = k_train_train.clone()  # (n, n)
    system.diagonal().add_(noise)
    root, failed = torch.linalg.cholesky_ex(system)
    if failed:
        raise Refused(
            f"the kernel of the {len(system)} labelled inputs plus σ² = {noise:g} is not positive definite; raise the "
            "jitter, or compute the kernel in float64 (precision: float64)"
        )
    whitened = torch.linalg.solve_triangular(root, k_train_pool, upper=False)  # W (n, m)
    shift = whitened.T @ torch.linalg.solve_triangular(root, residual, upper=False)  # (m, k)
    return shift, gram(whitened)


def by_conjugate_gradients(
    k_train_train: torch.Tensor, noise: float, k_train_pool: torch.Tensor, residual: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same by conjugate gradients, preconditioned by a pivoted Cholesky factor of low rank (Gardner et al., NeurIPS
    2018), through linear_operator: no n×n factor is held."""
    from linear_operator import settings, to_linear_operator

    system = to_linear_operator(k_train_train).add_diagonal(torch.full((len(residual),), noise).to(residual))
    right = torch.cat([residual, k_train_pool], dim=1)  # (n, k + m)
    with (
        settings.max_cholesky_size(0),
        settings.cg_tolerance(TOLERANCE),
        settings.max_cg_iterations(ITERATIONS),
        settings.max_preconditioner_size(PRECONDITIONER),
        settings.min_preconditioning_size(0),
    ):
        solved = system.solve(right)  # (n, k + m)
    k = residual.shape[1]
    product = k_train_pool.T @ solved  # (m, k + m)
    return product[:, :k], (product[:, k:] + product[:, k:].T) / 2


def gram(w: torch.Tensor) -> torch.Tensor:
    """WᵀW (m, m) for W (n, m): the upper blocks are computed, the lower ones mirrored."""
    m = w.shape[1]
    product = torch.empty(m, m, dtype=w.dtype, device=w.device)
    for start in range(0, m, BLOCK):
        stop = min(start + BLOCK, m)
        torch.mm(w[:, start:stop].T, w[:, start:], out=product[start:stop, start:])
        product[stop:, start:stop] = product[start:stop, stop:].T
    return product
