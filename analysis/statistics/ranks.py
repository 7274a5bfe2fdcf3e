"""Several methods on several blocks by their ranks: Friedman's test and what follows it (Demšar 2006, section 3.2).

A block is a seed or a dataset, a row of scores (blocks, methods) of which larger is better. NaN in, NaN out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.statistics.exact_friedman import exact_friedman
from analysis.statistics.normal_range import range_quantile, range_tail
from analysis.statistics.paired import DECIMALS
from analysis.statistics.tied import tied_ranks


@dataclass(frozen=True)
class Friedman:
    """Friedman's test of no difference between methods; `degrees` are those of Iman and Davenport's F.

    `statistic` is χ² corrected for ties and `uncorrected` is not; both have degrees[0] degrees of freedom.
    `iman_davenport` is computed from the uncorrected one, as Demšar 2006 and García & Herrera 2008 do. Its p is NaN
    where every block ranks alike, since F is infinite there; every p is NaN below two blocks or two methods. `exact_p`
    is that of `statistic` over all orders of ranks, NaN where blocks are many or it would take long.
    """

    blocks: int
    methods: int
    average_ranks: tuple[float, ...]
    statistic: float
    p: float
    exact_p: float
    uncorrected: float
    uncorrected_p: float
    iman_davenport: float
    iman_davenport_p: float
    degrees: tuple[int, int]


@dataclass(frozen=True, eq=False)
class AgainstControl:
    """Every method against one control: z (methods,) > 0 where it ranks better, two-sided p (methods,).

    Both are NaN for the control itself.
    """

    z: NDArray[np.float64]
    p: NDArray[np.float64]


def ranks(scores: ArrayLike) -> NDArray[np.float64]:
    """The ranks (blocks, methods) within every block of scores (blocks, methods): 1 is the largest, ties averaged.

    Scores that agree to 12 decimals tie.
    """
    table = np.round(np.asarray(scores, dtype=np.float64), DECIMALS)  # (blocks, methods)
    return tied_ranks(-table)  # (blocks, methods)


def friedman(scores: ArrayLike) -> Friedman:
    """Friedman's test (Friedman 1937) of scores (blocks, methods), and the F of Iman and Davenport (1980)."""
    ranked = ranks(scores)  # (blocks, methods)
    blocks, methods = ranked.shape
    average = _average(ranked)  # (methods,)
    uncorrected = _chi_square(average, blocks)
    statistic = uncorrected / _untied(ranked) if _untied(ranked) > 0 else math.nan
    degrees = (methods - 1, (methods - 1) * (blocks - 1))
    f = _iman_davenport(uncorrected, blocks, methods)
    return Friedman(
        blocks=blocks,
        methods=methods,
        average_ranks=tuple(average.tolist()),
        statistic=statistic,
        p=_chi_square_tail(statistic, degrees[0]),
        exact_p=exact_friedman(ranked) if not math.isnan(statistic) else math.nan,
        uncorrected=uncorrected,
        uncorrected_p=_chi_square_tail(uncorrected, degrees[0]),
        iman_davenport=f,
        iman_davenport_p=float(special.fdtrc(*degrees, f)) if math.isfinite(f) else math.nan,
        degrees=degrees,
    )


def critical_difference(methods: int, blocks: int, alpha: float = 0.05) -> float:
    """Nemenyi's critical difference of average ranks: any two that differ by so much are told apart (section 3.2.2)."""
    return range_quantile(alpha, max(methods, 2)) / math.sqrt(2) * rank_error(methods, blocks)


def bonferroni_dunn(methods: int, blocks: int, alpha: float = 0.05) -> float:
    """The critical difference of average ranks from one control, by Bonferroni and Dunn (section 3.2.2)."""
    tail = alpha / (2 * max(methods - 1, 1))
    return -float(special.ndtri(tail)) * rank_error(methods, blocks)


