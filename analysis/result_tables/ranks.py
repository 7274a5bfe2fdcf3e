"""A rank test as tables: average ranks under Friedman's test, and the p-value of every pair."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from analysis.groups import file_stem
from analysis.rank_test import Blocks, RankTest
from analysis.result_tables import cells
from analysis.runs import Floats
from analysis.table import Cell, Table
from analysis.wording import number, p_value

LISTED = 12  # blocks that are told by name
CYCLES = (
    "Warning: budget points of one run are not independent replicates, so these p-values are too small. They are shown "
    "because they were asked for; take seeds as blocks for a conclusion."
)
MATRIX = (
    "Above the diagonal the p of the paired t-test over the same blocks, below it the same p adjusted by Holm over all "
    "pairs; exploratory."
)


def tables(test: RankTest, named: tuple[str, ...], where: str, measure: str) -> list[Table]:
    """Average ranks and the matrix of pairs; `named` are the parts of the file names, `where` ends the titles."""
    return [
        Table(
            name=file_stem(*named, "ranks"),
            title=f"Average ranks over {test.kind.value} by {measure} · {where}",
            headings=("arm", "average rank"),
            rows=_ranked(test),
            remarks=tuple(remarks(test)),
        ),
        Table(
            name=file_stem(*named, "pairs"),
            title=f"p of every pair over {test.kind.value} by {measure} · {where}",
            headings=("p above, Holm p below", *test.names),
            rows=_matrix(test),
            remarks=(MATRIX, CYCLES) if test.kind is Blocks.CYCLES else (MATRIX,),
        ),
    ]


def remarks(test: RankTest) -> Iterator[str]:
    """What was tested over which blocks, what came out, and what was left out."""
    of, k = test.friedman, len(test.names)
    yield f"Friedman's test of {k} arms over {len(test.blocks)} blocks, {_blocks(test)}: {_friedman(test)}."
    nemenyi = f"{test.critical_difference:.2f} average ranks"
    yield f"Nemenyi: arms whose average ranks differ by {nemenyi} or more are told apart at the 5 % level."
    if test.left_out:
        yield f"Not ranked, for they have no complete block: {', '.join(test.left_out)}."
    if test.dropped:
        yield f"Left out, for some arm lacks them: {_some(test.dropped)}."
    if test.kind is Blocks.CYCLES:
        yield CYCLES
    if math.isnan(of.p):
        yield "All arms are equal in every block, so that there is nothing to test."


def _friedman(test: RankTest) -> str:
    of = test.friedman
    degrees, others = of.degrees
    told = f"χ²({degrees}) = {number(of.statistic, 2)}, p = {p_value(of.p)}"
    if not math.isnan(of.exact_p):
        told += f", exactly {p_value(of.exact_p)}"
    if abs(of.statistic - of.uncorrected) > 5e-3:
        told += f" (without the correction for ties {number(of.uncorrected, 2)}, p = {p_value(of.uncorrected_p)})"
    if math.isinf(of.iman_davenport):
        return f"{told}; Iman–Davenport's F is not defined, for every block ranks the arms alike"
    if of.blocks < 3:
        return told  # F says nothing sensible there
    f, p = number(of.iman_davenport, 2), p_value(of.iman_davenport_p)
    return f"{told}; Iman–Davenport F({degrees}, {others}) = {f}, p = {p}"


def _blocks(test: RankTest) -> str:
    return f"which are {test.kind.value} ({_some(test.blocks)})"


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - LISTED
    return f"{', '.join(names[:LISTED])} and {more} more" if more > 0 else ", ".join(names)


def _ranked(test: RankTest) -> tuple[tuple[Cell, ...], ...]:
    ordered = sorted(zip(test.friedman.average_ranks, test.names, strict=True))
    return tuple((Cell(name), cells.plain(rank)) for rank, name in ordered)


def _matrix(test: RankTest) -> tuple[tuple[Cell, ...], ...]:
    above: Floats = np.triu(np.ones((len(test.names), len(test.names))), 1)  # (k, k)
    both = np.where(above > 0, test.pairs.raw, test.pairs.adjusted)  # (k, k)
    return tuple(
        (Cell(name), *(Cell("") if at == to else cells.p(float(both[at, to])) for to in range(len(test.names))))
        for at, name in enumerate(test.names)
    )
