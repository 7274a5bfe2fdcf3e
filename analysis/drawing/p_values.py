"""Paired t-tests of every pair of arms as a matrix: Table 1 of Mohamadi et al. 2022, with what it leaves out: how large
each difference is, and which p-values stay below 0.05 when adjusted for their number (Holm 1979)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.canvas import Caption
from analysis.drawing.heat_map import Matrix, heat_map
from analysis.drawing.kind import Kind
from analysis.drawing.subject import NothingToDraw, Subject, each_experiment, each_group
from analysis.own_random import MOST, own_random
from analysis.rank_test import RankTest
from analysis.runs import Floats
from analysis.statistics.matrix import PairMatrix

COLUMNS = ["row", "column", "difference", "p", "holm", "n", "friedman_p"]
LEVELS = (0.001, 0.01, 0.05)
SHARE = (1.0, 0.72, 0.42, 0.06)  # how dark a cell is below each level, and above all of them
LEVEL = 0.05
NOTE = (
    "Below the diagonal: p of the paired t-test, ★ where Holm’s adjusted p < 0.05. "
    "Above it: row − column, percentage points of AUBC. "
    f"Shade, from light to dark: p ≥ {LEVELS[-1]}, {', '.join(f'< {level}' for level in LEVELS[::-1])}."
)
FEW = "fewer than three arms, or fewer than two seeds that all arms have complete"


def series(subject: Subject) -> pd.DataFrame:
    """Row minus column in AUBC (percentage points), paired by seed: the difference, raw p and Holm-adjusted p."""
    if subject.part.ranks is None:
        raise NothingToDraw(FEW)
    return _table(subject.part.ranks)


def series_across(subject: Subject) -> pd.DataFrame:
    """The same over all groups of an experiment, where each arm is its difference from its own group's Random."""
    found = own_random(subject.parts)
    if found is None or found.ranks is None:
        raise NothingToDraw(f"groups of several datasets, or not 2 to {MOST} arms with a Random of their own")
    return _table(found.ranks)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """Raw p below the diagonal, with a star where Holm's stays below 0.05; the difference in points above it."""
    names = list(dict.fromkeys(table["row"]))
    p, holm, difference = (_square(table, names, column) for column in ("p", "holm", "difference"))  # (k, k) each
    values = np.array([[_darkness(each) for each in row] for row in p])  # (k, k)
    above = [[_points(each) for each in row] for row in difference]
    below = [[_p(*both) for both in zip(*rows, strict=True)] for rows in zip(p, holm, strict=True)]
    texts = [[above[i][j] if i < j else below[i][j] if i > j else "" for j in range(len(p))] for i in range(len(p))]
    shown = [caption.names.get(name, name) for name in names]
    friedman = float(table["friedman_p"].to_numpy()[0])
    note = NOTE + (f" Friedman’s test of all of them: p = {friedman:.2g}." if math.isfinite(friedman) else "")
    return heat_map(Matrix(values, texts, shown, shown, 0.0, 1.0), caption, note)


def _square(table: pd.DataFrame, names: list[str], column: str) -> Floats:
    """A column of the table as a matrix (k, k), NaN on its diagonal."""
    square = table.pivot(index="row", columns="column", values=column).reindex(index=names, columns=names)
    return square.to_numpy(dtype=np.float64)


def _table(test: RankTest) -> pd.DataFrame:
    rows = list(_rows(test.pairs, test.friedman.p, len(test.blocks)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(pairs: PairMatrix, friedman_p: float, blocks: int) -> Iterator[tuple[object, ...]]:
    for i, row in enumerate(pairs.names):
        for j, column in enumerate(pairs.names):
            if i != j:
                test = pairs.tests.get((row, column))
                sign, found = (1, test) if test is not None else (-1, pairs.tests[column, row])
                difference = sign * 100 * found.difference.mean
                yield row, column, difference, pairs.raw[i, j], pairs.adjusted[i, j], blocks, friedman_p


def _darkness(p: float) -> float:
    if math.isnan(p):
        return math.nan
    return SHARE[sum(p >= level for level in LEVELS)]


def _p(p: float, holm: float) -> str:
    if math.isnan(p):
        return "equal"
    star = "★" if holm < LEVEL else ""
    return f"{'<.001' if p < 0.001 else f'{p:.3f}'}{star}"


def _points(difference: float) -> str:
    return f"{difference:+.2f}".replace("-", "−")


SHOWS = "paired t-tests over seeds, exploratory"
KIND = Kind("p_values", "p-values of all pairs", SHOWS, each_group, series, draw)
ACROSS = Kind("p_values", "p-values of all pairs, minus own Random", SHOWS, each_experiment, series_across, draw)
