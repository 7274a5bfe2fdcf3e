"""The tables that a reader sees of a tested table of scores."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from analysis.scores.tests import ALPHA, PairTests, ScoreTests
from analysis.table import Cell, Table
from analysis.wording import number, p_value

MOST_COLUMNS = 8  # methods side by side, so that a terminal holds the matrix


def tables(of: ScoreTests) -> list[Table]:
    """All tables of it: ranks, tests of all methods together, and the pairs by ranks, by t and by signed ranks."""
    made = [_ranks(of), _omnibus(of), _rank_pairs(of), _paired_t(of)]
    if len(of.scores.methods) <= MOST_COLUMNS:
        made.append(_matrix(of))
    return [*made, _signed_ranks(of)]


def _ranks(of: ScoreTests) -> Table:
    scores, digits = of.scores, _digits(of)
    order = np.argsort(of.friedman.average_ranks, kind="stable").tolist()
    means = scores.values.mean(axis=0).tolist()
    n = len(scores.blocks)
    rows = [
        (
            Cell(scores.methods[at]),
            Cell(f"{of.friedman.average_ranks[at]:.3f}", of.friedman.average_ranks[at], n=n),
            Cell(_number(means[at], digits), means[at], n=n),
        )
        for at in order
    ]
    title = f"{scores.source}: average ranks over {n} rows, 1 is the best"
    return Table("average_ranks", title, ("method", "average rank", "mean score"), tuple(rows), tuple(_groups(of)))


def _groups(of: ScoreTests) -> Iterator[str]:
    yield (
        f"Nemenyi's test at {100 * ALPHA:.0f} %: average ranks that differ by {of.critical_difference:.3f} or more are "
        "told apart."
    )
    if of.cliques:
        yield f"Not told apart: {'; '.join(', '.join(group) for group in of.cliques)}."
    else:
        yield "All methods are told apart."


def _omnibus(of: ScoreTests) -> Table:
    test, n = of.friedman, len(of.scores.blocks)
    one, two = (str(test.degrees[0]), f"{test.degrees[0]}, {test.degrees[1]}")
    lines = [
        ("Friedman χ², corrected for ties", test.statistic, one, test.p),
        ("Friedman χ², not corrected", test.uncorrected, one, test.uncorrected_p),
        ("Iman–Davenport F", test.iman_davenport, two, test.iman_davenport_p),
    ]
    rows = [
        (Cell(name), Cell(_number(statistic, 3), statistic, n=n), Cell(degrees), Cell(p_value(p), p, n=n))
        for name, statistic, degrees, p in lines
    ]
    remarks = ["Read the pairs below only where these tests find a difference."]
    if math.isinf(test.iman_davenport):
        remarks.append("Every row ranks the methods alike, so that F is infinite.")
    title = f"Do the {test.methods} methods differ at all? Tests of average ranks, n = {n}"
    headings = ("test", "statistic", "degrees of freedom", "p")
    return Table("all_methods", title, headings, tuple(rows), tuple(remarks))


def _rank_pairs(of: ScoreTests) -> Table:
    headings = ("first", "second", "rank difference", "z", "p", "Holm p", "Nemenyi p")
    rows = [
        (
            *_names(pair),
            _cell(pair.rank_gap, 3),
            _cell(pair.z, 3),
            *(_p(p) for p in (pair.rank_p, pair.rank_holm, pair.nemenyi_p)),
        )
        for pair in of.pairs
    ]
    remarks = (
        "Positive: the first ranks better. p: two-sided, normal; Holm p: adjusted for all pairs; Nemenyi p: adjusted "
        "by the studentised range.",
    )
    return Table("rank_pairs", f"Pairs by average rank, n = {len(of.scores.blocks)}", headings, tuple(rows), remarks)


def _paired_t(of: ScoreTests) -> Table:
    headings = ("first", "second", "difference [95 %]", "d_z [95 %]", "t", "p", "Holm p")
    rows = [(*_names(pair), *_t_cells(pair, _digits(of)), _p(pair.paired_holm)) for pair in of.pairs]
    turned = "second minus first, since less is better" if of.scores.smaller_is_better else "first minus second"
    remarks = (
        f"Differences are {turned}: positive where the first is better. d_z: their mean over their standard deviation.",
        "A paired t-test takes differences on different rows as comparable; the tests by ranks do not.",
    )
    return Table("paired_t", f"Pairs by paired t, n = {len(of.scores.blocks)}", headings, tuple(rows), remarks)


def _t_cells(pair: PairTests, digits: int) -> tuple[Cell, ...]:
    test = pair.paired
    mean, low, high = test.difference.mean, test.difference.low, test.difference.high
    return (
        Cell(_interval(mean, low, high, digits), mean, low, high, test.n),
        Cell(
            _interval(test.effect, test.effect_low, test.effect_high, 2),
            test.effect,
            test.effect_low,
            test.effect_high,
            test.n,
        ),
        _cell(test.t, 2),
        _p(test.p),
    )


def _matrix(of: ScoreTests) -> Table:
    methods = of.scores.methods
    raw = {(pair.first, pair.second): pair.paired.p for pair in of.pairs}
    adjusted = {(pair.second, pair.first): pair.paired_holm for pair in of.pairs}
    shown = raw | adjusted
    rows = [
        (Cell(row), *(_p(shown[row, column]) if row != column else Cell("") for column in methods)) for row in methods
    ]
    title = "Paired t-tests: p above the diagonal, Holm-adjusted p below"
    return Table("paired_t_matrix", title, ("", *methods), tuple(rows))


def _signed_ranks(of: ScoreTests) -> Table:
    headings = ("first", "second", "wins / ties / losses", "rank sum", "p", "Holm p", "least p")
    rows = [
        (
            *_names(pair),
            Cell(f"{pair.counts.wins} / {pair.counts.ties} / {pair.counts.losses}"),
            _cell(pair.signed.statistic, 1),
            *(_p(p) for p in (pair.signed.p, pair.signed_holm, pair.signed.least_p)),
        )
        for pair in of.pairs
    ]
    remarks = (
        "Exact two-sided signed-rank test of Wilcoxon, ties averaged, ranks of zeros split. rank sum: the smaller one; "
        "least p: the smallest p that so many differences allow. Wins are the first's.",
    )
    return Table("signed_ranks", f"Pairs by signed ranks, n = {len(of.scores.blocks)}", headings, tuple(rows), remarks)


def _names(pair: PairTests) -> tuple[Cell, Cell]:
    return Cell(pair.first), Cell(pair.second)


def _cell(value: float, digits: int) -> Cell:
    return Cell(_number(value, digits), value)


def _p(p: float) -> Cell:
    return Cell(p_value(p), p)


def _interval(mean: float, low: float, high: float, digits: int) -> str:
    if math.isnan(mean):
        return "–"
    return f"{_number(mean, digits)} [{_number(low, digits)}, {_number(high, digits)}]"


def _digits(of: ScoreTests) -> int:
    """Decimals that tell scores of this size apart."""
    return max(0, 4 - round(math.log10(of.scores.unit)))


def _number(value: float, digits: int) -> str:
    return "∞" if math.isinf(value) else number(value, digits)
