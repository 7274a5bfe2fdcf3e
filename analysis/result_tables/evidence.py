"""What the seeds of a group can show: the exact test, the effect's size, wins, and the smallest difference in reach."""

from __future__ import annotations

import math

from analysis.against_random import AgainstRandom
from analysis.comparison import Comparison
from analysis.estimate import Estimate
from analysis.groups import file_stem
from analysis.result_tables import cells
from analysis.table import Cell, Table
from analysis.wording import p_value, place

HEADINGS = (
    "arm",
    "Wilcoxon p\n(least possible)",
    "effect d_z",
    "wins–ties–losses\nof seeds",
    "detectable\npoints",
    "correlation\nwith Random",
)
WILCOXON = "Wilcoxon: exact signed-rank test of the same differences, with the least p that so many seeds allow."
CORRELATION = (
    "Correlation: of the two arms' AUBC over seeds, which is what pairing buys: the variance of the difference is "
    "about 1 − correlation times that of unpaired runs."
)


def table(comparison: Comparison) -> Table:
    """A row for every arm that has a difference from Random."""
    group = comparison.group
    rows = [(cells.named(arm), *_row(arm.against_random)) for arm in comparison.arms if arm.against_random]
    return Table(
        name=file_stem(group.experiment, group.name, "evidence"),
        title=f"What these seeds can show against Random · {place(group.experiment, group.name, '')}",
        headings=HEADINGS,
        rows=tuple(rows),
        remarks=(WILCOXON, CORRELATION),
    )


def _row(versus: AgainstRandom) -> tuple[Cell, ...]:
    test, signed, wins = versus.test, versus.signed_rank, versus.wins
    least = "" if math.isnan(signed.least_p) else f" ({p_value(signed.least_p)})"
    effect = Estimate(test.effect, test.effect_low, test.effect_high, test.n)
    return (
        Cell(f"{p_value(signed.p)}{least}", signed.p, n=signed.n),
        cells.ranged(effect, sign="+"),
        Cell(f"{wins.wins}–{wins.ties}–{wins.losses}", wins.wins - wins.losses),
        cells.points(versus.detectable),
        cells.plain(versus.correlation),
    )
