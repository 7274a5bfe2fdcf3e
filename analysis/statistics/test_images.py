"""The difference in accuracy of two methods where both the seeds and the test images are a sample.

More seeds do not average out which images the test set holds. The pigeonhole bootstrap (Owen, Annals of Applied
Statistics 2007) draws seeds and images independently, each with replacement, and counts a pair of seed and image as
often as both were drawn; its variance is that of the two-way random-effects mean, or slightly above. The mean is linear
in both counts, so that the variance over infinitely many draws has a closed form and nothing need be drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.estimate import Estimate


def two_way_bootstrap(correct_ours: ArrayLike, correct_theirs: ArrayLike) -> Estimate:
    """Mean of ours − theirs with its 95 % interval, of 0/1 arrays (seeds, images) paired in both; n is that of seeds.

    The interval is t with s − 1 degrees on the bootstrap's standard deviation times √(s / (s − 1)), hence never
    narrower than the t-interval over seeds alone, as one by quantiles would be for few seeds. From a single seed its
    ends are NaN. Raises ValueError where the shapes differ.
    """
    ours, theirs = np.asarray(correct_ours, dtype=np.float64), np.asarray(correct_theirs, dtype=np.float64)
    if ours.ndim != 2 or ours.shape != theirs.shape:
        raise ValueError(f"wanted two arrays (seeds, images) of one shape; got {ours.shape} and {theirs.shape}")
    difference = ours - theirs  # (s, t)
    if difference.size == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    return _interval(float(difference.mean()), pigeonhole_variance(difference), len(difference))


def pigeonhole_variance(values: ArrayLike) -> float:
    """The variance of the mean of values (s, t) under the pigeonhole bootstrap with infinitely many draws."""
    x = np.asarray(values, dtype=np.float64)  # (s, t)
    return _Sums(x.shape, x.sum(axis=1), float(np.square(x.sum(axis=0)).sum()), float(np.square(x).sum())).variance


def widest_interval(differences: ArrayLike, disagree: ArrayLike) -> Estimate:
    """The widest interval that `two_way_bootstrap` could give, where only predictions are known, not what is right.

    `differences` in accuracy (s,), ours − theirs; `disagree` (s, t) says where the predictions of a pair of runs are
    not the same: only there can one be right and the other wrong.
    """
    d, apart = np.asarray(differences, dtype=np.float64), np.asarray(disagree, dtype=np.float64)  # (s,), (s, t)
    if apart.size == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    sums = _Sums(apart.shape, d * apart.shape[1], float(np.square(apart.sum(axis=0)).sum()), float(apart.sum()))
    return _interval(float(d.mean()), sums.variance, len(d))


@dataclass(frozen=True)
class _Sums:
    """What the bootstrap's variance of values (s, t) depends on: sums over images (s,), and two sums of squares."""

    shape: tuple[int, ...]
    over_images: NDArray[np.float64]  # (s,)
    squares_over_seeds: float  # Σ over images of the square of the sum over seeds
    squares: float

    @property
    def variance(self) -> float:
        """Of Σ w_i v_j x_ij / (s t), where the counts of s draws out of s have E[w_i w_j] = 1 − 1/s + [i = j]."""
        s, t = self.shape
        total, rows = float(self.over_images.sum()) ** 2, float(np.square(self.over_images).sum())
        square = (1 - 1 / s) * (1 - 1 / t) * total + (1 - 1 / t) * rows + (1 - 1 / s) * self.squares_over_seeds
        return max((square + self.squares - total) / (s * t) ** 2, 0.0)


def _interval(mean: float, variance: float, seeds: int) -> Estimate:
    if seeds < 2:
        return Estimate(mean, math.nan, math.nan, seeds)
    half = float(special.stdtrit(seeds - 1, 0.975)) * math.sqrt(variance * seeds / (seeds - 1))
    return Estimate(mean, mean - half, mean + half, seeds)
