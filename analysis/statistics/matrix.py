"""Every pair of methods by the paired t-test, raw and adjusted by Holm: the p-value matrix of the paper's Table 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.families import holm
from analysis.statistics.paired import PairedTest, paired_t_tests


@dataclass(frozen=True, eq=False)
class PairMatrix:
    """The paired t-tests of all pairs of k methods.

    `tests` has the pair (a, b) where a stands before b in `names`: a minus b. `raw` and `adjusted` are symmetric
    (k, k) with NaN on the diagonal and where a test is undefined; Holm's family is the k(k − 1)/2 pairs.
    """

    names: tuple[str, ...]
    tests: dict[tuple[str, str], PairedTest]
    raw: NDArray[np.float64]
    adjusted: NDArray[np.float64]


def paired_matrix(values: Mapping[str, ArrayLike]) -> PairMatrix:
    """Test all pairs of methods, each given by its values (n,) on the same n blocks in the same order."""
    names = tuple(values)
    if not names:
        return PairMatrix((), {}, np.empty((0, 0)), np.empty((0, 0)))
    table = np.array([np.asarray(values[name], dtype=np.float64) for name in names])  # (k, n)
    ours, theirs = np.triu_indices(len(names), k=1)  # (pairs,), (pairs,)
    tests = paired_t_tests(table[ours] - table[theirs])
    p = np.array([test.p for test in tests])  # (pairs,)
    pairs = [(names[i], names[j]) for i, j in zip(ours.tolist(), theirs.tolist(), strict=True)]
    return PairMatrix(names, dict(zip(pairs, tests, strict=True)), symmetric(p), symmetric(holm(p)))


def symmetric(p: ArrayLike) -> NDArray[np.float64]:
    """The matrix (k, k) of p-values given for the pairs above the diagonal, row by row: (k(k − 1)/2,)."""
    values = np.asarray(p, dtype=np.float64)  # (pairs,)
    k = (1 + math.isqrt(1 + 8 * len(values))) // 2
    matrix = np.full((k, k), math.nan)
    upper = np.triu_indices(k, k=1)
    matrix[upper] = values
    matrix.T[upper] = values
    return matrix
