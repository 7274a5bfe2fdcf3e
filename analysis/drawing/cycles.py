"""Estimates per cycle as the rows of a figure's table; accuracies in percent, differences in percentage points."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.comparison import Comparison
from analysis.drawing.subject import NothingToDraw
from analysis.estimate import estimate
from analysis.runs import Floats

COLUMNS = ["cycle", "labelled", "mean", "low", "high", "n"]


def per_cycle(labelled: Floats, values: Floats, **keys: str) -> pd.DataFrame:
    """Mean and 95 % interval of fractions (s, c) over the seeds that have each cycle, in percent: a row per cycle.

    `keys` are columns before all others that are the same in every row.
    """
    rows = []
    for cycle, column in enumerate(values.T):
        found = estimate(100 * column[~np.isnan(column)])
        if found.n > 0:
            rows.append((*keys.values(), cycle, int(labelled[cycle]), found.mean, found.low, found.high, found.n))
    return pd.DataFrame(rows, columns=[*keys, *COLUMNS])


def curves(part: Comparison, **keys: str) -> dict[str, pd.DataFrame]:
    """The mean accuracy per cycle in % of every arm of a group, by its label."""
    runs = part.runs
    named = zip(runs.arms, runs.accuracy, strict=True)  # (s, c) each
    return {arm: per_cycle(runs.labelled, accuracy, label=arm, **keys) for arm, accuracy in named}


def stacked(tables: Iterable[pd.DataFrame], absent: str) -> pd.DataFrame:
    """The tables one below the other. Raises NothingToDraw, saying what is absent, where none has a row."""
    filled = [table for table in tables if not table.empty]
    if not filled:
        raise NothingToDraw(absent)
    return pd.concat(filled, ignore_index=True)