def rank_error(methods: int, blocks: int) -> float:
    """The standard error of a difference of two average ranks where methods do not differ, √(k(k + 1) / 6N).

    NaN below two blocks or two methods, and so are the critical differences then.
    """
    return math.sqrt(methods * (methods + 1) / (6 * blocks)) if min(methods, blocks) > 1 else math.nan


def nemenyi(scores: ArrayLike) -> NDArray[np.float64]:
    """Nemenyi's p (methods, methods), adjusted for all pairs by the studentised range; NaN on the diagonal."""
    z = rank_z(scores)  # (methods, methods)
    return _without_diagonal(range_tail(math.sqrt(2) * np.abs(z), len(z)))


def rank_tests(scores: ArrayLike) -> NDArray[np.float64]:
    """The raw two-sided normal p (methods, methods) of all rank differences (García & Herrera 2008, section 2.1).

    NaN on the diagonal; not adjusted for the number of pairs.
    """
    return _without_diagonal(2 * special.ndtr(-np.abs(rank_z(scores))))


def rank_z(scores: ArrayLike) -> NDArray[np.float64]:
    """The standardised differences of average ranks (methods, methods): > 0 where the row's method ranks better."""
    ranked = ranks(scores)  # (blocks, methods)
    average = _average(ranked)  # (methods,)
    return (average[None, :] - average[:, None]) / rank_error(ranked.shape[1], len(ranked))  # (methods, methods)


def against_control(scores: ArrayLike, control: int) -> AgainstControl:
    """Every method against the one in column `control`, p not adjusted (Demšar 2006, section 3.2.2)."""
    z = rank_z(scores)[:, control].copy()  # (methods,)
    z[control] = math.nan
    return AgainstControl(z, 2 * special.ndtr(-np.abs(z)))


def cliques(average_ranks: Sequence[float], difference: float) -> tuple[tuple[int, ...], ...]:
    """The largest groups of methods whose average ranks differ by less than the critical `difference`.

    Each group holds positions into average_ranks, best first; a method that is told apart from all is in none.
    """
    order = np.argsort(average_ranks, kind="stable")  # (methods,)
    ordered = np.asarray(average_ranks, dtype=np.float64)[order]
    ends = [int(np.sum(ordered - first < difference)) for first in ordered]  # methods from the best up to the group's
    starts = [start for start, end in enumerate(ends) if end - start > 1 and end > max([0, *ends[:start]])]
    return tuple(tuple(order[start : ends[start]].tolist()) for start in starts)


def _average(ranked: NDArray[np.float64]) -> NDArray[np.float64]:
    return ranked.mean(axis=0) if len(ranked) else np.full(ranked.shape[1], math.nan)  # (methods,)


def _chi_square(average: NDArray[np.float64], blocks: int) -> float:
    k = len(average)
    if blocks < 2 or k < 2:
        return math.nan
    return float(12 * blocks / (k * (k + 1)) * (np.sum(average**2) - k * (k + 1) ** 2 / 4))


def _untied(ranked: NDArray[np.float64]) -> float:
    """1 without ties, 0 where all is tied: 1 − Σ(t³ − t) / (N (k³ − k)) over runs of t tied ranks."""
    blocks, k = ranked.shape
    tied = (ranked[:, :, None] == ranked[:, None, :]).sum(axis=2)  # (blocks, methods) how many share this rank
    return 1 - float((tied**2 - 1).sum()) / (blocks * (k**3 - k)) if blocks and k > 1 else 0.0


def _iman_davenport(uncorrected: float, blocks: int, methods: int) -> float:
    left = blocks * (methods - 1) - uncorrected
    return math.inf if left < 1e-9 else (blocks - 1) * uncorrected / left


def _chi_square_tail(statistic: float, degrees: int) -> float:
    return float(special.chdtrc(degrees, statistic)) if not math.isnan(statistic) else math.nan


def _without_diagonal(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.eye(len(p), dtype=bool), math.nan, p)  # (methods, methods)
