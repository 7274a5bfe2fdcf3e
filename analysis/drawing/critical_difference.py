"""Average ranks on an axis, with bars over the arms that Nemenyi's test does not tell apart: the critical-difference
diagram of Demšar 2006, figure 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from analysis.drawing.canvas import EDGE, FAINT, INK, STAMP, TICK, WIDTH, Caption, Room, place
from analysis.drawing.kind import Kind
from analysis.drawing.measure import shorten, widest
from analysis.drawing.subject import NothingToDraw, Subject, each_family, each_group
from analysis.rank_test import RankTest
from analysis.statistics.ranks import cliques

COLUMNS = ["label", "rank", "n", "critical_difference", "friedman", "friedman_p", "exact_p"]
NAME, ROW, BAR, RANK = 1.9, 0.21, 0.1, 0.26  # inches: longest name; distance of names, of bars; least of ranks
DOWN = 0.5  # inches from the top of the axes to the line of ranks
Line = list[tuple[float, float]]


def series(subject: Subject) -> pd.DataFrame:
    """Average rank by AUBC of every arm over the n seeds that all of them have complete; 1 is the best."""
    if subject.part.ranks is None:
        raise NothingToDraw("fewer than three arms, or fewer than two seeds that all arms have complete")
    return _table(subject.part.ranks)


def series_over_datasets(subject: Subject) -> pd.DataFrame:
    """The same with datasets as blocks, each a mean over its seeds and groups."""
    if subject.family is None or subject.family.ranks is None:
        raise NothingToDraw("the groups that share their arms have one dataset, or too few complete runs")
    return _table(subject.family.ranks)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """The better half of the arms named on the left, the others on the right; everything is placed in inches."""
    ordered = table.sort_values("rank", kind="stable", ignore_index=True)
    ranks, difference = ordered["rank"].tolist(), float(ordered["critical_difference"].iloc[0])
    names = [shorten(caption.names[label], TICK, NAME) for label in ordered["label"]]
    side = EDGE + widest(names, TICK) + 0.5  # the name, and the rank beside it
    scale = _Scale(len(ranks), side, max(WIDTH, 2 * side + RANK * (len(ranks) - 1)))
    joined = [(ranks[group[0]], ranks[group[-1]]) for group in cliques(ranks, difference)]
    first = DOWN + 0.2 + BAR * len(joined)
    height = first + ROW * -(-len(ranks) // 2) + 0.1
    figure = Figure()
    axes = figure.add_subplot()
    _draw_scale(axes, scale, difference)
    _draw_bars(axes, scale, joined)
    _draw_arms(axes, scale, ordered.assign(name=names), caption, first)
    axes.set(xlim=(0, scale.width), ylim=(height, 0))
    axes.set_axis_off()
    axes.text(EDGE, height + 0.05, _tests(ordered), fontsize=STAMP, color=INK, va="top")
    return place(figure, caption, Room(height, 0.0, 0.0, 0.25, width=scale.width))


@dataclass(frozen=True)
class _Scale:
    """Ranks 1 to `last` on a line that leaves `side` inches free on its left and right, on a sheet of this width."""

    last: int
    side: float
    width: float

    def at(self, rank: float) -> float:
        """Where a rank is, in inches from the left."""
        return self.side + (rank - 1) / (self.last - 1) * (self.width - 2 * self.side)


def _table(test: RankTest) -> pd.DataFrame:
    found = test.friedman
    rows = zip(test.names, found.average_ranks, strict=True)
    same = (len(test.blocks), test.critical_difference, found.statistic, found.p, found.exact_p)
    return pd.DataFrame([(name, rank, *same) for name, rank in rows], columns=COLUMNS)


def _draw_scale(axes: Axes, scale: _Scale, difference: float) -> None:
    """The line of ranks, and above it how long the critical difference is."""
    ends = scale.at(1), scale.at(scale.last)
    ticks = [[(scale.at(rank), DOWN - 0.06), (scale.at(rank), DOWN)] for rank in range(1, scale.last + 1)]
    ruler = scale.at(1 + min(difference, scale.last - 1))
    above = [[(ends[0], 0.2), (ruler, 0.2)], [(ends[0], 0.16), (ends[0], 0.24)], [(ruler, 0.16), (ruler, 0.24)]]
    line = [(ends[0], DOWN), (ends[1], DOWN)]
    axes.add_collection(LineCollection([line, *ticks, *above], colors=INK, linewidths=0.8))
    beyond = ", more than the scale is long" if difference > scale.last - 1 else ""
    told = f"critical difference {difference:.2f}{beyond}"
    axes.text(ends[0], 0.12, told, fontsize=STAMP, color=INK)
    for rank in range(1, scale.last + 1):
        axes.text(scale.at(rank), DOWN - 0.09, str(rank), fontsize=STAMP, color=INK, ha="center")


def _draw_bars(axes: Axes, scale: _Scale, joined: list[tuple[float, float]]) -> None:
    """A thick bar over each group of arms that are not told apart, a little longer than the group."""
    levels = [DOWN + 0.12 + BAR * level for level in range(len(joined))]
    bars = [
        [(scale.at(best) - 0.04, level), (scale.at(worst) + 0.04, level)]
        for level, (best, worst) in zip(levels, joined, strict=True)
    ]
    axes.add_collection(LineCollection(bars, colors=INK, linewidths=3, zorder=3))


def _draw_arms(axes: Axes, scale: _Scale, arms: pd.DataFrame, caption: Caption, first: float) -> None:
    """A line from each rank down to the arm's name, its rank beside the name and its marker on the scale."""
    left = -(-len(arms) // 2)
    lines: list[Line] = []
    for position, (label, rank, name) in enumerate(zip(arms["label"], arms["rank"], arms["name"], strict=True)):
        outward = position < left
        y = first + ROW * (position if outward else len(arms) - 1 - position)
        x = scale.side - 0.08 if outward else scale.width - scale.side + 0.08
        lines.append([(scale.at(rank), DOWN), (scale.at(rank), y), (x, y)])
        style = caption.styles[label]
        axes.plot(scale.at(rank), DOWN, marker=style.marker or ".", color=style.colour, markersize=6, zorder=4)
        shown = f"{name}  {rank:.2f}" if outward else f"{rank:.2f}  {name}"
        written = axes.text(x + (-0.04 if outward else 0.04), y, shown, fontsize=TICK, color=INK, parse_math=False)
        written.set(ha="right" if outward else "left", va="center_baseline")
    axes.add_collection(LineCollection(lines, colors=FAINT, linewidths=0.8, zorder=1))


def _tests(table: pd.DataFrame) -> str:
    """Friedman's test in words, exactly where that is known."""
    first = table.iloc[0]
    p = first["friedman_p"] if math.isnan(first["exact_p"]) else first["exact_p"]
    told = f"Friedman χ² = {first['friedman']:.2f}, {'' if math.isnan(first['exact_p']) else 'exact '}p = {p:.2g}"
    return f"average rank by AUBC, 1 = best; {told}"


SHOWS = "bars join arms that Nemenyi’s test does not tell apart at 5 %"
KIND = Kind("critical_difference", "Average ranks", SHOWS, each_group, series, draw)
OVER_DATASETS = Kind(
    "critical_difference",
    "Average ranks over datasets",
    SHOWS,
    each_family,
    series_over_datasets,
    draw,
    unit="datasets",
)
