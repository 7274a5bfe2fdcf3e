"""Lines over labels with their 95 % bands, and the marks on the axis of labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from analysis.drawing.canvas import TICK, Entry
from analysis.drawing.measure import width
from analysis.palette import Style

SIDE = 0.045  # of the span of all label counts, on the left and right of them
PUBLISHED, PUBLISHED_DASHES = "#8A8A8A", ((5, 2), (1.5, 1.5), (7, 1.5, 1.5, 1.5), (3, 3))


def draw_line(axes: Axes, curve: pd.DataFrame, style: Style, shade: float = 0.15) -> Line2D:
    """One line with markers over `labelled`, and the band from `low` to `high` where `shade` is not 0."""
    x, y = curve["labelled"], curve["mean"]
    if shade:
        _shade(axes, curve[["labelled", "low", "high"]].to_numpy(dtype=np.float64), style.colour, shade)
    (line,) = axes.plot(x, y, linestyle=style.dashes, color=style.colour, linewidth=1.5, marker=style.marker)
    line.set(markersize=4.5 if style.hollow else 4, markeredgewidth=1.0 if style.hollow else 0)
    if style.hollow:
        line.set_markerfacecolor("none")
    return line


def _shade(axes: Axes, ends: np.ndarray, colour: str, alpha: float) -> None:
    """The band of (labelled, low, high) in each row of ends (c, 3), with a gap where one is NaN."""
    if np.isnan(ends).any():
        axes.fill_between(*ends.T, color=colour, alpha=alpha, linewidth=0)
        return
    low, high = ends[:, [0, 1]], ends[:, [0, 2]]  # (c, 2) each
    around = np.concatenate([high[:1], low, high[-1:], high[::-1]])  # (2 + 2c, 2)
    axes.update_datalim(around)  # a collection does the same, and slowly
    axes.add_collection(PolyCollection([around], color=colour, alpha=alpha, linewidth=0), autolim=False)


def shade_of(lines: int) -> float:
    """How dark a band may be among so many that the lines stay readable."""
    return 0.15 if lines <= 4 else 0.1 if lines <= 8 else 0.06


def draw_published(axes: Axes, published: pd.DataFrame) -> list[Entry]:
    """Curves of other people, thin and grey; what the legend says of each, its source with it."""
    entries: list[Entry] = []
    if published.empty:
        return entries
    for number, ((source, label), curve) in enumerate(published.groupby(["source", "label"], sort=False)):
        pattern = PUBLISHED_DASHES[number % len(PUBLISHED_DASHES)]
        (line,) = axes.plot(curve["labelled"], curve["accuracy"], color=PUBLISHED, linewidth=0.9, dashes=pattern)
        line.set(marker="+x1234"[number // len(PUBLISHED_DASHES) % 6], markersize=3, markeredgewidth=0.7)
        entries.append((line, f"{label} ({source})"))
    return entries


def label_counts(table: pd.DataFrame, published: pd.DataFrame) -> list[float]:
    """Our label counts, and those of other people that lie beyond them."""
    ours = table["labelled"]
    if published.empty:
        return [*ours]
    return [*ours, *(each for each in published["labelled"] if not ours.min() <= each <= ours.max())]


def mark_labels(axes: Axes, labelled: Iterable[float], inches: float = 5.5) -> list[int]:
    """Mark the label counts that were measured, as many as fit beside each other; returns those.

    Whatever is drawn over labels must be drawn before: how much room they have depends on how far it reaches.
    """
    measured = sorted({int(each) for each in labelled})
    axes.margins(x=SIDE)
    kept = _apart(measured, inches / 1.1 / _reach(axes, measured))
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    return kept


def _reach(axes: Axes, measured: list[int]) -> float:
    """How many labels lie between the ends of all that is drawn."""
    left, right = axes.get_xlim()
    return max((right - left) / (1 + 2 * SIDE), measured[-1] - measured[0], 1) if measured else 1


def _apart(values: list[int], scale: float) -> list[int]:
    """The values whose numbers do not touch at so many inches per label; the first is always among them."""
    gap = max((width(str(value), TICK) for value in values), default=0.0) + 0.08
    kept: list[int] = []
    for value in values:
        if not kept or (value - kept[-1]) * scale >= gap:
            kept.append(value)
    return kept
