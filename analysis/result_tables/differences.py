"""How far every arm is from Random, and whether that is more than chance."""

from __future__ import annotations

from analysis.comparison import ArmSummary, Comparison
from analysis.groups import file_stem
from analysis.result_tables import cells
from analysis.table import Cell, Table
from analysis.wording import place

HEADINGS = ("arm", "pairs", "AUBC − Random\npoints", "s.d. of it\npoints", "t", "p", "Holm p")


def table(comparison: Comparison) -> Table:
    """The difference in AUBC paired by seed, with the paired t-test and its p adjusted over the group's arms."""
    group = comparison.group
    return Table(
        name=file_stem(group.experiment, group.name, "difference"),
        title=f"Difference from Random in AUBC, paired by seed · {place(group.experiment, group.name, '')}",
        headings=HEADINGS,
        rows=tuple(_row(comparison, arm) for arm in comparison.arms),
        remarks=tuple(_family(comparison)),
    )


def difference(arm: ArmSummary) -> Cell:
    """The difference in points with its interval, or why there is none."""
    versus = arm.against_random
    if versus is None:
        return Cell("reference" if arm.arm["strategy"] == "random" else "–")
    if versus.difference.n == 0:
        return Cell("no pair", versus.difference.mean, n=0)
    return cells.percent(versus.difference, 2, "1 pair", "+")


def _row(comparison: Comparison, arm: ArmSummary) -> tuple[Cell, ...]:
    versus = arm.against_random
    if versus is None:
        return (cells.named(arm), Cell(""), difference(arm), *[Cell("")] * 4)
    pairs = versus.difference.n
    counted = Cell(str(pairs) if pairs == comparison.planned else f"{pairs}/{comparison.planned}", pairs)
    tested = cells.plain(versus.test.t), cells.p(versus.p, pairs), cells.p(versus.holm)
    return (cells.named(arm), counted, difference(arm), cells.points(versus.test.deviation), *tested)


def _family(comparison: Comparison) -> list[str]:
    sizes = {arm.against_random.family for arm in comparison.arms if arm.against_random}
    family = max(sizes, default=0)
    told = [f"Exploratory. Holm over the {family} tests of this table." if family > 1 else "Exploratory."]
    if any(arm.arm["sees_labels"] for arm in comparison.arms):
        told.append("An arm that sees labels is no competitor and in no family of tests.")
    return told
