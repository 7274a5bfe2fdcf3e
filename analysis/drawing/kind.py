"""A kind of figure: what it shows of what, the table behind it, and the drawing of that table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.canvas import Caption
from analysis.drawing.subject import Split, Subject

MEAN = "mean and 95 % interval of the mean"


@dataclass(frozen=True)
class Kind:
    """One row of the registry.

    `series` makes the table that is drawn and stands beside the figure as CSV, in the units of the axes, with a column
    `n` (how many of `unit` each row was taken from) where it has one; it raises NothingToDraw where data are missing.
    `draw` is a pure function of that table. `shows` begins the line under the title. `overlay`: published curves can be
    drawn into it. `otherwise` is what a sweep lacks that has no subject for it.
    """

    name: str
    title: str
    shows: str
    split: Split
    series: Callable[[Subject], pd.DataFrame]
    draw: Callable[[pd.DataFrame, Caption], Figure]
    unit: str = "seeds"
    overlay: bool = False
    otherwise: str = "no group of arms"
