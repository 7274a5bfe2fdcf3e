"""What an arm gains over its own Random at each value of a setting: Figure 3b of Mohamadi et al. 2022, over widths."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.comparison import Comparison
from analysis.drawing.canvas import TICK, Caption, Entry, Room, canvas, place
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.lines import frame
from analysis.drawing.measure import shorten
from analysis.drawing.setting import numbers
from analysis.drawing.subject import NO_GRID, NothingToDraw, Subject, each_axis
from analysis.palette import KNOWN

ACROSS = 5.6  # inches of the axis of values
COLUMNS = ["label", "setting", "value", "x", "mean", "low", "high", "n"]
DODGE, BESIDE = 0.5, 0.015  # most that the arms of one value are spread, of its distance to the next; one step, of all


def series(subject: Subject) -> pd.DataFrame:
    """AUBC minus own Random's in percentage points per arm and `value` of the setting, paired by seed, with its 95 %
    interval.

    `x` is the value where all of them are numbers (on a logarithmic axis its logarithm), else its place in the list.
    """
    values = subject.values
    places = dict(zip(values, _places(values), strict=True))
    rows = [row for part, value in zip(subject.parts, values, strict=True) for row in _improvements(part, value)]
    if not rows:
        raise NothingToDraw("no complete run of Random and another arm with the same seed")
    found = pd.DataFrame(rows, columns=["label", "value", "mean", "low", "high", "n"])
    return found.assign(setting=subject.axis, x=found["value"].map(places))[COLUMNS]


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A point with its interval per arm and value, joined along the values where they are numbers."""
    figure, axes = canvas(str(table["setting"].iloc[0]), "AUBC − own Random’s, percentage points")
    random = axes.axhline(0, color=KNOWN["random"].colour, linewidth=1.2, zorder=1)
    places: dict[float, str] = dict(zip(table["x"].tolist(), table["value"].tolist(), strict=True))
    numeric = numbers(list(places.values())) is not None
    legend: list[Entry] = [(random, "Random at the same value"), *_lines(axes, table, caption, numeric)]
    texts = [shorten(value, TICK, 0.94 * ACROSS / len(places)) for value in places.values()]
    axes.set_xticks(list(places), texts)
    for text in axes.get_xticklabels():
        text.set_parse_math(False)
    edge = 0.06 * (max(places) - min(places)) if numeric and len(places) > 1 else 0.5
    axes.set_xlim(min(places) - edge, max(places) + edge)
    frame(axes, table, beside=0.0)
    return place(figure, caption, Room(), legend)


def _improvements(part: Comparison, value: str) -> Iterator[tuple[object, ...]]:
    for arm in part.arms:
        found = None if arm.against_random is None else arm.against_random.difference
        if found is not None and found.n > 0:
            yield arm.arm["label"], value, 100 * found.mean, 100 * found.low, 100 * found.high, found.n


def _places(values: list[str]) -> list[float]:
    """Where each value stands: as the number that it is, as its logarithm where they span decades, or in turn."""
    found = numbers(values)
    if found is None:
        return [float(position) for position in range(len(values))]
    wide = min(found) > 0 and max(found) / min(found) >= 8
    return [math.log10(value) for value in found] if wide else found


def _lines(axes: Axes, table: pd.DataFrame, caption: Caption, joined: bool) -> Iterator[tuple[Line2D, str]]:
    labels = list(table["label"].unique())
    ordered = sorted(table["x"].unique())
    gap = min((after - before for before, after in pairwise(ordered)), default=1.0)
    step = DODGE * gap / len(labels)
    if joined:
        step = min(step, BESIDE * (ordered[-1] - ordered[0]))
    for place_of, label in enumerate(labels):
        arm, style = table[table["label"] == label].sort_values("x"), caption.styles[label]
        x = arm["x"] + step * (place_of - (len(labels) - 1) / 2)
        axes.vlines(x, arm["low"], arm["high"], color=style.colour, linewidth=1.1)
        (line,) = axes.plot(x, arm["mean"], linestyle=style.dashes if joined else "", color=style.colour, linewidth=0.9)
        line.set(marker=style.marker, markersize=5, markeredgewidth=0)
        yield line, caption.names[label]


KIND = Kind(
    "improvement_by_setting", "Improvement over Random by setting", MEAN, each_axis, series, draw, otherwise=NO_GRID
)
