"""Subsets of a pool: class-balanced ones, and long tails (Cui et al., CVPR 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from bench.errors import DataError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class LongTail:
    """Classes of unequal size: the largest has `ratio` times the images of the smallest.

    `profile`: exponential falls evenly on a log scale from class to class; step leaves half of the classes whole and
    cuts the others to the smallest size. Which class comes where in the order is drawn.
    """

    ratio: Annotated[float, Field(gt=1)]
    profile: Literal["exponential", "step"] = "exponential"


def kept(y: np.ndarray, classes: int, limit: int | None, imbalance: LongTail | None, seed: int) -> np.ndarray:
    """The positions (m,) in labels y (n,) that a limit and then an imbalance leave, in ascending order.

    Raises DataError where the limit is larger than the pool.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(y))
    order = rng.permutation(classes)  # the class at place i of the long tail; ties of the limit go to earlier ones
    place = np.empty(classes, dtype=np.int64)
    place[order] = np.arange(classes)
    ranks = _ranks(y, shuffled, classes)
    keep = np.arange(len(y))
    if limit is not None:
        check_limit(limit, len(y))
        keep = np.lexsort((place[y], ranks))[:limit]  # one of each class, then a second one, until there are enough
    if imbalance is not None:
        quota = quotas(np.bincount(y[keep], minlength=classes)[order], imbalance)
        keep = keep[ranks[keep] < quota[place[y[keep]]]]
    return np.sort(keep)


def check_limit(limit: int | None, pool: int) -> None:
    """Raise DataError where more is to be kept than a pool of that size has."""
    if limit is not None and limit > pool:
        raise DataError(f"limit: wanted at most the {pool} inputs of the pool; got {limit}")


def quotas(available: np.ndarray, tail: LongTail) -> np.ndarray:
    """How many each class may keep (k,), given how many it has (k,) in the order of the tail; at least one of each."""
    import numpy as np

    k = len(available)
    at = np.arange(k) / max(1, k - 1) if tail.profile == "exponential" else (np.arange(k) >= (k + 1) // 2)
    wanted = available.max() * tail.ratio ** -at.astype(np.float64)
    return np.minimum(np.maximum(1, np.round(wanted)), available).astype(np.int64)


def _ranks(y: np.ndarray, shuffled: np.ndarray, classes: int) -> np.ndarray:
    """The place of each sample (n,) among those of its class, in shuffled order."""
    import numpy as np

    ranks = np.empty(len(y), dtype=np.int64)
    for c in range(classes):
        members = shuffled[y[shuffled] == c]
        ranks[members] = np.arange(len(members))
    return ranks
