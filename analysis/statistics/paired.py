"""Two methods on the same seeds: paired t (Student 1908), exact signed ranks (Wilcoxon 1945), wins, ties and losses.

Every function takes the differences (n,) of one number per seed, ours minus theirs. NaN in, NaN out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.estimate import ROUNDING, Estimate, estimate
from analysis.statistics.effect import effect_interval
from analysis.statistics.tied import tied_ranks

DECIMALS = round(-math.log10(ROUNDING))  # what is left of a difference once the noise of the arithmetic is cut off


@dataclass(frozen=True)
class PairedTest:
    """The two-sided paired t-test of n differences, their mean with its 95 % interval and d_z = mean / deviation.

    `deviation` is of ddof = 1; `effect_low` and `effect_high` are the 95 % interval of `effect`, which is d_z. From
    fewer than two differences, or from equal ones, t, p and the effect are NaN.
    """

    n: int
    difference: Estimate
    deviation: float
    t: float
    degrees: int
    p: float
    effect: float
    effect_low: float
    effect_high: float


@dataclass(frozen=True)
class SignedRank:
    """The exact two-sided signed-rank test of n differences, of which `zeros` are 0.

    `statistic` is the smaller of the two rank sums; `least_p` is the smallest p that so many nonzero differences
    allow, 0.0625 for five. Without a nonzero difference p is NaN.
    """

    n: int
    zeros: int
    statistic: float
    p: float
    least_p: float
    method: str


@dataclass(frozen=True)
class WinTieLoss:
    """On how many seeds ours was better, as good, and worse; a NaN is none of the three."""

    wins: int
    ties: int
    losses: int


def paired_t_test(differences: ArrayLike) -> PairedTest:
    """The paired t-test of differences (n,) against 0."""
    return paired_t_tests(np.asarray(differences, dtype=np.float64)[None])[0]


def paired_t_tests(differences: ArrayLike) -> list[PairedTest]:
    """The paired t-test of every row of differences (m, n), all rows at once."""
    d = np.asarray(differences, dtype=np.float64)  # (m, n)
    n = d.shape[1]
    if n < 2:
        nothing = (math.nan, math.nan, 0, math.nan, math.nan, math.nan, math.nan)
        return [PairedTest(n, estimate(row), *nothing) for row in d]
    t = t_statistic(d)  # (m,)
    columns = (
        *_mean_and_deviation(d),
        t,
        2 * special.stdtr(n - 1, -np.abs(t)),
        t / math.sqrt(n),
        *effect_interval(t, n),
    )
    return [_paired_test(n, *row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def t_statistic(differences: ArrayLike) -> NDArray[np.float64]:
    """√n · mean / deviation over the last axis of differences (..., n); NaN where n < 2 or all are equal."""
    d = np.asarray(differences, dtype=np.float64)  # (..., n)
    t = np.full(d.shape[:-1], math.nan)
    if d.shape[-1] < 2 or d.size == 0:
        return t
    mean, deviation = _mean_and_deviation(d)
    return np.divide(math.sqrt(d.shape[-1]) * mean, deviation, out=t, where=np.ptp(d, axis=-1) > ROUNDING)


def signed_rank(differences: ArrayLike) -> SignedRank:
    """Wilcoxon's test of differences (n,), exact with ties and zeros: every sign of the nonzero ones is flipped.

    Ranks are of |d| with ties averaged; the ranks of zeros are split between the two sums (Demšar 2006, section
    3.1.3). Differences are rounded to 12 decimals first, so that equal ones tie.
    """
    d = np.round(np.asarray(differences, dtype=np.float64), DECIMALS)  # (n,)
    zeros = int(np.sum(d == 0))
    method = "exact, all sign flips; zeros' ranks split"
    if zeros == len(d) or np.isnan(d).any():
        return SignedRank(len(d), zeros, math.nan, math.nan, math.nan, method)
    doubled = np.rint(2 * tied_ranks(np.abs(d))).astype(np.int64)  # (n,) ranks are multiples of one half
    smaller = int(min(doubled[d > 0].sum(), doubled[d < 0].sum()))
    p = min(1.0, 2 * float(_rank_sums(tuple(sorted(doubled[d != 0].tolist())))[: smaller + 1].sum()))
    statistic = (smaller + doubled[d == 0].sum() / 2) / 2
    return SignedRank(len(d), zeros, float(statistic), p, least_p(len(d) - zeros), method)


def least_p(n: int) -> float:
    """The smallest two-sided p of the exact signed-rank test of n nonzero differences: 2 / 2ⁿ, 1 for n = 1."""
    return 2.0 ** (1 - n) if n > 0 else math.nan


def win_tie_loss(differences: ArrayLike, margin: float = 0.0) -> WinTieLoss:
    """How many of differences (n,) exceed the margin, lie within it, and fall below its negative."""
    d = np.asarray(differences, dtype=np.float64)  # (n,)
    width = margin + ROUNDING
    return WinTieLoss(int(np.sum(d > width)), int(np.sum(np.abs(d) <= width)), int(np.sum(d < -width)))


def _paired_test(n: int, mean: float, deviation: float, *tested: float) -> PairedTest:
    half = float(special.stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n)
    t, p, *effect = tested
    return PairedTest(n, Estimate(mean, mean - half, mean + half, n), deviation, t, n - 1, p, *effect)


def _mean_and_deviation(d: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return d.mean(axis=-1), d.std(axis=-1, ddof=1)  # (...,), (...,)


@lru_cache(maxsize=256)
def _rank_sums(doubled: tuple[int, ...]) -> NDArray[np.float64]:
    """The probability of every sum of doubled ranks, each counted or not by a fair coin: (sum of all + 1,)."""
    chance = np.zeros(sum(doubled) + 1)
    chance[0] = 1.0
    for rank in doubled:
        chance[rank:] += chance[:-rank]  # counts of subsets, halved below so that they stay in range
        chance /= 2
    return chance
