"""The matrix products behind the kernel: which library computes them, and sums of them into a symmetric matrix.

For float32 torch.mm is MKL's, which takes its AVX-512 path on Intel's processors alone; elsewhere oneDNN's product is
about twice as fast. The rule asks for the processor, not for the clock, so that one machine always rounds alike.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch

BLOCK = 128
"""Rows of the kernel that are computed at a time, so that little below the diagonal is."""


def add_product(sums: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> None:
    """sums (n, m) += left (n, w) · right (m, w)ᵀ, in place."""
    if by_onednn(left):
        sums.add_(onednn(left, right))
    else:
        sums.addmm_(left, right.T)


def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """left (n, w) · right (m, w)ᵀ: (n, m)."""
    return onednn(left, right) if by_onednn(left) else left @ right.T


def write_products(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> None:
    """out[i] = left[i] · right[i]ᵀ for left (b, m, t), right (b, n, t) and out (b, m, n)."""
    if not by_onednn(left):
        torch.bmm(left, right.mT, out=out)
        return
    for one, other, target in zip(left, right, out, strict=True):
        target.copy_(onednn(one, other))


def add_gram(kernel: torch.Tensor, rows: torch.Tensor) -> None:
    """kernel (n, n) += rows (n, w) · rowsᵀ, on and above the diagonal; what is below it is left undefined."""
    for start in range(0, len(rows), BLOCK):
        stop = start + BLOCK
        add_product(kernel[start:stop, start:], rows[start:stop], rows[start:])


def mirrored(kernel: torch.Tensor) -> torch.Tensor:
    """The symmetric matrix with the diagonal and upper triangle of `kernel`, which is overwritten."""
    kernel.triu_()
    kernel.add_(kernel.triu(1).T)
    return kernel


def by_onednn(x: torch.Tensor) -> bool:
    """Whether products of tensors like x are left to oneDNN."""
    return x.dtype == torch.float32 and x.device.type == "cpu" and onednn_is_faster()


@cache
def onednn_is_faster() -> bool:
    """Whether this machine is one on which oneDNN beats torch.mm: AVX-512 on a processor that is not Intel's."""
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return wide and _vendor() not in ("GenuineIntel", "unknown") and onednn_is_there()


def onednn_is_there() -> bool:
    """Whether this torch has the operator, which is none of its public ones."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def onednn(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """left (n, w) · right (m, w)ᵀ by oneDNN: (n, m), in float32."""
    return torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], "")


def _vendor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":")[1].strip() for line in lines if line.startswith("vendor_id")), "unknown")
