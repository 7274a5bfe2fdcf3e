"""The sheet that every figure is drawn on: title and stamp above the axes, the legend below, all placed in inches.

Places are worked out from the measured widths of the texts: matplotlib's own layout engines draw everything twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.drawing.measure import shorten, widest, width, wrap
from analysis.palette import Style

INK, FAINT, RULE, ALERT = "#22262B", "#6A7079", "#D9DCE0", "#9A4A00"
WIDTH, EDGE = 6.4, 0.1  # inches
TITLE, STAMP, AXIS, TICK, LEGEND = 10.5, 7.5, 9.5, 8.5, 8.0  # points
LEADING = 1.35  # distance of lines over the size of their letters
HANDLE = 0.42  # inches that a line and its marker take before a name of the legend
LONGEST = 2.5  # inches of a name
Entry = tuple[Artist, str]


@dataclass(frozen=True)
class Caption:
    """What stands around a figure: its title, the lines under it, and name and look of each arm by its label.

    `notice` says what is missing or failed, "" where nothing is. `published` holds curves of others to draw beside
    ours: columns source, label, labelled and accuracy in %.
    """

    title: str
    stamp: str
    names: dict[str, str]
    styles: dict[str, Style]
    notice: str = ""
    published: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Room:
    """Inches that the axes need: their height, and what ticks, names and axis labels take on their sides."""

    height: float = 3.0
    left: float = 0.62
    right: float = 0.15
    below: float = 0.48
    above: float = 0.0
    width: float = WIDTH


def canvas(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    """A figure with one pair of axes of the house's look; `place` gives it its size."""
    figure = Figure()
    axes = figure.add_subplot()
    dress(axes, x_label, y_label)
    return figure, axes


def suffixed(name: str, suffix: str) -> str:
    """A name of the legend with what tells it from others of the name, of which as much is kept as fits."""
    kept = shorten(name, LEGEND, max(LONGEST - width(suffix, LEGEND), LONGEST / 2))
    return kept + shorten(suffix, LEGEND, LONGEST - width(kept, LEGEND))


def dress(axes: Axes, x_label: str = "", y_label: str = "") -> None:
    """The house's look: two thin spines, faint rules across, letters in ink."""
    axes.set_xlabel(x_label, color=INK, fontsize=AXIS)
    axes.set_ylabel(y_label, color=INK, fontsize=AXIS)
    axes.tick_params(colors=INK, labelsize=TICK, length=3, width=0.6)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    untitled(axes)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=FAINT, linewidth=0.6)


def untitled(axes: Axes) -> None:
    """Spare matplotlib the measuring of all tick labels, to find a place for a title that is not there."""
    axes.set_title("", y=1)


def place(figure: Figure, caption: Caption, room: Room, legend: Sequence[Entry] = ()) -> Figure:
    """Give the figure its size, the axes their place, and write what stands above and below them; returns it."""
    inside = room.width - 2 * EDGE
    columns, names = _columns([name for _, name in legend], inside)
    rows = -(-len(names) // columns) if names else 0
    lines = _lines(caption, inside)
    top = EDGE + sum(_height(size) for _, size, _ in lines) + 0.1 + room.above
    bottom = EDGE + rows * _height(LEGEND) + room.below
    height = top + room.height + bottom
    figure.set_size_inches(room.width, height)
    figure.subplots_adjust(room.left / room.width, bottom / height, 1 - room.right / room.width, 1 - top / height)
    _write(figure, lines, room.width, height)
    if names:
        _legend(figure, [artist for artist, _ in legend], names, columns)
    return figure


def _lines(caption: Caption, inside: float) -> list[tuple[str, float, str]]:
    """The lines above the axes: text, size and colour."""
    parts = ((caption.title, TITLE, INK, 2), (caption.notice, STAMP, ALERT, 2), (caption.stamp, STAMP, FAINT, 3))
    return [
        (line, size, colour) for text, size, colour, most in parts for line in wrap(text, size, inside, most) if line
    ]


def _write(figure: Figure, lines: list[tuple[str, float, str]], across: float, height: float) -> None:
    y = EDGE
    for line, size, colour in lines:
        figure.text(EDGE / across, 1 - y / height, line, size=size, color=colour, va="top", parse_math=False)
        y += _height(size)


def _columns(names: list[str], inside: float) -> tuple[int, list[str]]:
    """How many columns of names fit side by side, and the names cut to the longest that is allowed."""
    shortened = [shorten(name, LEGEND, LONGEST) for name in names]
    column = HANDLE + widest(shortened, LEGEND) + 0.15
    return max(1, min(int(inside / column), 4, len(names))), shortened


def _legend(figure: Figure, artists: list[Artist], names: list[str], columns: int) -> None:
    """Below the axes. Names are set afterwards: matplotlib would hide those with an underscore before them."""
    numbered = [str(position) for position in range(len(names))]
    across, height = figure.get_size_inches()
    made = figure.legend(
        artists,
        numbered,
        loc="lower left",
        bbox_to_anchor=(EDGE / across, 0.6 * EDGE / height),
        ncols=columns,
        frameon=False,
        fontsize=LEGEND,
        labelcolor=INK,
        borderpad=0,
        borderaxespad=0,
        labelspacing=LEADING - 1,
        handlelength=2.4,
        columnspacing=1.5,
    )
    for text, name in zip(made.get_texts(), names, strict=True):
        text.set(text=name, parse_math=False)


def _height(size: float) -> float:
    return size / 72 * LEADING
