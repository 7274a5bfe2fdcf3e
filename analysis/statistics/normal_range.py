"""The range of k independent standard normals: the studentised range with infinitely many degrees of freedom.

P(R ≤ q) = k ∫ φ(z) (Φ(z) − Φ(z − q))^(k − 1) dz, by the trapezoid rule, which is exact to rounding for such integrands.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

STEP = 0.05
NODES = np.arange(-9, 9 + STEP, STEP)
DENSITY = np.exp(-(NODES**2) / 2) / math.sqrt(2 * math.pi)


def range_tail(q: ArrayLike, k: int) -> NDArray[np.float64]:
    """The probability, of the shape of q, that the range of k standard normals exceeds q; good to about 1e-14."""
    width = np.asarray(q, dtype=np.float64)[..., None]  # (..., 1)
    between = special.ndtr(NODES) - special.ndtr(NODES - width)  # (..., nodes)
    within = k * STEP * (DENSITY * between ** (k - 1)).sum(axis=-1)  # (...,)
    return np.clip(1 - within, 0.0, 1.0)


@cache
def range_quantile(alpha: float, k: int) -> float:
    """The range that k standard normals exceed with probability alpha."""
    from scipy import optimize

    return float(optimize.brentq(lambda q: float(range_tail(q, k)) - alpha, 0.0, 20.0, xtol=1e-12))
