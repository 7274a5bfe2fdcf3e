"""Adaptive average pooling as two matrix products. torch's own has no deterministic backward pass on CUDA, and workers
ask for deterministic algorithms."""

from __future__ import annotations

import torch
from torch import nn


class AdaptiveAverage(nn.Module):
    """Images (b, c, h, w) as (b, c, height, width), as torch.nn.AdaptiveAvgPool2d."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.size = (height, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = (averages(n, m).to(x) for n, m in zip(x.shape[2:], self.size, strict=True))
        return rows @ x @ columns.T


def averages(n: int, m: int) -> torch.Tensor:
    """The matrix (m, n) whose row i averages the inputs from ⌊i·n/m⌋ up to, but without, ⌈(i+1)·n/m⌉."""
    i = torch.arange(m)[:, None]
    j = torch.arange(n)
    covered = (j >= i * n // m) & (j < -(-(i + 1) * n // m))  # (m, n)
    return covered / covered.sum(dim=1, keepdim=True)
