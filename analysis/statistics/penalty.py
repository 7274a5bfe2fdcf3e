"""The pairwise penalty matrix of BADGE (Ash et al. 2020, section 5, "Pairwise comparisons").

Where the paper's wording leaves room: its critical value 2.776 for five runs is the two-sided 5 % point of t with four
degrees of freedom, so alpha is 0.05 and other numbers of runs take their own; equal differences, whose t is 0/0 or
infinite, beat nobody; the average of a column is over all methods, the method itself and its 0 included.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.statistics.paired import t_statistic


@dataclass(frozen=True, eq=False)
class PenaltyMatrix:
    """`counts[i, j]`: in how many settings method i beats method j, each setting's label counts sharing one point.

    counts (k, k); `totals` (k,) are the averages of its columns, the overall penalty of each method: smaller is
    better. `left_out` are the methods that some setting lacks, which would make totals incomparable.
    """

    names: tuple[str, ...]
    counts: NDArray[np.float64]
    totals: NDArray[np.float64]
    settings: tuple[str, ...]
    left_out: tuple[str, ...]


def penalty_matrix(settings: Mapping[str, Mapping[str, ArrayLike]], alpha: float = 0.05) -> PenaltyMatrix:
    """Compare all methods in every setting (dataset, network, batch size) at each of its label counts.

    A setting maps each method to its scores, larger = better, (seeds, label counts) or (seeds,), with the same seeds
    in the same order for all. i beats j at a label count where the two-sided paired t-test over seeds says so at
    level alpha, unadjusted; that adds 1 / (number of label counts) to counts[i, j].
    """
    every = tuple(dict.fromkeys(name for scores in settings.values() for name in scores))
    names = tuple(name for name in every if all(name in scores for scores in settings.values()))
    counts = np.zeros((len(names), len(names)))
    for scores in settings.values():
        counts += _beaten([scores[name] for name in names], alpha)
    totals = counts.mean(axis=0) if names else np.empty(0)  # (k,)
    return PenaltyMatrix(names, counts, totals, tuple(settings), tuple(name for name in every if name not in names))


def doubling(labels: ArrayLike, until: float = math.inf) -> list[int]:
    """The positions in labels (c,) of the counts that the paper compares: M0 + 2^(m − 1) B for m = 1, 2, …

    M0 is the first count and B the first batch. The paper goes on to m = ⌊log2((until − M0) / B)⌋, `until` being
    where Random's accuracy has reached 99 % of its final one (saturation); counts that labels lacks are passed over.
    """
    counts = np.asarray(labels, dtype=np.float64)  # (c,)
    steps = (counts[1:] - counts[0]) / (counts[1:2] - counts[0])  # (c − 1,) in batches
    halves = np.log2(steps)
    chosen = (halves == np.round(halves)) & (2 * (counts[1:] - counts[0]) <= until - counts[0])
    return [int(position) + 1 for position in np.flatnonzero(chosen)]


def saturation(labels: ArrayLike, accuracy: ArrayLike, share: float = 0.99) -> float:
    """The first of labels (c,) at which a mean curve (c,) has reached this share of its final accuracy."""
    counts, curve = np.asarray(labels, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)  # (c,), (c,)
    return float(counts[np.argmax(curve >= share * curve[-1])])


def _beaten(scores: list[ArrayLike], alpha: float) -> NDArray[np.float64]:
    """The share of label counts at which the row's method beats the column's: (k, k)."""
    given = [np.asarray(each, dtype=np.float64) for each in scores]
    values = np.array([each.reshape(len(each), -1) for each in given])  # (k, seeds, c)
    k, seeds, c = values.shape if given else (0, 0, 0)
    if c == 0:
        return np.zeros((k, k))
    t = t_statistic((values[:, None] - values[None, :]).swapaxes(2, 3))  # (k, k, c)
    return np.asarray((t > special.stdtrit(seeds - 1, 1 - alpha / 2)).mean(axis=2))
