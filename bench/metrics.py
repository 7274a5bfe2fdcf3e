"""Scores of class probabilities against true labels; p is (n, k), y is (n,)."""

from __future__ import annotations

import torch
from torch.nn.functional import one_hot

SMALLEST = 1e-12
BINS = 15


def class_accuracy(predicted: torch.Tensor, y: torch.Tensor, classes: int) -> torch.Tensor:
    """The accuracy within each true class (k,); NaN for a class that y does not hold."""
    of_class = one_hot(y, classes).to(torch.float64)  # (n, k)
    right = (predicted == y).to(torch.float64)  # (n,)
    return (right @ of_class) / of_class.sum(dim=0)


def negative_log_likelihood(p: torch.Tensor, y: torch.Tensor) -> float:
    """Mean −log p of the true class, in nats; probabilities are floored at 1e-12, as the simplex has exact zeros."""
    return float(-p.gather(1, y[:, None]).clamp_min(SMALLEST).log().mean())


def brier(p: torch.Tensor, y: torch.Tensor) -> float:
    """Mean squared distance of p to the one-hot label, in [0, 2] (Brier 1950)."""
    return float((p - one_hot(y, p.shape[1])).square().sum(dim=1).mean())


def calibration_error(p: torch.Tensor, y: torch.Tensor) -> float:
    """Expected calibration error over 15 equal bins of the largest probability (Guo et al., ICML 2017)."""
    confidence, predicted = p.max(dim=1)  # (n,)
    gap = (predicted == y).to(p.dtype) - confidence  # (n,)
    bins = (confidence * BINS).long().clamp_max(BINS - 1)  # (n,)
    return float(torch.zeros(BINS, dtype=p.dtype, device=p.device).index_add_(0, bins, gap).abs().sum() / len(y))
