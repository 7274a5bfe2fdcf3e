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
ACCEPTED = 1e-6
"""The largest relative residual of a column with which the solution of conjugate gradients is used."""


def by_cholesky(
    k_train_train: torch.Tensor, noise: float, k_train_pool: torch.Tensor, residual: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """With A = Θ(X, X) + σ²I = R Rᵀ and W = R⁻¹ Θ(X, U): Wᵀ R⁻¹ (Y − f₀) and WᵀW. O(n³ + n²m + nm²) time; beside what
    it is given it holds R and W, then W and WᵀW.

    Raises Refused where A is not positive definite in float64.
    """
    root = _factor(k_train_train, noise)
    whitened = torch.linalg.solve_triangular(root, k_train_pool, upper=False)  # W (n, m)
    shift = whitened.T @ torch.linalg.solve_triangular(root, residual, upper=False)  # (m, k)
    del root
    return shift, gram(whitened)


def _factor(k_train_train: torch.Tensor, noise: float) -> torch.Tensor:
    """R (n, n), lower triangular, in the place of the one copy that is made of Θ(X, X) (n, n)."""
    system = k_train_train.T.clone(memory_format=torch.contiguous_format).T  # (n, n), by columns as LAPACK has it
    system.diagonal().add_(noise)
    failed = torch.empty((), dtype=torch.int32, device=system.device)
    torch.linalg.cholesky_ex(system, out=(system, failed))
    if failed:
        raise Refused(
            f"the kernel of the {len(system)} labelled inputs plus σ² = {noise:g} is not positive definite; raise the "
            "jitter, or compute the kernel in float64 (precision: float64)"
        )
    return system


def by_conjugate_gradients(
    k_train_train: torch.Tensor, noise: float, k_train_pool: torch.Tensor, residual: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same by conjugate gradients, preconditioned by a pivoted Cholesky factor of low rank (Gardner et al., NeurIPS
    2018), through linear_operator: no n×n factor is held.

    Raises Refused where the residual of the solution is not small: then it has not converged.
    """
    from linear_operator import settings, to_linear_operator

    scale = TOLERANCE / noise  # its iterations take inner products below 1e-10 for 0, whatever the kernel's units
    diagonal = torch.full((len(residual),), scale * noise).to(residual)
    system = (to_linear_operator(k_train_train) * scale).add_diagonal(diagonal)
    right = torch.cat([residual, k_train_pool], dim=1)  # (n, k + m)
    with (
        settings.max_cholesky_size(0),
        settings.cg_tolerance(TOLERANCE),
        settings.max_cg_iterations(ITERATIONS),
        settings.max_preconditioner_size(PRECONDITIONER),
        settings.min_preconditioning_size(0),
    ):
        solved = system.solve(right).mul_(scale)  # (n, k + m)
    _check_converged(relative_residual(k_train_train, noise, solved, right))
    k = residual.shape[1]
    product = k_train_pool.T @ solved  # (m, k + m)
    return product[:, :k], (product[:, k:] + product[:, k:].T) / 2


def relative_residual(kernel: torch.Tensor, noise: float, solved: torch.Tensor, right: torch.Tensor) -> float:
    """The largest ‖(Θ + σ²I)x − b‖ / ‖b‖ of the columns x of solved and b of right (n, c), for Θ (n, n); columns of
    zeros count by what they are off."""
    largest = 0.0
    for x, b in zip(solved.split(BLOCK, dim=1), right.split(BLOCK, dim=1), strict=True):
        off = (torch.addmm(b, kernel, x, beta=-1).add_(x, alpha=noise)).norm(dim=0)  # (block,)
        norms = b.norm(dim=0)
        largest = max(largest, float((off / norms.where(norms > 0, 1)).max().nan_to_num(torch.inf)))
    return largest


def _check_converged(residual: float) -> None:
    if residual > ACCEPTED:
        raise Refused(
            f"conjugate gradients did not converge: their relative residual is {residual:.2g}, wanted at most "
            f"{ACCEPTED:g}. Raise the jitter, or factor_mib until a factor of the labelled inputs fits into it"
        )


def gram(w: torch.Tensor) -> torch.Tensor:
    """WᵀW (m, m) for W (n, m): the upper blocks are computed, the lower ones mirrored."""
    m = w.shape[1]
    product = torch.empty(m, m, dtype=w.dtype, device=w.device)
    for start in range(0, m, BLOCK):
        stop = min(start + BLOCK, m)
        torch.mm(w[:, start:stop].T, w[:, start:], out=product[start:stop, start:])
        product[stop:, start:stop] = product[start:stop, stop:].T
    return product
