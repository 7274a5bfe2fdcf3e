"""Sampling a batch from a determinantal point process (Kulesza and Taskar, Foundations and Trends in ML 2012)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

RANK = 1e-12


def k_dpp(kernel: torch.Tensor, budget: int, generator: torch.Generator) -> torch.Tensor:
    """`budget` distinct positions, a set S with probability ∝ det(kernel_S) (their section 5.2), in the order drawn.

    `kernel` (m, m) is symmetric and positive semidefinite; `generator` is on the CPU. Where its rank is below the
    budget, the rest is drawn uniformly. O(m³) time for the eigenvectors, O(m²) memory.
    """
    import torch

    values, vectors = torch.linalg.eigh(kernel.double().cpu())  # (m,), (m, m)
    values = values.clamp_min(0)
    kept = values > RANK * values.amax()
    values, vectors = values[kept], vectors[:, kept]  # (r,), (m, r)
    chosen = _eigenvectors(values, min(budget, len(values)), generator)
    picked = _projection(vectors[:, chosen], generator)
    others = torch.randperm(len(kernel), generator=generator)
    fill = others[~torch.isin(others, picked)][: budget - len(picked)]
    return torch.cat([picked, fill])


def _eigenvectors(values: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
    """Which `size` of the eigenvalues (r,) are in: a set with probability ∝ their product (their Algorithm 8)."""
    import torch

    table = log_elementary_symmetric(values, size)  # (r + 1, size + 1)
    uniform = torch.rand(len(values), generator=generator, dtype=torch.float64)
    left, chosen = size, []
    for i in range(len(values), 0, -1):
        if left == 0:
            break
        inclusion = values[i - 1].log() + table[i - 1, left - 1] - table[i, left]
        if uniform[i - 1].log() < inclusion:
            chosen.append(i - 1)
            left -= 1
    return torch.tensor(chosen, dtype=torch.long)


def log_elementary_symmetric(values: torch.Tensor, size: int) -> torch.Tensor:
    """log e_j of the first i of the values (r,), at [i, j]: (r + 1, size + 1); e_j sums the products of j of them."""
    import torch

    table = torch.full((len(values) + 1, size + 1), -torch.inf, dtype=torch.float64)
    table[:, 0] = 0
    for i, log_value in enumerate(values.log(), start=1):
        table[i, 1:] = torch.logaddexp(table[i - 1, 1:], log_value + table[i - 1, :-1])
    return table


def _projection(vectors: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A sample (s,) of the process whose kernel projects onto s orthonormal vectors (m, s), by the chain rule."""
    import torch

    size = vectors.shape[1]
    norms = vectors.square().sum(dim=1)  # (m,)
    factors = torch.zeros_like(vectors)  # (m, s)
    picked = torch.zeros(size, dtype=torch.long)
    for step in range(size):
        i = int(torch.multinomial(norms, 1, generator=generator))
        column = vectors @ vectors[i] - factors[:, :step] @ factors[i, :step]  # (m,)
        factors[:, step] = column / norms[i].sqrt()
        norms = (norms - factors[:, step].square()).clamp_min(0)
        picked[step] = i
        norms[picked[: step + 1]] = 0
    return picked
