"""Estimates per cycle as the rows of a figure's table; accuracies in percent, differences in percentage points."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.comparison import Comparison
from analysis.drawing.subject import NothingToDraw
from analysis.estimate import estimate
from analysis.runs import Floats

COLUMNS = ["cycle", "labelled", "mean", "low", "high", "n", "failed"]


def per_cycle(part: Comparison, arm: str, values: Floats, **keys: str) -> pd.DataFrame:
    """Mean and 95 % interval of an arm's fractions (s, c) over the seeds that have each cycle, in percent.

    A row per cycle: `failed` of its `n` seeds are those of runs that had failed by then, scored as chance. `keys` are
    columns after the label that are the same in every row.
    """
    labelled, imputed = part.runs.labelled, part.runs.imputed[part.runs.arms.index(arm)]  # (c,), (s, c)
    rows = []
    for cycle, (column, chance) in enumerate(zip(values.T, imputed.T, strict=True)):
        there = ~np.isnan(column)
        found = estimate(100 * column[there])
        if found.n > 0:
            over = found.mean, found.low, found.high, found.n, int(chance[there].sum())
            rows.append((arm, *keys.values(), cycle, int(labelled[cycle]), *over))
    return pd.DataFrame(rows, columns=["label", *keys, *COLUMNS])


def curves(part: Comparison, **keys: str) -> dict[str, pd.DataFrame]:
    """The mean accuracy per cycle in % of every arm of a group, by its label."""
    named = zip(part.runs.arms, part.runs.accuracy, strict=True)  # (s, c) each
    return {arm: per_cycle(part, arm, accuracy, **keys) for arm, accuracy in named}


def stacked(tables: Iterable[pd.DataFrame], absent: str) -> pd.DataFrame:
    """The tables one below the other. Raises NothingToDraw, saying what is absent, where none has a row."""
    filled = [table for table in tables if not table.empty]
    if not filled:
        raise NothingToDraw(absent)
    return pd.concat(filled, ignore_index=True)
