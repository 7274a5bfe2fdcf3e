"""Areas under learning curves, and what makes two runs a pair.

An arm is given as its rows of the table of analysis.load: one group, one label, a row per (seed, cycle).
Two runs are a pair where they share the seed and the initial labelled set (Ji et al. 2023).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.typing import ArrayLike

from bench.errors import ResultsError

AGREEING = (("initial", "the same initial labelled set"), ("labelled", "as many labels in every cycle"))
UNKNOWN = ""  # the initial set of a run that failed before it drew one, where no run of its seed tells it


def aubc(labelled: ArrayLike, accuracy: ArrayLike) -> float:
    """Area under the budget curve: the trapezoid over labels divided by their range; NaN below two points."""
    return float(aubc_each(labelled, accuracy))


def aubc_zhan2021(accuracy: ArrayLike) -> float:
    """trapz(acc[1:]) / (len(acc) − 1), the convention of the tables of Zhan et al. 2021; NaN below three points.

    The initial model is left out but its step is counted: a constant curve of c points has the area (c − 2)/(c − 1).
    """
    return float(aubc_zhan2021_each(accuracy))


def aubc_each(labelled: ArrayLike, accuracy: ArrayLike) -> npt.NDArray[np.float64]:
    """`aubc` of many curves (..., c) over the same labels (c,): an area for each, NaN where a point is."""
    x, y = np.asarray(labelled, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)  # (c,), (..., c)
    if len(x) < 2:
        return np.full(y.shape[:-1], np.nan)
    return np.asarray(np.trapezoid(y, x) / (x[-1] - x[0]))  # (...)


def aubc_zhan2021_each(accuracy: ArrayLike) -> npt.NDArray[np.float64]:
    """`aubc_zhan2021` of many curves (..., c)."""
    y = np.asarray(accuracy, dtype=np.float64)  # (..., c)
    if y.shape[-1] < 3:
        return np.full(y.shape[:-1], np.nan)
    return np.asarray(np.trapezoid(y[..., 1:]) / (y.shape[-1] - 1))  # (...)


def complete_runs(arm: pd.DataFrame, cycles: int) -> pd.DataFrame:
    """The accuracies (seeds, cycles + 1) of the seeds that have every cycle from 0 to `cycles`."""
    planned = arm[arm["cycle"] <= cycles]
    seeds, run = np.unique(planned["seed"].to_numpy(), return_inverse=True)  # (s,), (rows,)
    accuracy = np.full((len(seeds), cycles + 1), np.nan)
    accuracy[run, planned["cycle"].to_numpy()] = planned["accuracy"].to_numpy()
    whole = ~np.isnan(accuracy).any(axis=1)  # (s,)
    return pd.DataFrame(accuracy[whole], index=pd.Index(seeds[whole], name="seed"), columns=range(cycles + 1))


def areas(arm: pd.DataFrame, cycles: int) -> dict[int, float]:
    """The AUBC of every seed whose run is complete. Raises ResultsError where seeds differ in the labels per cycle."""
    runs, labels = complete_runs(arm, cycles), _labels(arm)
    if runs.empty:
        return {}
    x = [labels[cycle] for cycle in range(cycles + 1)]  # (cycles + 1,)
    return dict(zip(runs.index.tolist(), aubc_each(x, runs.to_numpy()).tolist(), strict=True))


def check_pairs(*arms: pd.DataFrame) -> None:
    """Raise ResultsError where runs of one seed began from different initial sets or differ in the labels per cycle.

    The error names each cell that differs from the last one given of its seed.
    """
    rows = pd.concat(arms) if len(arms) > 1 else arms[0]
    keys = [rows["seed"], rows["cycle"]]
    for column, wanted in AGREEING:
        last = rows[[column, "cell"]].groupby(keys).transform("last")  # the control's, where it is given last
        own, others = rows[column].to_numpy(), last[column].to_numpy()  # (rows,) each
        odd = (own != others) & (own != UNKNOWN) & (others != UNKNOWN)  # (rows,)
        if odd.any():
            named = zip(rows["cell"][odd], last["cell"][odd], rows["seed"][odd], strict=True)
            raise ResultsError(
                f"pairing: wanted {wanted} for both runs of a seed; cells "
                f"{_listed({f'{ours} and {theirs} of seed {seed}' for ours, theirs, seed in named})} differ. "
                "Run both arms anew from one plan"
            )


def _labels(arm: pd.DataFrame) -> dict[int, int]:
    """Labels per cycle; where seeds disagreed, their mean would be over different budgets."""
    pairs = list(zip(arm["cycle"].tolist(), arm["labelled"].tolist(), strict=True))
    labels = dict(pairs)
    if any(labels[cycle] != labelled for cycle, labelled in pairs):
        raise ResultsError(f"wanted one number of labels per cycle; cells {_listed(arm['cell'].unique())} differ")
    return labels


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
