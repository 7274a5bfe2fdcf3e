"""Summaries over many runs that few outliers cannot move, with bootstrap intervals (Agarwal et al. 2021, "rliable").

Intervals are the 2.5 % and 97.5 % quantiles over the draws, as in the paper, section 4.1; NaN below two values. Of few
values in a stratum they hold less than 95 %, since draws spread less than what they stand for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from analysis.estimate import ROUNDING, Estimate

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]  # of values (..., n), over the last axis
TAILS = (0.025, 0.975)


def interquartile_mean(values: ArrayLike) -> NDArray[np.float64]:
    """The mean over the last axis of the middle half of values (..., n): ⌊n/4⌋ are cut off at each end."""
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=-1)  # (..., n)
    n = ordered.shape[-1]
    return _mean(ordered[..., n // 4 : n - n // 4])  # (...,)


def stratified_bootstrap(
    strata: Sequence[ArrayLike], statistic: Statistic, draws: int, generator: Generator
) -> Estimate:
    """A statistic of all values pooled, and its interval with every stratum resampled within itself.

    A stratum holds the values (n_s,) of one setting, one per seed. `statistic` maps values (..., n) to (...,), for
    example interquartile_mean. The Estimate's `mean` is the statistic and n the number of values; it has no interval
    where a stratum has one value, whose spread nothing tells.
    """
    values = [np.asarray(stratum, dtype=np.float64) for stratum in strata if np.size(stratum)]
    if not values:
        return Estimate(math.nan, math.nan, math.nan, 0)
    pooled = np.concatenate(values)  # (n,)
    drawn = [stratum[generator.integers(len(stratum), size=(draws, len(stratum)))] for stratum in values]
    found = _with_interval(float(statistic(pooled)), statistic(np.concatenate(drawn, axis=1)), len(pooled))
    return replace(found, low=math.nan, high=math.nan) if any(len(stratum) < 2 for stratum in values) else found


def probability_of_improvement(x: ArrayLike, y: ArrayLike, draws: int, generator: Generator) -> Estimate:
    """P(X > Y) + P(X = Y)/2 for a run X out of x (n,) and a run Y out of y (m,), independently; n is the smaller one.

    Agarwal et al. 2021, section 4.3: the Mann-Whitney U over n · m. x and y are resampled each on its own.
    """
    ours, theirs = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)  # (n,), (m,)
    least = min(len(ours), len(theirs))
    if least == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    won = _won(ours[:, None] - theirs[None, :])  # (n, m)
    shares = [generator.multinomial(size, np.full(size, 1 / size), size=draws) / size for size in won.shape]
    drawn = np.einsum("dn,nm,dm->d", shares[0], won, shares[1], optimize=True)  # (draws,)
    return _with_interval(float(won.mean()), drawn, least)


def paired_probability_of_improvement(differences: ArrayLike, draws: int, generator: Generator) -> Estimate:
    """The share of seeds on which ours is better, ties counting half, from differences (n,) paired by seed.

    Where all seeds agree so do all draws: the interval is then a point, and n says how little that may mean.
    """
    return stratified_bootstrap([_won(np.asarray(differences, dtype=np.float64))], _mean, draws, generator)


def _won(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    cut = np.where(np.abs(differences) <= ROUNDING, 0.0, differences)
    return (np.sign(cut) + 1) / 2


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.mean(axis=-1) if values.shape[-1] else np.full(values.shape[:-1], math.nan)  # (...,)


def _with_interval(value: float, drawn: NDArray[np.float64], n: int) -> Estimate:
    low, high = np.quantile(drawn, TAILS).tolist() if n > 1 else (math.nan, math.nan)
    return Estimate(value, low, high, n)
