"""One arm's learning curves at several values of a setting, a panel per arm: appendix C of Mohamadi et al. 2022 shows
LL4AL at several learning rates so."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.drawing.canvas import AXIS, INK, TICK, Caption, Entry, Room, dress, place
from analysis.drawing.cycles import curves, stacked
from analysis.drawing.framing import frame, note_cut
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.lines import draw_line, mark_labels, shade_of
from analysis.drawing.measure import shorten
from analysis.drawing.setting import brief
from analysis.drawing.subject import NO_GRID, NothingToDraw, Subject, each_axis
from analysis.palette import Style, ramp

COLUMNS, MOST_VALUES, MOST_ARMS = 3, 8, 15


def series(subject: Subject) -> pd.DataFrame:
    """Accuracy in % per arm, `value` of the setting and cycle, with its 95 % interval over seeds.

    The categories of `value` are all values of the plan in its order, whether they have rows yet or not.
    """
    values, arms = subject.values, dict.fromkeys(arm["label"] for arm in subject.arms)
    if len(values) > MOST_VALUES or len(arms) > MOST_ARMS:
        raise NothingToDraw(f"{len(arms)} arms at {len(values)} values are too many for one plot")
    found = [
        curve
        for part, value in zip(subject.parts, values, strict=True)
        for curve in curves(part, setting=subject.axis, value=value).values()
    ]
    table = stacked(found, "no finished cycle")
    table = pd.concat([table[table["label"] == arm] for arm in arms], ignore_index=True)
    return table.assign(value=pd.Categorical(table["value"], categories=list(dict.fromkeys(values))))


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A panel per arm on one scale, a line per value."""
    labels = list(table["label"].unique())
    columns = min(COLUMNS, len(labels))
    rows = -(-len(labels) // columns)
    figure = Figure()
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    looks = _looks(table["value"])
    for number, (axes, label) in enumerate(zip(grid, labels, strict=False)):
        _panel(axes, table[table["label"] == label], looks, caption.names[label], columns)
        axes.set_ylabel("accuracy, %" if number % columns == 0 else "", color=INK, fontsize=AXIS)
        axes.set_xlabel("labels" if number + columns >= len(labels) else "", color=INK, fontsize=AXIS)
        axes.tick_params(labelbottom=number + columns >= len(labels))
    for axes in grid[len(labels) :]:
        axes.set_visible(False)
    frame(grid[0], table, 0, 100)
    mark_labels(grid[0], table["labelled"], 5.2 / columns)
    setting = table["setting"].iloc[0]
    legend: list[Entry] = [(_key(look), brief(f"{setting}={value}")) for value, look in looks.items()]
    room = Room(height=2.6 if rows == 1 else 1.9 * rows, above=0.12)
    placed = place(figure, note_cut(caption, grid[0], table), room, legend)
    figure.subplots_adjust(wspace=0.08, hspace=0.42 if rows > 1 else 0.2)
    return placed


def _looks(values: pd.Series[str]) -> dict[str, Style]:
    """The look of each value that has rows; it does not change when others come in."""
    planned = values.cat.categories
    ramped = zip(planned, ramp(len(planned)), strict=True)
    return {value: look for value, look in ramped if (values == value).any()}


def _panel(axes: Axes, arm: pd.DataFrame, looks: dict[str, Style], name: str, columns: int) -> None:
    dress(axes)
    shade = shade_of(len(looks))
    for value, curve in arm.groupby("value", sort=False, observed=True):
        draw_line(axes, curve, looks[str(value)], shade).set_markersize(3)
    title = shorten(name, TICK, 5.4 / columns)
    axes.set_title(title, loc="left", y=1, fontsize=TICK, color=INK, parse_math=False, pad=3)


def _key(look: Style) -> Line2D:
    """A line of the legend; any one panel may lack a value."""
    line = Line2D([], [], color=look.colour, marker=look.marker, markersize=3, linewidth=1.5)
    line.set_linestyle(look.dashes)
    return line


KIND = Kind("curves_by_setting", "Learning curves by setting", MEAN, each_axis, series, draw, otherwise=NO_GRID)
