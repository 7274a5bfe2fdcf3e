"""Many tests at once: Holm's step-down adjustment (Holm 1979), which bounds the chance of any false claim."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike, size: int = 0) -> NDArray[np.float64]:
    """Holm's adjusted p-values, (m,) for p (m,), in the order given: those at most alpha are rejected.

    NaN stays NaN and does not count towards the family: an undefined test can never be rejected, so it spends none
    of the level that the others share, and whether it is undefined (too few seeds, equal differences) does not depend
    on how the others come out. Where a family was declared before its data, `size` says how many tests it has: those
    still to come are then counted, as they will be in the end.
    """
    given = np.asarray(p, dtype=np.float64)  # (m,)
    adjusted = np.full(given.shape, math.nan)
    defined = np.flatnonzero(~np.isnan(given))
    order = defined[np.argsort(given[defined], kind="stable")]
    left = max(size, len(order)) - np.arange(len(order))  # tests not rejected before this one
    adjusted[order] = np.minimum(np.maximum.accumulate(left * given[order]), 1.0)
    return adjusted
