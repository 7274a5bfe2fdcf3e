"""Drawing: difference from Random as in Figure 2 of Mohamadi et al. 2022, and learning curves.

Pure functions from a table of analysis.series to a figure; nothing is read, written or kept in pyplot.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator

from analysis.palette import KNOWN, Style

INK, FAINT, RULE = "#22262B", "#6A7079", "#D9DCE0"
WIDTH, HEIGHT, ROW = 6.4, 4.0, 0.16  # inches; a row of the legend adds to the height
TICKS = 11  # how many numbers fit under the axis
LONGEST = 36  # letters of a name that fit into half the width


@dataclass(frozen=True)
class Caption:
    """What stands around a figure: its title, the line under it, and the name of each arm in the legend."""

    title: str
    stamp: str
    names: dict[str, str]
    styles: dict[str, Style]


def difference_figure(table: pd.DataFrame, caption: Caption) -> Figure:
    """Accuracy minus Random's over labels, with Random's own accuracy along the bottom."""
    figure, axes = _canvas(caption, "accuracy − Random’s, percentage points")
    random = axes.axhline(0, color=KNOWN["random"].colour, linewidth=1.2, zorder=1)
    lines = _draw(axes, table, caption)
    _print_random(axes, table)
    names = [caption.names[label] for label in lines]
    _legend(figure, [random, *lines.values()], ["Random (accuracy in % at the bottom)", *names])
    return figure


def curves_figure(table: pd.DataFrame, caption: Caption) -> Figure:
    """Mean accuracy over labels."""
    figure, axes = _canvas(caption, "accuracy, %")
    lines = _draw(axes, table, caption)
    _ticks(axes, table)
    _legend(figure, list(lines.values()), [caption.names[label] for label in lines])
    return figure


def _canvas(caption: Caption, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(layout="constrained")
    axes = figure.add_subplot()
    title = textwrap.fill(caption.title, 78, max_lines=2, placeholder=" …")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, color=INK, parse_math=False)
    axes.set_title(caption.stamp, loc="left", fontsize=7.5, color=FAINT, parse_math=False)
    axes.set_xlabel("labels", color=INK, fontsize=9.5)
    axes.set_ylabel(y_label, color=INK, fontsize=9.5)
    axes.tick_params(colors=INK, labelsize=8.5, length=3, width=0.6)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.045)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=FAINT, linewidth=0.6)
    return figure, axes


def _draw(axes: Axes, table: pd.DataFrame, caption: Caption) -> dict[str, Line2D]:
    """A line with its band per label, in the order of the table; the line of each label."""
    lines = {}
    for label, arm in table.groupby("label", sort=False):
        style, x = caption.styles[str(label)], arm["labelled"]
        axes.fill_between(x, arm["low"], arm["high"], color=style.colour, alpha=0.16, linewidth=0)
        (line,) = axes.plot(x, arm["mean"], style.dashes, color=style.colour, linewidth=1.5)
        line.set(marker=style.marker, markersize=4, markeredgewidth=0)
        lines[str(label)] = line
    return lines


def _print_random(axes: Axes, table: pd.DataFrame) -> None:
    """Random's mean accuracy in % in a strip along the bottom, under which no line is drawn."""
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in axes.get_yticks() if low <= tick <= high]))
    axes.set_ylim(low - 0.12 * (high - low), high)
    colour = KNOWN["random"].colour
    axes.add_patch(Rectangle((0, 0), 1, 0.085, transform=axes.transAxes, color=colour, alpha=0.13, linewidth=0))
    accuracy = dict(zip(table["labelled"], table["random_accuracy"], strict=True))
    for x in _ticks(axes, table):
        text = axes.text(x, 0.04, f"{accuracy[x]:.1f}", transform=axes.get_xaxis_transform(), fontsize=7.5, color=INK)
        text.set(ha="center", va="center")


def _ticks(axes: Axes, table: pd.DataFrame) -> list[int]:
    """Mark the label counts that were measured, thinned until they fit; returns those that are left."""
    measured = sorted(set(table["labelled"]))
    kept = measured[:: -(-len(measured) // TICKS)]
    axes.xaxis.set_major_locator(FixedLocator(kept))
    return kept


def _legend(figure: Figure, handles: Sequence[Line2D], names: Sequence[str]) -> None:
    """Below the axes. Names are set afterwards: matplotlib would hide those with an underscore before them."""
    numbered = [str(position) for position in range(len(names))]
    shortened = [textwrap.shorten(name, LONGEST, placeholder=" …") for name in names]
    columns = 3 if max(map(len, shortened), default=0) <= 24 else 2
    figure.set_size_inches(WIDTH, HEIGHT + ROW * -(-len(names) // columns))
    made = figure.legend(
        handles, numbered, loc="outside lower left", ncols=columns, frameon=False, fontsize=8, labelcolor=INK
    )
    for text, name in zip(made.get_texts(), shortened, strict=True):
        text.set(text=name, parse_math=False)
