"""Failed runs scored as chance beside failed runs left out, for a group that has any."""

from __future__ import annotations

from analysis.comparison import ArmSummary, Comparison
from analysis.groups import file_stem
from analysis.result_tables import cells
from analysis.result_tables.differences import difference
from analysis.table import Cell, Table
from analysis.wording import LEFT_OUT, SCORED, place, seed_list


def tables(comparison: Comparison) -> list[Table]:
    """The table of both analyses; none where no failed run is scored."""
    without = comparison.without_failed
    if without is None:
        return []
    group = comparison.group
    compared = group.control is not None
    measure = "AUBC − Random, points" if compared else "AUBC, %"
    headings = ("arm", "failed", *(f"{measure}\n{words}" for words in (SCORED, LEFT_OUT)))
    if compared:
        headings += tuple(f"p\n{words}" for words in ("as chance", "left out"))
    rows = tuple(_row(arm, without.summary(arm.arm["label"]), compared) for arm in comparison.arms)
    title = f"Failed runs: both ways of counting them · {place(group.experiment, group.name, '')}"
    return [Table(file_stem(group.experiment, group.name, "failed"), title, headings, rows)]


def _row(scored: ArmSummary, without: ArmSummary, compared: bool) -> tuple[Cell, ...]:
    both = scored, without
    named = cells.named(scored), Cell(seed_list(scored.imputed) if scored.imputed else "none")
    if not compared:
        return (*named, *(cells.percent(arm.aubc, 1, "1 seed") for arm in both))
    return (*named, *map(difference, both), *map(_p, both))


def _p(arm: ArmSummary) -> Cell:
    versus = arm.against_random
    return Cell("") if versus is None else cells.p(versus.p, versus.difference.n)
