"""A convolution's share of the kernel without its gradients, for layers with few positions and many weights.

With M = ⟨a_i[t'], a_j[s']⟩ over input positions and D = ⟨d_i[t], d_j[s]⟩ over output positions the share of a pair is
Σ_{t,s} D[t, s] Σ_o M[p·t + o, p·s + o] for stride p: exact, and the offsets o are summed one axis after the other. For
a linear layer on vectors it is (AAᵀ) ∘ (DDᵀ).
"""

from __future__ import annotations

import torch

from strategies.gram.convolution import Filters
from strategies.gram.products import product

CACHE = 2 * 2**20
"""Bytes of the largest of the matrices over two blocks of samples."""


def add_ghost(kernel: torch.Tensor, filters: Filters, a: torch.Tensor, d: torch.Tensor) -> None:
    """Add the share of a weight, from inputs a (n, c, h, w) and gradients d (n, o, h', w'), on and above the diagonal
    of kernel (n, n); what is below it is left undefined."""
    filters, a = filters.thinned(a)
    size = block_size(a, d)
    starts = range(0, len(a), size)
    blocks = [(by_position(a[i : i + size]), by_position(d[i : i + size])) for i in starts]
    for i, (a_rows, d_rows) in zip(starts, blocks, strict=True):
        for j, (a_columns, d_columns) in zip(starts, blocks, strict=True):
            if j >= i:
                share = pair_shares(filters, inner(a_rows, a_columns), inner(d_rows, d_columns))
                kernel[i : i + size, j : j + size].add_(share)


def pair_shares(filters: Filters, m: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    """Σ_{t,s} D[t, s] Σ_o M[p·t + o, p·s + o] for M (h, w, n, h, w, m) and D (h', w', n, h', w', m): (n, m)."""
    for axis in (0, 1):
        m = summed_over_offsets(filters, m, axis, d.shape[axis])
    return (m * d).sum(dim=(0, 1, 3, 4))


def summed_over_offsets(filters: Filters, m: torch.Tensor, axis: int, steps: int) -> torch.Tensor:
    """Σ_o M[…, p·t + o, …, p·s + o, …] over the offsets of one axis, at `steps` positions t and s."""
    if (filters.kernel[axis], filters.stride[axis], filters.padding[axis]) == (1, 1, 0):
        return m
    shape = list(m.shape)
    shape[axis] = shape[axis + 3] = steps
    sums = m.new_zeros(shape)
    for offset in range(filters.kernel[axis]):
        taken, seen = filters.touched(axis, offset, m.shape[axis], steps)
        at(sums, axis, taken).add_(at(m, axis, seen))
    return sums


def at(x: torch.Tensor, axis: int, places: slice) -> torch.Tensor:
    """The view of x (h, w, n, h, w, m) at some places of an axis of both images."""
    column = (slice(None),) * axis + (places,) + (slice(None),) * 2 + (places,)
    return x[column]


def by_position(x: torch.Tensor) -> torch.Tensor:
    """Images (n, c, h, w) as (h, w, n, c), in this order in memory."""
    return x.permute(2, 3, 0, 1).contiguous()


def inner(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """⟨left, right⟩ over channels for (h, w, n, c) and (h, w, m, c): (h, w, n, h, w, m)."""
    return product(left.flatten(0, 2), right.flatten(0, 2)).view(*left.shape[:3], *right.shape[:3])


def block_size(a: torch.Tensor, d: torch.Tensor) -> int:
    """How many samples' positions fit a matrix of CACHE bytes twice."""
    positions = max(a[0, 0].numel(), d[0, 0].numel())
    return max(1, int((CACHE / a.element_size()) ** 0.5) // positions)
