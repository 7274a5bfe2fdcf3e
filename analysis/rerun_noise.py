"""Rerun noise: how far results of one and the same cell differ, where another machine's came out differently.

Such results are kept as replicates when they are imported or merged (bench.replicates).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.curves import aubc
from analysis.load import Loaded
from analysis.result_tables import cells
from analysis.table import Cell, Table
from bench.record import Row, cell_folder, wanted_cycles
from bench.replicates import is_known, read_replicates

HEADINGS = (
    "measure",
    "cells",
    "results",
    "deviation within a cell\npoints",
    "largest difference\npoints",
    "cells with\nequal values",
)
REMARK = (
    "Finished results of one and the same cell, from different machines or versions. Deviation: the standard deviation "
    "between results of a cell, pooled over cells with n − 1 degrees each, with its 95 % interval by chi-square. A "
    "rerun that agrees in every column is not kept, so these numbers are of the reruns that came out differently."
)


@dataclass(frozen=True)
class RerunNoise:
    """One measure, as fractions: `runs` results of `cells` cells with two or more; n = runs − cells degrees.

    `deviation` with its interval `low` to `high`; `largest` is the largest difference within a cell; `equal` counts the
    cells whose results all have the same value, bit for bit.
    """

    measure: str
    cells: int
    runs: int
    deviation: float
    low: float
    high: float
    largest: float
    equal: int


def rerun_noise(loaded: Loaded) -> tuple[RerunNoise, ...]:
    """The noise of final accuracy and AUBC; empty where no cell has two finished results."""
    runs = _finished_runs(loaded)
    if not runs:
        return ()
    final = [np.array([_accuracy(run)[-1] for run in of_cell]) for of_cell in runs]
    areas = [np.array([aubc(_labelled(run), _accuracy(run)) for run in of_cell]) for of_cell in runs]
    return noise("final accuracy", final), noise("AUBC", areas)


def noise(measure: str, values: Sequence[npt.NDArray[np.float64]]) -> RerunNoise:
    """The pooled noise of values (n,) of several cells, n ≥ 2 of each."""
    squares = sum(float(((x - x.mean()) ** 2).sum()) if np.ptp(x) else 0.0 for x in values)
    runs = sum(len(x) for x in values)
    low, high = _interval(squares, runs - len(values))
    return RerunNoise(
        measure=measure,
        cells=len(values),
        runs=runs,
        deviation=math.sqrt(squares / (runs - len(values))),
        low=low,
        high=high,
        largest=max(float(np.ptp(x)) for x in values),
        equal=sum(not np.ptp(x) for x in values),
    )


def table(found: Sequence[RerunNoise]) -> Table:
    """The noise as a table of the whole sweep."""
    return Table("rerun-noise", "Rerun noise", HEADINGS, tuple(_row(of) for of in found), (REMARK,))


def _row(of: RerunNoise) -> tuple[Cell, ...]:
    deviation, low, high = (cells.points(value) for value in (of.deviation, of.low, of.high))
    text = f"{deviation.text} [{low.text}, {high.text}]"
    counts = (Cell(str(of.cells), of.cells), Cell(str(of.runs), of.runs))
    spread = Cell(text, deviation.value, low.value, high.value, of.runs)
    return Cell(of.measure), *counts, spread, cells.points(of.largest), Cell(str(of.equal), of.equal)


def _finished_runs(loaded: Loaded) -> list[list[list[Row]]]:
    """The finished results of every cell that has two or more, each cut to the cycles that are planned."""
    found = []
    for cell, cycles in wanted_cycles(loaded.plan).items():
        replicates = read_replicates(cell_folder(loaded.results, cell))
        runs = _different([loaded.rows(cell), *replicates.values()]) if replicates else []
        finished = [run[: cycles + 1] for run in runs if len(run) > cycles]
        if len(finished) > 1:
            found.append(finished)
    return found


def _different(runs: Sequence[list[Row]]) -> list[list[Row]]:
    """The runs without those that an earlier version kept though they agree with one before them."""
    return [run for at, run in enumerate(runs) if not is_known(run, runs[:at])]


def _accuracy(run: Sequence[Row]) -> list[float]:
    return [row["result"]["accuracy"] for row in run]


def _labelled(run: Sequence[Row]) -> list[int]:
    return [row["result"]["labelled"] for row in run]


def _interval(squares: float, degrees: int) -> tuple[float, float]:
    from scipy import stats

    upper, lower = stats.chi2.ppf([0.975, 0.025], degrees)
    return math.sqrt(squares / float(upper)), math.sqrt(squares / float(lower))
