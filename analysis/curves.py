"""Learning curves and the numbers drawn from them: areas under them, and differences paired by seed.

An arm is given as its rows of the table of analysis.load: one group, one label, a row per (seed, cycle).
Two runs are a pair where they share the seed and the initial labelled set (Ji et al. 2023).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.estimate import Estimate, estimate, paired_t
from bench.errors import ResultsError


@dataclass(frozen=True)
class Paired:
    """Differences from the control over the seeds that both have: arm minus control, with the two-sided p-value.

    `unpaired` are seeds that at least one of the two was begun with and that could not be used.
    """

    difference: Estimate
    p: float
    seeds: tuple[int, ...]
    unpaired: tuple[int, ...]


def aubc(labelled: ArrayLike, accuracy: ArrayLike) -> float:
    """Area under the budget curve: the trapezoid over labels divided by their range; NaN below two points."""
    x, y = np.asarray(labelled, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)  # (c,), (c,)
    return float(np.trapezoid(y, x) / (x[-1] - x[0])) if len(x) > 1 else math.nan


def aubc_zhan2021(accuracy: ArrayLike) -> float:
    """trapz(acc[1:]) / (len(acc) − 1), the convention of the tables of Zhan et al. 2021; NaN below three points.

    The initial model is left out but its step is counted: a constant curve of c points has the area (c − 2)/(c − 1).
    """
    y = np.asarray(accuracy, dtype=np.float64)  # (c,)
    return float(np.trapezoid(y[1:]) / (len(y) - 1)) if len(y) > 2 else math.nan


def mean_curve(arm: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracy per cycle with its 95 % interval, over the seeds that have it: a row per cycle."""
    accuracy = _by_seed(arm)  # (seeds, cycles)
    return _per_cycle(accuracy, _labels(arm))


def paired_curve(arm: pd.DataFrame, control: pd.DataFrame) -> pd.DataFrame:
    """Accuracy minus the control's per cycle, paired by seed, with its 95 % interval: a row per cycle that has a pair.

    `unpaired` names the seeds that one of the two has at that cycle and the other has not.
    """
    check_pairs(arm, control)
    ours, theirs = _by_seed(arm).align(_by_seed(control))  # (seeds, cycles) each
    table = _per_cycle(ours - theirs, _labels(arm))
    alone = ours.isna() != theirs.isna()
    table["unpaired"] = [", ".join(map(str, alone.index[alone[cycle]])) for cycle in table["cycle"]]
    return table


def complete_runs(arm: pd.DataFrame, cycles: int) -> pd.DataFrame:
    """The accuracies (seeds, cycles + 1) of the seeds that have every cycle from 0 to `cycles`."""
    return _by_seed(arm).reindex(columns=range(cycles + 1)).dropna()


def areas(arm: pd.DataFrame, cycles: int) -> dict[int, float]:
    """The AUBC of every seed whose run is complete."""
    runs, labels = complete_runs(arm, cycles), _labels(arm)
    x = [labels[cycle] for cycle in range(cycles + 1) if cycle in labels]  # (cycles + 1,) where any run is complete
    return {int(seed): aubc(x, y) for seed, y in zip(runs.index, runs.to_numpy(), strict=True)}


def paired_areas(arm: pd.DataFrame, control: pd.DataFrame, cycles: int) -> Paired:
    """AUBC minus the control's, over the seeds that are complete in both."""
    check_pairs(arm, control)
    ours, theirs = areas(arm, cycles), areas(control, cycles)
    seeds = tuple(sorted(ours.keys() & theirs.keys()))
    begun = {int(seed) for seed in (*arm["seed"].unique(), *control["seed"].unique())}
    differences = [ours[seed] - theirs[seed] for seed in seeds]
    return Paired(estimate(differences), paired_t(differences), seeds, tuple(sorted(begun - set(seeds))))


def check_pairs(arm: pd.DataFrame, control: pd.DataFrame) -> None:
    """Raise ResultsError where runs of one seed began from different initial sets or differ in the labels per cycle."""
    ours, theirs = _origins(arm), _origins(control)
    both = sorted(ours.keys() & theirs.keys())
    pairs = [(seed, ours[seed, cycle], theirs[seed, cycle]) for seed, cycle in both]
    for column, wanted in (("initial", "the same initial labelled set"), ("labelled", "as many labels in every cycle")):
        cells = {f"{a['cell']} and {b['cell']} of seed {seed}" for seed, a, b in pairs if a[column] != b[column]}
        if cells:
            raise ResultsError(
                f"pairing: wanted {wanted} for both runs of a seed; cells {_listed(cells)} differ. "
                "Run both arms anew from one plan"
            )


def _origins(arm: pd.DataFrame) -> dict[tuple[int, int], dict[str, object]]:
    """Per (seed, cycle), what must agree between the two runs of a pair, and the cell to name where it does not."""
    keys = zip(arm["seed"].tolist(), arm["cycle"].tolist(), strict=True)
    values = zip(*(arm[name].tolist() for name in ("cell", "initial", "labelled")), strict=True)
    told = (dict(zip(("cell", "initial", "labelled"), each, strict=True)) for each in values)
    return dict(zip(keys, told, strict=True))


def _by_seed(arm: pd.DataFrame) -> pd.DataFrame:
    return arm.pivot(index="seed", columns="cycle", values="accuracy")  # (seeds, cycles)


def _labels(arm: pd.DataFrame) -> dict[int, int]:
    """Labels per cycle. Raises ResultsError where seeds disagree: their mean would be over different budgets."""
    pairs = list(zip(arm["cycle"].tolist(), arm["labelled"].tolist(), strict=True))
    labels = dict(pairs)
    if any(labels[cycle] != labelled for cycle, labelled in pairs):
        raise ResultsError(f"wanted one number of labels per cycle; cells {_listed(arm['cell'].unique())} differ")
    return labels


def _per_cycle(values: pd.DataFrame, labels: dict[int, int]) -> pd.DataFrame:
    estimates = {int(cycle): estimate(values[cycle].dropna()) for cycle in values.columns}
    kept = {cycle: each for cycle, each in estimates.items() if each.n > 0}
    return pd.DataFrame(
        [(cycle, labels[cycle], each.mean, each.low, each.high, each.n) for cycle, each in kept.items()],
        columns=["cycle", "labelled", "mean", "low", "high", "n"],
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
