"""What every arm of a group cost."""

from __future__ import annotations

from analysis.comparison import ArmSummary, Comparison
from analysis.groups import file_stem
from analysis.result_tables import cells
from analysis.table import Cell, Table
from analysis.wording import number, place

HEADINGS = ("arm", "query s\nmedian", "query s\nmean", "training s\nmedian", "training s\nmean", "peak memory\nMiB")
REMARK = (
    "Seconds per cycle, without the drawing of the initial set and without failed cycles. A mean far above its median "
    "means that few cycles took long, such as a first one that compiles."
)


def table(comparison: Comparison) -> Table:
    """Seconds per cycle, median and mean over cycles and seeds, and the largest memory of any cycle."""
    group = comparison.group
    return Table(
        name=file_stem(group.experiment, group.name, "costs"),
        title=f"Costs per cycle · {place(group.experiment, group.name, '')}",
        headings=HEADINGS,
        rows=tuple(_row(arm) for arm in comparison.arms),
        remarks=(REMARK,),
        measured=True,
    )


def _row(arm: ArmSummary) -> tuple[Cell, ...]:
    query, fit, peak = arm.costs.query, arm.costs.fit, arm.costs.peak_mib
    times = (cells.time(each) for each in (query.median, query.mean, fit.median, fit.mean))
    return (cells.named(arm), *times, Cell(number(peak, 0), peak))
