"""Better by a margin, not worse by more than one, as good within one: paired t-tests with a stated margin.

A large p of an ordinary test shows none of these. Equivalence is by two one-sided tests (Schuirmann 1987).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from analysis.statistics.paired import PairedTest, paired_t_test
from bench.errors import ResultsError


@dataclass(frozen=True)
class MarginTest:
    """A claim about the mean of n paired differences: `kind` is superior, non_inferior or equivalent.

    `low` and `high` are the interval whose place against the margin gives the verdict; it and p agree at the level
    asked for. All three are NaN for fewer than two differences and for equal ones.
    """

    kind: str
    margin: float
    n: int
    p: float
    low: float
    high: float


def superior(differences: ArrayLike, margin: float = 0.0, alpha: float = 0.05) -> MarginTest:
    """Whether the mean of differences (n,) is the margin, tested two-sided.

    Shown where the 1 − alpha interval lies above the margin; the opposite is shown where it lies below.
    """
    test = paired_t_test(np.asarray(differences, dtype=np.float64) - margin)
    return MarginTest("superior", margin, test.n, test.p, *_interval(test, margin, alpha / 2))


def non_inferior(differences: ArrayLike, margin: float, alpha: float = 0.05) -> MarginTest:
    """Whether the mean of differences (n,) exceeds −margin, tested one-sided.

    Shown where the low end of the two-sided 1 − 2 alpha interval lies above −margin. Raises ResultsError for a
    negative margin.
    """
    _check(margin, "non_inferior", allowed=margin >= 0)
    test = paired_t_test(differences)
    return MarginTest("non_inferior", margin, test.n, _above(test, -margin), *_interval(test, 0.0, alpha))


def equivalent(differences: ArrayLike, margin: float, alpha: float = 0.05) -> MarginTest:
    """Whether the mean of differences (n,) lies within ±margin: the larger p of two one-sided tests.

    Shown where the two-sided 1 − 2 alpha interval lies within. Raises ResultsError for a margin that is not positive.
    """
    _check(margin, "equivalent", allowed=margin > 0)
    test = paired_t_test(differences)
    p = max(_above(test, -margin), _below(test, margin))
    return MarginTest("equivalent", margin, test.n, p, *_interval(test, 0.0, alpha))


def _above(test: PairedTest, bound: float) -> float:
    """The one-sided p-value of a mean above `bound`."""
    return float(special.stdtr(test.degrees, -_t_from(test, bound)))


def _below(test: PairedTest, bound: float) -> float:
    """The one-sided p-value of a mean below `bound`."""
    return float(special.stdtr(test.degrees, _t_from(test, bound)))


def _t_from(test: PairedTest, bound: float) -> float:
    return math.nan if math.isnan(test.t) else (test.difference.mean - bound) / _error(test)


def _interval(test: PairedTest, shift: float, tail: float) -> tuple[float, float]:
    if math.isnan(test.t):
        return math.nan, math.nan
    half = float(special.stdtrit(test.degrees, 1 - tail)) * _error(test)
    mean = test.difference.mean + shift
    return mean - half, mean + half


def _error(test: PairedTest) -> float:
    return test.deviation / math.sqrt(test.n)


def _check(margin: float, kind: str, allowed: bool) -> None:
    if not allowed:
        wanted = "a positive margin" if kind == "equivalent" else "a margin of 0 or more"
        raise ResultsError(f"{kind}: wanted {wanted}; got {margin}. State by how much the two may differ")
