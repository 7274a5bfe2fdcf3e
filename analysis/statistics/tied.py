"""Ranks in which equal values share the mean of theirs (Kendall 1945)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def tied_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """The ranks (..., n) within the last axis of values (..., n): 1 is the smallest; NaN where any of a row is NaN."""
    x = np.asarray(values, dtype=np.float64)  # (..., n)
    if x.size == 0:
        return np.empty(x.shape)
    order = np.argsort(x, axis=-1, kind="stable")  # (..., n)
    ordered = np.take_along_axis(x, order, axis=-1)  # (..., n)
    change = ordered[..., 1:] != ordered[..., :-1]  # (..., n − 1)
    end = np.ones((*x.shape[:-1], 1), dtype=bool)  # (..., 1)
    place = np.arange(x.shape[-1])  # (n,)
    first = np.maximum.accumulate(np.where(np.concatenate([end, change], axis=-1), place, 0), axis=-1)  # (..., n)
    far = np.where(np.concatenate([change, end], axis=-1), place, x.shape[-1])  # (..., n)
    last = np.minimum.accumulate(far[..., ::-1], axis=-1)[..., ::-1]  # (..., n)
    found = np.empty(x.shape)
    np.put_along_axis(found, order, (first + last) / 2 + 1, axis=-1)
    return np.where(np.isnan(x).any(axis=-1, keepdims=True), np.nan, found)
