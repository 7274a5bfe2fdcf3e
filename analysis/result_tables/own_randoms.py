"""Every arm of an experiment's groups minus the Random of its own group."""

from __future__ import annotations

from analysis.groups import file_stem
from analysis.own_random import OwnDifference, OwnRandom
from analysis.result_tables import cells, ranks
from analysis.result_tables.differences import difference
from analysis.table import Cell, Table
from analysis.wording import INTERIM, LEFT_OUT, SCORED

HEADINGS = ("arm", "setting", "own Random's AUBC\n%", "AUBC − own Random\npoints", "p")
REMARK = (
    "Accuracies of different settings are not comparable: another learner is better or worse whatever is queried. What "
    "is compared is each arm's difference from the Random of its own setting, paired by seed. p: paired t-tests, "
    "exploratory and not adjusted."
)


def tables(found: OwnRandom) -> list[Table]:
    """The differences and, where their seeds are pairs, the test of these against each other; both ways of failures."""
    if found.without_failed is None:
        return _tables(found, (found.experiment, "own-random"), found.experiment)
    others = (found.experiment, "own-random", "failed-left-out")
    return [
        *_tables(found, (found.experiment, "own-random"), f"{found.experiment}, {SCORED}"),
        *_tables(found.without_failed, others, f"{found.experiment}, {LEFT_OUT}"),
    ]


def _tables(found: OwnRandom, named: tuple[str, ...], where: str) -> list[Table]:
    differences = Table(
        name=file_stem(*named),
        title=f"Every arm minus its own Random · {where}",
        headings=HEADINGS,
        rows=tuple(_row(row) for row in found.rows),
        remarks=(REMARK, INTERIM) if found.interim else (REMARK,),
    )
    measure = "difference from own Random in AUBC"
    return [differences, *([] if found.ranks is None else ranks.tables(found.ranks, named, where, measure))]


def _row(row: OwnDifference) -> tuple[Cell, ...]:
    versus = row.arm.against_random
    p = Cell("") if versus is None else cells.p(versus.p, versus.difference.n)
    return cells.named(row.arm), Cell(row.group), cells.percent(row.random, 1, "1 seed"), difference(row.arm), p
