"""Accuracy per cycle: a row per number of labels, a column per arm."""

from __future__ import annotations

import math

from analysis.comparison import Comparison
from analysis.estimate import Estimate
from analysis.groups import display_name, file_stem
from analysis.result_tables import cells
from analysis.table import Cell, Table
from analysis.wording import place


def table(comparison: Comparison) -> Table:
    """Mean accuracy in % with its 95 % interval, over the seeds that have the cycle; n is told where some lack it."""
    group = comparison.group
    curves = zip(*(arm.curve for arm in comparison.arms), strict=True)
    rows = [
        (_labels(labels), *(_accuracy(each, comparison.planned) for each in at))
        for labels, at in zip(comparison.runs.labelled.tolist(), curves, strict=True)
    ]
    return Table(
        name=file_stem(group.experiment, group.name, "curves"),
        title=f"Accuracy per cycle, % · {place(group.experiment, group.name, '')}",
        headings=("labels", *(display_name(arm.arm) for arm in comparison.arms)),
        rows=tuple(rows),
    )


def _labels(labels: float) -> Cell:
    return Cell("?") if math.isnan(labels) else Cell(f"{labels:.0f}", int(labels))


def _accuracy(of: Estimate, planned: int) -> Cell:
    if of.n == 0:
        return Cell("–", math.nan, n=0)
    cell = cells.percent(of, 1, "1 seed")
    counted = of.n in (1, planned)
    return cell if counted else Cell(f"{cell.text} n={of.n}", cell.value, cell.low, cell.high, cell.n)
