"""The first table of a group: what every arm reached."""

from __future__ import annotations

import math

from analysis.comparison import ArmSummary, Comparison
from analysis.groups import file_stem
from analysis.result_tables import cells
from analysis.table import Cell, Table
from analysis.wording import place

HEADINGS = ("arm", "n", "final accuracy\n%", "AUBC\n%", "AUBC of Zhan et al. 2021\n%")


def table(comparison: Comparison) -> Table:
    """Final accuracy and both areas, each the mean over complete seeds with its 95 % t-interval."""
    group = comparison.group
    return Table(
        name=file_stem(group.experiment, group.name, "accuracy"),
        title=f"Accuracy · {place(group.experiment, group.name, '')}",
        headings=HEADINGS,
        rows=tuple(_row(arm, comparison.planned) for arm in comparison.arms),
    )


def _row(arm: ArmSummary, planned: int) -> tuple[Cell, ...]:
    return (
        cells.named(arm),
        _seeds(arm, planned),
        cells.percent(arm.final_accuracy, 1, "1 seed"),
        cells.percent(arm.aubc, 1, "1 seed"),
        _zhan2021(arm),
    )


def _zhan2021(arm: ArmSummary) -> Cell:
    """A dash where one cycle is too few for it; `percent` would say that there is no complete seed."""
    undefined = arm.complete and not arm.aubc_zhan2021.n
    return Cell("–", math.nan) if undefined else cells.percent(arm.aubc_zhan2021, 1, "1 seed")


def _seeds(arm: ArmSummary, planned: int) -> Cell:
    """How many seeds there are, of those planned where some are missing, and how many of them failed."""
    done = len(arm.complete)
    counted = str(done) if done == planned else f"{done}/{planned}"
    return Cell(f"{counted} ({len(arm.imputed)} failed)" if arm.imputed else counted, done)
