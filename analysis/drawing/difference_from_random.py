"""Accuracy minus Random's, as in Figure 2 of Mohamadi et al. 2022; across learners as in Figure 1b, each arm minus the
Random of its own group."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator

from analysis.comparison import Comparison
from analysis.drawing.canvas import INK, STAMP, Caption, Entry, Room, canvas, place, suffixed
from analysis.drawing.cycles import curves, per_cycle, stacked
from analysis.drawing.framing import frame, keep_inside, note_cut
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.lines import draw_line, mark_labels, shade_of
from analysis.drawing.setting import brief
from analysis.drawing.subject import NothingToDraw, Subject, control_of, each_experiment, each_group
from analysis.palette import KNOWN, Style, variants
from analysis.runs import Floats

ABSENT = "no finished cycle of Random and another arm with the same seed"
MOST = 14  # lines that can be told apart
PLENTY = 2 * MOST  # looks that an arm chooses from: another one of its colour may have some of them


def series(subject: Subject) -> pd.DataFrame:
    """Accuracy minus Random's in percentage points per arm and cycle, paired by seed.

    `random_accuracy` is Random's own mean in %, over all its seeds; `unpaired` are seeds that one of the two lacks.
    """
    table = stacked(_differences(subject.part), ABSENT)
    return table.assign(random_accuracy=table["cycle"].map(_random_accuracy(subject.part)))


def series_across(subject: Subject) -> pd.DataFrame:
    """The same for all groups of an experiment, `setting` naming the group, each minus its own Random."""
    lines = [table.assign(setting=part.group.name) for part in subject.parts for table in _differences(part)]
    if len(lines) > MOST:
        raise NothingToDraw(f"{len(lines)} lines are too many for one plot of all groups; each group has its own")
    return stacked(lines, ABSENT)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A line with its band per arm around Random at 0, with Random's own accuracy along the bottom."""
    figure, axes = canvas("labels", "accuracy − Random’s, percentage points")
    random = axes.axhline(0, color=KNOWN["random"].colour, linewidth=1.2, zorder=1)
    legend: list[Entry] = [(random, "Random (accuracy in % below)")]
    shade = shade_of(table["label"].nunique())
    for label, arm in table.groupby("label", sort=False):
        legend.append((draw_line(axes, arm, caption.styles[str(label)], shade), caption.names[str(label)]))
    frame(axes, table, beside=[0.0])
    noted = note_cut(caption, axes, table)
    _print_random(axes, table)
    return place(figure, noted, Room(), legend)


def draw_across(table: pd.DataFrame, caption: Caption) -> Figure:
    """A line with its band per arm and group around every group's own Random at 0."""
    figure, axes = canvas("labels", "accuracy − own Random’s, percentage points")
    random = axes.axhline(0, color=KNOWN["random"].colour, linewidth=1.2, zorder=1)
    legend: list[Entry] = [(random, "each group’s own Random"), *_lines_across(axes, table, caption)]
    frame(axes, table, beside=[0.0])
    mark_labels(axes, table["labelled"])
    return place(figure, note_cut(caption, axes, table), Room(), legend)


def _differences(part: Comparison) -> Iterator[pd.DataFrame]:
    random, runs = control_of(part), part.runs
    if random is None:
        return
    control = runs.accuracy[runs.arms.index(random)]  # (s, c)
    for arm, accuracy in zip(runs.arms, runs.accuracy, strict=True):
        if arm != random:
            curve = per_cycle(part, arm, accuracy - control)
            yield curve.assign(unpaired=[_unpaired(part, accuracy, control, cycle) for cycle in curve["cycle"]])


def _unpaired(part: Comparison, ours: Floats, theirs: Floats, cycle: int) -> str:
    """The seeds that one of the two has at a cycle and the other has not."""
    alone = np.isnan(ours[:, cycle]) != np.isnan(theirs[:, cycle])  # (s,)
    return ", ".join(map(str, part.runs.named(alone)))


def _random_accuracy(part: Comparison) -> dict[int, float]:
    own = curves(part)[str(control_of(part))]
    return dict(zip(own["cycle"].tolist(), own["mean"].tolist(), strict=True))


def _lines_across(axes: Axes, table: pd.DataFrame, caption: Caption) -> Iterator[tuple[Line2D, str]]:
    shade = shade_of(table.groupby(["label", "setting"]).ngroups)
    taken: set[Style] = set()
    for (label, setting), arm in table.groupby(["label", "setting"], sort=False):
        look = next(each for each in variants(caption.styles[str(label)], PLENTY) if each not in taken)
        taken.add(look)
        line = draw_line(axes, arm, look, shade)
        yield line, suffixed(caption.names[str(label)], f", {brief(str(setting))}")


def _print_random(axes: Axes, table: pd.DataFrame) -> None:
    """Random's mean accuracy in % in a strip along the bottom, under which nothing else is drawn."""
    keep_inside(axes)
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in axes.get_yticks() if low <= tick <= high]))
    axes.set_ylim(low - 0.12 * (high - low), high)
    colour = KNOWN["random"].colour
    axes.add_patch(Rectangle((0, 0), 1, 0.085, transform=axes.transAxes, color=colour, alpha=0.13, linewidth=0))
    accuracy = dict(zip(table["labelled"], table["random_accuracy"], strict=True))
    for x in mark_labels(axes, table["labelled"]):
        text = axes.text(x, 0.04, f"{accuracy[x]:.1f}", transform=axes.get_xaxis_transform(), fontsize=STAMP, color=INK)
        text.set(ha="center", va="center")


KIND = Kind("difference_from_random", "Difference from Random", MEAN, each_group, series, draw)
ACROSS = Kind("difference_from_random", "Difference from own Random", MEAN, each_experiment, series_across, draw_across)
