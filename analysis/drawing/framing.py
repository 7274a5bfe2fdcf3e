"""What part of a figure's values its axes show, and how it says that something is not among it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox, TransformedBbox

from analysis.drawing.canvas import Caption
from analysis.runs import Floats

EXCESS = 2.0  # of the span of the means, by which intervals and failed runs may exceed them before they are cut off
MARGIN, TINY = 0.05, 1e-6
CUT = "not all of it is in the frame: see the CSV"


def frame_accuracy(axes: Axes, table: pd.DataFrame, published: pd.DataFrame) -> None:
    """Make accuracies in %, and those of other people beside them, fill the axes."""
    frame(axes, table, 0, 100, beside=[] if published.empty else published["accuracy"])


def frame(
    axes: Axes, table: pd.DataFrame, least: float = -math.inf, most: float = math.inf, beside: Iterable[float] = ()
) -> None:
    """Make the means, and values beside them, fill the axes.

    What may run out of them are the wide intervals of few seeds, and means of failed runs alone, where the table tells
    `failed` of `n`: far from the others, chance would flatten all that can be compared. Nothing is shown below `least`
    and above `most`, where nothing can be.
    """
    means = np.array([*_telling(table)["mean"], *beside])  # (rows,)
    span = max(float(np.ptp(means)), MARGIN * float(np.abs(means).max()), TINY)
    lowest, highest = means.min() - EXCESS * span, means.max() + EXCESS * span
    near = table[table["mean"].between(lowest, highest)]
    low, high = max(lowest, min(means.min(), *_lows(near))), min(highest, max(means.max(), *_highs(near)))
    room = MARGIN * max(high - low, span)
    axes.set_ylim(max(low - room, least), min(high + room, most))


def keep_inside(axes: Axes) -> None:
    """Show what is drawn by now no further than the axes reach now: they will make room for something else."""
    (low, high), across = axes.get_ylim(), axes.get_yaxis_transform()
    for artist in (*axes.lines, *axes.collections):
        artist.set_clip_box(TransformedBbox(Bbox.from_extents(0, low, 1, high), across))


def note_cut(caption: Caption, axes: Axes, table: pd.DataFrame) -> Caption:
    """The caption, whose stamp names lines that are outside the axes, and says so where others are cut off."""
    low, high = axes.get_ylim()
    inside = table["mean"].between(low, high).groupby([table[name] for name in _naming(table)], observed=True)
    gone = ~inside.transform("any")  # (rows,)
    lines = table.loc[gone, _naming(table)].drop_duplicates().itertuples(index=False)
    names = [" ".join((caption.names[label], *(f"({each})" for each in setting))) for label, *setting in lines]
    told = [f"outside the frame: {', '.join(names)}"] if names else []
    return note(caption, [*told, *([CUT] if runs_out(axes, table[~gone]) else [])])


def note(caption: Caption, told: Sequence[str]) -> Caption:
    """The caption with this behind its stamp."""
    return replace(caption, stamp=" · ".join([caption.stamp, *told]))


def runs_out(axes: Axes, table: pd.DataFrame) -> bool:
    """Whether a mean or an interval of the table runs out of the axes as they are framed now."""
    low, high = axes.get_ylim()
    return bool((_lows(table) < low).any() or (_highs(table) > high).any())


def _naming(table: pd.DataFrame) -> list[str]:
    """The columns that tell its lines apart, the label first."""
    return ["label", *(name for name in ("setting", "value") if name in table and table[name].nunique() > 1)]


def _telling(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not of failed runs alone; all of them where there are no others."""
    if "failed" not in table:
        return table
    finished = table[table["failed"] < table["n"]]
    return table if finished.empty else finished


def _lows(table: pd.DataFrame) -> Floats:
    """The lower end of each interval (rows,), the mean where there is none."""
    return np.fmin(table["mean"].to_numpy(dtype=np.float64), table["low"].to_numpy(dtype=np.float64))


def _highs(table: pd.DataFrame) -> Floats:
    return np.fmax(table["mean"].to_numpy(dtype=np.float64), table["high"].to_numpy(dtype=np.float64))
