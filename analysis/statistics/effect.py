"""How large a paired difference is in units of its own spread: d_z = mean / standard deviation, with its interval.

The interval inverts the noncentral t distribution (Steiger & Fouladi 1997; Cumming & Finch 2001).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

LARGE = 300.0  # a t-statistic beyond which the noise of the mean is lost beside that of the standard deviation


def effect_interval(t: ArrayLike, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the 95 % interval of d_z, each (m,), from t-statistics (m,) of n ≥ 2 differences each.

    The ends are the effects under which a t so large, or so small, has probability 0.025; NaN where t is NaN.
    """
    signed = np.asarray(t, dtype=np.float64)  # (m,)
    size = np.abs(signed)
    near, far = (_noncentrality(size, n - 1, tail) / math.sqrt(n) for tail in (0.975, 0.025))  # (m,), (m,)
    below = signed < 0
    return np.where(below, -far, near), np.where(below, -near, far)


def _noncentrality(size: NDArray[np.float64], degrees: int, tail: float) -> NDArray[np.float64]:
    """The noncentrality under which a t of at most `size` has probability `tail`."""
    found = np.full(size.shape, math.nan)
    found[size <= LARGE] = special.nctdtrinc(degrees, tail, size[size <= LARGE])
    spread = math.sqrt(special.chdtri(degrees, tail) / degrees)  # of the standard deviation, relative
    found[size > LARGE] = size[size > LARGE] * spread
    return found
