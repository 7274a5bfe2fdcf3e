"""What a number of seeds can show: the power of the two-sided paired t-test, by the noncentral t (Cohen 1988, ch. 2).

`effect` is the true mean difference and `deviation` the standard deviation of the differences, in the same unit.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy import special

MOST_SEEDS = 10_000  # beyond that no number of seeds is an answer
CERTAIN = 10  # times the critical value: a noncentrality that is rejected with probability 1 in double precision
STEP = 0.01
NODES = np.arange(-9, 9 + STEP, STEP)  # of a standard normal Z
DENSITY = np.exp(-(NODES**2) / 2) / math.sqrt(2 * math.pi)


def power(effect: float, deviation: float, n: int, alpha: float = 0.05) -> float:
    """The probability that n pairs reject no difference; NaN for n < 2 and where the deviation is not positive."""
    if n < 2 or not deviation > 0:
        return math.nan
    return _rejection(effect / deviation * math.sqrt(n), n, alpha)


def minimum_detectable(deviation: float, n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """The mean difference that n pairs reject with probability `power`, in the deviation's unit.

    NaN for n < 2 and where the deviation is not positive. Raises ValueError unless alpha < power < 1.
    """
    if not alpha < power < 1:
        raise ValueError(f"wanted a power between alpha = {alpha} and 1; got {power}")
    if n < 2 or not deviation > 0:
        return math.nan
    return deviation * _detectable(n, power, alpha)


def seeds_needed(effect: float, deviation: float, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """The fewest pairs that reject a mean difference of `effect` with probability `power`.

    None where the effect is 0, the deviation not positive, or more than MOST_SEEDS would be needed.
    """
    if not deviation > 0 or not _enough(effect / deviation, MOST_SEEDS, power, alpha):
        return None
    few, enough = 1, MOST_SEEDS
    while enough - few > 1:  # power grows with n
        middle = (few + enough) // 2
        few, enough = (few, middle) if _enough(effect / deviation, middle, power, alpha) else (middle, enough)
    return enough


def _enough(standardised: float, n: int, power: float, alpha: float) -> bool:
    return _rejection(standardised * math.sqrt(n), n, alpha) >= power


def _rejection(noncentrality: float, n: int, alpha: float) -> float:
    """P(|T| > critical value), T being (Z + noncentrality) / S with S² a mean of n − 1 squared normals.

    E[P(S < |Z + noncentrality| / critical value)], over Z by the trapezoid rule, good to 1e-6: scipy's noncentral
    t has NaN in its far tails.
    """
    degrees = n - 1
    critical = float(special.stdtrit(degrees, 1 - alpha / 2))
    squared = degrees * ((NODES + noncentrality) / critical) ** 2  # (nodes,)
    return float((STEP * DENSITY * special.chdtr(degrees, squared)).sum())


@cache
def _detectable(n: int, power: float, alpha: float) -> float:
    """The smallest standardised effect that n pairs detect."""
    from scipy import optimize

    largest = CERTAIN * (float(special.stdtrit(n - 1, 1 - alpha / 2)) + 1)
    found = optimize.brentq(lambda noncentrality: _rejection(noncentrality, n, alpha) - power, 0, largest)
    return float(found) / math.sqrt(n)
