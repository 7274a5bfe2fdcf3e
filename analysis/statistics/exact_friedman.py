"""The exact p-value of Friedman's test where blocks are so few that χ² is a poor guess at it."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEW = 10  # blocks from which on χ² is near enough
METHODS, WORK = 8, 1_000_000  # methods and arrangements beyond which it would take long


def exact_friedman(ranked: ArrayLike) -> float:
    """The chance of rank sums at least as unequal as those of ranks (blocks, methods), ties averaged.

    Where methods do not differ, all orders of a block's ranks are equally likely, whatever the other blocks have
    (Friedman 1937). NaN for FEW blocks or more, below two blocks or methods, and where it would take long.
    """
    doubled = np.rint(2 * np.asarray(ranked, dtype=np.float64)).astype(np.int64)  # (b, k) ties have halves
    b, k = doubled.shape
    if not (2 <= b < FEW and 2 <= k <= METHODS):
        return math.nan
    sums, chances = np.sort(doubled[:1], axis=1), np.ones(1)  # (s, k), (s,) which method is which does not matter
    for block in doubled[1:]:
        orders = np.unique(np.array(list(permutations(block.tolist()))), axis=0)  # (o, k)
        if len(sums) * len(orders) > WORK:
            return math.nan
        sums, chances = _merged(sums[:, None] + orders, np.repeat(chances / len(orders), len(orders)), 2 * k * b + 1)
    unequal = (sums**2).sum(axis=1) >= (doubled.sum(axis=0) ** 2).sum()  # (s,)
    return min(float(chances[unequal].sum()), 1.0)


def _merged(
    sums: NDArray[np.int64], chances: NDArray[np.float64], base: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Sums (s, o, k) below `base` in ascending order, each once, with the chances (s · o,) of those that are equal."""
    ordered = np.sort(sums.reshape(-1, sums.shape[-1]), axis=1)  # (s · o, k)
    keys = ordered @ base ** np.arange(ordered.shape[1])  # (s · o,) a number for each row
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return ordered[first], np.asarray(np.bincount(which, weights=chances), dtype=np.float64)
