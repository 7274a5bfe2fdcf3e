"""A matrix of numbers in coloured cells: light colours, so that dark letters read on all of them, on any page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

from analysis.drawing.canvas import EDGE, INK, LEADING, LEGEND, LONGEST, TICK, WIDTH, Caption, Room, place, untitled
from analysis.drawing.inscriptions import Inscriptions, Names
from analysis.drawing.measure import shorten, widest, wrap
from analysis.runs import Floats

ON_COLOUR, EMPTY = "#16181B", "#ECEDEE"
LEAST, CELL, MOST = 0.3, 0.27, 0.95  # inches: narrowest cell, height of a cell, widest cell under an upright name
BARE = 0.03  # inches of a cell without a number
UPRIGHT = 1.6  # inches of a name above a column
RISING, AROUND = ("#F8FAFB", "#BBD9EE", "#6FAFDD"), ("#F3BD8A", "#F6F5F2", "#4F97D1")  # from low by the middle to high
LEFT, UP = (-3.5 / 72, 0), (0, 3.5 / 72)  # inches of a name from its row or column
SMALLEST, LARGEST = 6.0, 8.0  # points


@dataclass(frozen=True, eq=False)
class Matrix:
    """Values (r, c) that colour the cells between `low` and `high`, NaN for none, and what is written in them."""

    values: Floats
    texts: Sequence[Sequence[str]]
    rows: Sequence[str]
    columns: Sequence[str]
    low: float
    high: float
    colours: tuple[str, ...] = RISING


def heat_map(matrix: Matrix, caption: Caption, note: str, beside: float = 0.0) -> Figure:
    """A figure of one matrix, rows named on its left, columns above it and the note below it.

    `beside` inches stay free on its right.
    """
    rows = [shorten(name, TICK, LONGEST) for name in matrix.rows]
    columns = [shorten(name, TICK, UPRIGHT) for name in matrix.columns]
    left = EDGE + widest(rows, TICK) + 0.12
    cell, upright = _cell(matrix, columns, WIDTH - left - EDGE - beside)
    above = (widest(columns, TICK) if upright else TICK / 72) + 0.1
    width = max(WIDTH, left + cell * len(columns) + beside + EDGE)
    notes = wrap(note, LEGEND, width - 2 * EDGE, 3)
    figure = Figure()
    axes = figure.add_subplot()
    _paint(axes, matrix)
    _write(axes, matrix, cell)
    _name(axes, rows, columns, upright)
    below = 0.08 + len(notes) * LEGEND / 72 * LEADING
    room = Room(CELL * len(rows), left, width - left - cell * len(columns), below, above, width)
    placed = place(figure, caption, room)
    placed.text(EDGE / width, EDGE / placed.get_size_inches()[1], "\n".join(notes), size=LEGEND, color=INK)
    return placed


def _cell(matrix: Matrix, columns: Sequence[str], room: float) -> tuple[float, bool]:
    """The width of a cell, and whether the columns' names stand upright."""
    written = widest([text for row in matrix.texts for text in row], SMALLEST)
    share, least = room / len(columns), max(LEAST, written + 0.1) if written else BARE
    named = sum(bool(name) for name in columns)
    lying = (widest(list(columns), TICK) + 0.14) * named / len(columns)  # names between which others are left out
    if lying <= max(share, least):
        return max(lying, min(share, MOST), least), False
    return max(min(share, MOST), least), True


def _paint(axes: Axes, matrix: Matrix) -> None:
    rows, columns = matrix.values.shape
    shown = np.ma.masked_invalid(matrix.values)
    colours = LinearSegmentedColormap.from_list("cells", matrix.colours).with_extremes(bad=EMPTY)
    axes.pcolormesh(shown, cmap=colours, vmin=matrix.low, vmax=matrix.high, edgecolors="white", linewidth=0.8)
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    untitled(axes)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _write(axes: Axes, matrix: Matrix, cell: float) -> None:
    """What stands in the cells, in the largest letters that fit the longest of them."""
    longest = widest([text for row in matrix.texts for text in row], LARGEST)
    size = min(LARGEST, LARGEST * (cell - 0.04) / longest) if longest else LARGEST
    written = [
        (column + 0.5, row + 0.5, text)
        for row, texts in enumerate(matrix.texts)
        for column, text in enumerate(texts)
        if text
    ]
    if written:
        axes.add_artist(Inscriptions(axes, written, size, ON_COLOUR)).set_zorder(3)  # as texts are


def _name(axes: Axes, rows: list[str], columns: list[str], upright: bool) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_visible(False)
    left, top = _model(axes, *LEFT), _model(axes, *UP)
    left.set(ha="right", va="center_baseline")
    top.set(ha="center", va="bottom", rotation=90 if upright else 0)
    axes.add_artist(Names(left, [(0, row + 0.5, name) for row, name in enumerate(rows)]))
    axes.add_artist(Names(top, [(column + 0.5, 0, name) for column, name in enumerate(columns)]))


def _model(axes: Axes, x: float, y: float) -> Text:
    """A name that stands so many inches away from its place."""
    shift = ScaledTranslation(x, y, axes.figure.dpi_scale_trans)
    made = Text(fontsize=TICK, color=INK, parse_math=False, transform=axes.transData + shift)
    made.set_figure(axes.figure)
    return made
