"""What an arm cost: seconds per cycle, and memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Seconds:
    """Seconds per cycle over the cycles and seeds that were measured, `n` of them; NaN where n = 0.

    Both averages are told: the mean is what a whole sweep costs, the median is what a usual cycle takes; one far above
    the other means that few cycles took long, such as a first one that compiles.
    """

    median: float
    mean: float
    n: int


@dataclass(frozen=True)
class Costs:
    """Cycle 0's query draws the initial set and is left out; memory is the largest of any cycle, in MiB."""

    query: Seconds
    fit: Seconds
    peak_mib: float


def costs(rows: pd.DataFrame) -> Costs:
    """The costs of one arm's rows; rows that were filled in for failed runs have none and do not count."""
    queries = rows.loc[rows["cycle"] > 0, "query_seconds"]
    peak = rows["peak_mib"].to_numpy(dtype=np.float64)  # (rows,)
    peak = peak[~np.isnan(peak)]
    return Costs(_seconds(queries), _seconds(rows["fit_seconds"]), float(peak.max()) if len(peak) else np.nan)


def _seconds(column: pd.Series[float]) -> Seconds:
    values = column.to_numpy(dtype=np.float64)  # (rows,)
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return Seconds(np.nan, np.nan, 0)
    return Seconds(float(np.median(values)), float(values.mean()), len(values))
