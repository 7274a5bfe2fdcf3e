"""How much of the spread over seeds each random stream causes (Ji et al. 2023, "Randomness is the root of all evil").

Where only some streams follow the seed and the others stay as with seed 0, the variance over seeds is theirs alone:
their first-order effect at one value of the others, not averaged over those.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from analysis.estimate import ROUNDING

ALL = "all"


@dataclass(frozen=True)
class StreamVariance:
    """The variance (ddof = 1) of n values while `streams` follow the seed, and its 95 % interval.

    `share` is of the variance with all streams; NaN where that is not known or zero.
    """

    streams: str
    n: int
    variance: float
    low: float
    high: float
    share: float


@dataclass(frozen=True)
class VarianceSplit:
    """Every choice of streams, and what is left of the whole variance when the single ones are taken from it.

    `rest` is the variance with all streams minus the sum of the others: the streams that were not varied on their own,
    and interactions. It may be negative, by chance or where streams that overlap were varied. NaN without "all".
    """

    parts: tuple[StreamVariance, ...]
    rest: float
    rest_share: float


def split(values: Mapping[str, ArrayLike]) -> VarianceSplit:
    """Split the variance of values {streams: (n,)}; the key "all" is the run of every stream.

    Intervals are by chi-square with n − 1 degrees, which takes the values as normal.
    """
    variances = {streams: _variance(of) for streams, of in values.items()}
    whole = variances.get(ALL, math.nan)
    parts = tuple(_part(streams, np.size(of), variances[streams], whole) for streams, of in values.items())
    rest = whole - sum(variance for streams, variance in variances.items() if streams != ALL)
    return VarianceSplit(parts, rest, _share(rest, whole))


def _part(streams: str, n: int, variance: float, whole: float) -> StreamVariance:
    low, high = _interval(variance, n)
    return StreamVariance(streams, n, variance, low, high, _share(variance, whole))


def _variance(values: ArrayLike) -> float:
    x = np.asarray(values, dtype=np.float64)  # (n,)
    if len(x) < 2:
        return math.nan
    return 0.0 if float(np.ptp(x)) <= ROUNDING else float(x.var(ddof=1))


def _interval(variance: float, n: int) -> tuple[float, float]:
    """(n − 1) s² / χ² at both quantiles; NaN below two values."""
    if n < 2:
        return math.nan, math.nan
    upper, lower = special.chdtri(n - 1, [0.025, 0.975])
    return (n - 1) * variance / float(upper), (n - 1) * variance / float(lower)


def _share(variance: float, whole: float) -> float:
    return variance / whole if whole > 0 else math.nan
