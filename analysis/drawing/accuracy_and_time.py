"""Accuracy as lines and the wall-clock time of each query as bars on a logarithmic axis: Figure 1a of Mohamadi et al.
2022."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from analysis.drawing import learning_curves
from analysis.drawing.canvas import AXIS, INK, TICK, WIDTH, Caption, Entry, Room, canvas, place
from analysis.drawing.framing import frame_accuracy, keep_inside, note_cut
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.lines import (
    draw_line,
    draw_published,
    label_counts,
    mark_labels,
    shade_of,
)
from analysis.drawing.subject import NothingToDraw, Subject, each_group
from analysis.wording import seconds

BARS, LINES = 0.36, 0.60  # shares of the height: bars below, lines above
MARGIN = 0.76  # inches on the left and right of the axes
INSIDE = WIDTH - 2 * MARGIN


def series(subject: Subject) -> pd.DataFrame:
    """Learning curves with `seconds`: the mean time over seeds of the query that bought the newest labels.

    NaN for the initial set, which is drawn, not queried.
    """
    curves = learning_curves.series(subject)
    frame = subject.part.group.frame
    mean = frame[frame["cycle"] > 0].groupby(["label", "cycle"])["query_seconds"].mean()
    times = [mean.get(key, math.nan) for key in zip(curves["label"], curves["cycle"], strict=True)]
    table = curves.assign(seconds=np.asarray(times, dtype=np.float64))
    if not (table["seconds"] > 0).any():
        raise NothingToDraw("no query was timed")
    return table


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """Lines in the upper part on the left axis, bars in the lower part on the right one."""
    figure, axes = canvas("labels", "accuracy, %")
    frame_accuracy(axes, table, caption.published)
    noted = note_cut(caption, axes, table)
    shade = shade_of(table["label"].nunique())
    legend: list[Entry] = [
        (draw_line(axes, arm, caption.styles[str(label)], shade), caption.names[str(label)])
        for label, arm in table.groupby("label", sort=False)
    ]
    legend += draw_published(axes, caption.published)
    mark_labels(axes, label_counts(table, caption.published))
    _lift(axes)
    _draw_bars(axes, table, caption)
    return place(figure, noted, Room(left=MARGIN, right=MARGIN, height=3.6), legend)


def _lift(axes: Axes) -> None:
    """Leave the lower part of the axes to the bars."""
    keep_inside(axes)
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in axes.get_yticks() if low <= tick <= high]))
    axes.set_ylim(high - (high - low) / LINES, high)
    axes.yaxis.set_label_coords(-0.46 / INSIDE, 1 - LINES / 2)


def _draw_bars(axes: Axes, table: pd.DataFrame, caption: Caption) -> None:
    timed = table[table["seconds"] > 0]
    beside = axes.twinx()
    shift, bar = _places(timed)
    floor = timed["seconds"].min() / 2
    for place_of, (label, arm) in enumerate(timed.groupby("label", sort=False)):
        style, x = caption.styles[str(label)], arm["labelled"] + shift[place_of]
        bars = [
            [(at - bar / 2, floor), (at - bar / 2, top), (at + bar / 2, top), (at + bar / 2, floor)]
            for at, top in zip(x, arm["seconds"], strict=True)
        ]
        beside.add_collection(PolyCollection(bars, facecolors=style.colour, alpha=0.55, linewidths=0), autolim=False)
        beside.plot(x, arm["seconds"], linestyle="", marker=style.marker, color=style.colour, markersize=2.5)
    _scale(beside, floor, timed["seconds"].max())


def _places(timed: pd.DataFrame) -> tuple[np.ndarray, float]:
    """How far each arm's bar stands from the number of labels, and how wide it is; in labels."""
    arms, labelled = timed["label"].nunique(), np.unique(timed["labelled"])
    step = np.diff(labelled).min() if len(labelled) > 1 else max(0.1 * labelled[0], 1)
    bar = 0.8 * step / arms
    return (np.arange(arms) - (arms - 1) / 2) * bar, float(0.92 * bar)  # (arms,)


def _scale(beside: Axes, floor: float, most: float) -> None:
    """A logarithmic axis whose lower part holds the bars, with ticks there alone."""
    beside.set_yscale("log")
    beside.set_ylim(floor, floor * (most / floor) ** (1 / BARS))
    decades = 10.0 ** np.arange(math.floor(math.log10(floor)), math.ceil(math.log10(most)) + 1)
    ticks = [tick for tick in decades if floor <= tick <= most * 1.01] or [most]
    beside.yaxis.set_major_locator(FixedLocator(ticks[:: -(-len(ticks) // 5)]))
    beside.yaxis.set_minor_locator(FixedLocator([]))
    beside.yaxis.set_major_formatter(lambda value, _: seconds(value))
    beside.set_ylabel("seconds per query (bars)", color=INK, fontsize=AXIS)
    beside.yaxis.set_label_coords(1 + 0.6 / INSIDE, BARS / 2)
    beside.tick_params(colors=INK, labelsize=TICK, length=3, width=0.6)
    for spine in beside.spines.values():
        spine.set_visible(False)


KIND = Kind("accuracy_and_time", "Accuracy, and time of queries", MEAN, each_group, series, draw, overlay=True)
