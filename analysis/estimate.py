"""A mean with its 95 % interval (Student 1908); the unit of replication is the seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

ROUNDING = 1e-12  # differences that spread less than this are equal but for the arithmetic


@dataclass(frozen=True)
class Estimate:
    """A mean over n seeds and the ends of its 95 % interval; ends are NaN for n = 1, and the mean too for n = 0."""

    mean: float
    low: float
    high: float
    n: int


def estimate(values: ArrayLike) -> Estimate:
    """Mean ± t(0.975, n − 1) · s / √n of values (n,), with s of ddof = 1."""
    x = np.asarray(values, dtype=np.float64)  # (n,)
    if len(x) == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    mean = float(x.mean())
    if len(x) == 1:
        return Estimate(mean, math.nan, math.nan, 1)
    half = _quantile(len(x) - 1) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return Estimate(mean, mean - half, mean + half, len(x))


@cache
def _quantile(degrees: int) -> float:
    return float(special.stdtrit(degrees, 0.975))
