"""How many labels every arm of a group needs for what Random reaches with all of them."""

from __future__ import annotations

import math

from analysis.against_random import SEED
from analysis.comparison import ArmSummary, Comparison
from analysis.groups import file_stem
from analysis.result_tables import cells
from analysis.statistics.label_efficiency import DRAWS, LabelsNeeded
from analysis.table import Cell, Table
from analysis.wording import number, place

HEADINGS = ("arm", "target\n%", "labels needed", "Random's need", "ratio", "draws that\nreach it, %")
REMARK = (
    "Target: Random's mean final accuracy over the same seeds. Needed: where the mean curve, made non-decreasing and "
    "linear between label counts, reaches it; “>”: not with the labels that there are. Intervals: 95 %, by "
    f"{DRAWS:,} bootstrap draws of seeds (generator seeded with {SEED}), a new target in each."
)


def table(comparison: Comparison) -> Table:
    """A row for every arm that has a difference from Random."""
    group = comparison.group
    rows = [_row(arm, float(comparison.runs.labelled[-1])) for arm in comparison.arms if arm.against_random]
    return Table(
        name=file_stem(group.experiment, group.name, "label-efficiency"),
        title=f"Labels needed for Random's final accuracy · {place(group.experiment, group.name, '')}",
        headings=HEADINGS,
        rows=tuple(rows),
        remarks=(REMARK,),
    )


def _row(arm: ArmSummary, most: float) -> tuple[Cell, ...]:
    found = None if arm.against_random is None else arm.against_random.labels
    if found is None:
        return (cells.named(arm), Cell("–"), Cell("no pair"), *[Cell("–")] * 3)
    return (
        cells.named(arm),
        cells.plain(100 * found.target, 1),
        _needed(found.ours, most, 0),
        _needed(found.theirs, most, 0),
        _needed(found.ratio, most / (found.theirs.value or most), 2),
        cells.plain(100 * found.ours.reached, 0),
    )


def _needed(of: LabelsNeeded, most: float, digits: int) -> Cell:
    """Labels, or a ratio, with its interval; what is censored stands as more than the most that could be seen."""
    value, low, high = (_above(each, most, digits) for each in (of.value, of.low, of.high))
    alone = math.isnan(of.reached)  # a single seed gives no interval
    return Cell(value if alone else f"{value} [{low}, {high}]", of.value, of.low, of.high)


def _above(value: float | None, most: float, digits: int) -> str:
    return f"> {number(most, digits)}" if value is None else number(value, digits)
