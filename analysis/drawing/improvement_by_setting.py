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
from analysis.drawing.framing import frame, note_cut
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.measure import shorten, widest
from analysis.drawing.setting import numbers
from analysis.drawing.subject import NO_GRID, NothingToDraw, Subject, each_axis
from analysis.palette import KNOWN

ACROSS, APART = 5.6, 0.05  # inches of the axis of values, and between two of them
EDGE = 0.06  # of the span of values, on its left and right
COLUMNS = ["label", "setting", "value", "x", "mean", "low", "high", "n", "failed"]
DODGE, BESIDE = 0.5, 0.015  # most that the arms of one value are spread, of its distance to the next; one step, of all


def series(subject: Subject) -> pd.DataFrame:
    """AUBC minus own Random's in percentage points per arm and `value` of the setting, paired by seed, with its 95 %
    interval; `failed` of the n pairs are those of failed runs, scored as chance.

    `x` is the value where all of them are numbers that stand far enough apart (on a logarithmic axis its logarithm),
    else its place in turn: by size where they are numbers, by the list where they are not.
    """
    by_part = zip(subject.parts, subject.values, strict=True)
    rows = [row for part, value in by_part for row in _improvements(part, value)]
    if not rows:
        raise NothingToDraw("no complete run of Random and another arm with the same seed")
    found = pd.DataFrame(rows, columns=["label", "value", "mean", "low", "high", "n", "failed"])
    values = list(found["value"].unique())
    places = dict(zip(values, _places(values), strict=True))
    return found.assign(setting=subject.axis, x=found["value"].map(places))[COLUMNS]


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A point with its interval per arm and value, joined along the values where they stand as numbers."""
    figure, axes = canvas(str(table["setting"].iloc[0]), "AUBC − own Random’s, percentage points")
    random = axes.axhline(0, color=KNOWN["random"].colour, linewidth=1.2, zorder=1)
    places: dict[float, str] = dict(zip(table["x"].tolist(), table["value"].tolist(), strict=True))
    to_scale = _to_scale(list(places.values())) is not None
    legend: list[Entry] = [(random, "Random at the same value"), *_lines(axes, table, caption, to_scale)]
    axes.set_xticks(list(places), _texts(list(places.values())))
    for text in axes.get_xticklabels():
        text.set_parse_math(False)
    edge = EDGE * (max(places) - min(places)) if to_scale and len(places) > 1 else 0.5
    axes.set_xlim(min(places) - edge, max(places) + edge)
    frame(axes, table, beside=[0.0])
    return place(figure, note_cut(caption, axes, table), Room(), legend)


def _improvements(part: Comparison, value: str) -> Iterator[tuple[object, ...]]:
    for arm in part.arms:
        against = arm.against_random
        if against is not None and against.difference.n > 0:
            found, failed = against.difference, len({*arm.imputed} & {*against.seeds})
            yield arm.arm["label"], value, 100 * found.mean, 100 * found.low, 100 * found.high, found.n, failed


def _places(values: list[str]) -> list[float]:
    """Where each value stands: as the number that it is, or in turn."""
    scaled, found = _to_scale(values), numbers(values)
    if scaled is not None:
        return scaled
    order = values if found is None else sorted(values, key=float)
    return [float(order.index(value)) for value in values]


def _to_scale(values: list[str]) -> list[float] | None:
    """The values as numbers, or as logarithms where they span decades; None where they are none or run together."""
    found = numbers(values)
    if found is None:
        return None
    wide = min(found) > 0 and max(found) / min(found) >= 8
    scaled = [math.log10(value) for value in found] if wide else found
    room = _least_gap(scaled) / max(max(scaled) - min(scaled), 1e-300) * ACROSS / (1 + 2 * EDGE)  # inches
    return scaled if len(scaled) == 1 or room >= widest(_texts(values), TICK) + APART else None


def _least_gap(places: list[float]) -> float:
    return min((after - before for before, after in pairwise(sorted(places))), default=1.0)


def _texts(values: list[str]) -> list[str]:
    """What stands below each value, as much of it as has room where they stand in turn."""
    return [shorten(value, TICK, 0.94 * ACROSS / len(values)) for value in values]


def _lines(axes: Axes, table: pd.DataFrame, caption: Caption, joined: bool) -> Iterator[tuple[Line2D, str]]:
    labels = list(table["label"].unique())
    places = table["x"].unique().tolist()
    step = DODGE * _least_gap(places) / len(labels)
    if joined:
        step = min(step, BESIDE * (max(places) - min(places)))
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
