"""Labels revealed after each pick against labels revealed after the whole batch: Figure 3a of Mohamadi et al. 2022.

Sequential queries are another protocol, not a better strategy: both are shown beside one Random.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.comparison import Comparison
from analysis.drawing.canvas import Caption, Entry, Room, canvas, place, suffixed
from analysis.drawing.cycles import curves, stacked
from analysis.drawing.framing import frame_accuracy, note_cut
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.lines import (
    draw_line,
    draw_published,
    label_counts,
    mark_labels,
    shade_of,
)
from analysis.drawing.subject import NO_PROTOCOLS, Subject, control_of, each_protocol
from analysis.palette import variants


def series(subject: Subject) -> pd.DataFrame:
    """Accuracy in % per arm, protocol (`setting`) and cycle; Random, which no label influences, of one protocol."""
    ordered = sorted(zip(subject.values, subject.parts, strict=True), key=lambda each: each[0] != "batch")
    shown = next((part for _, part in ordered if part.group.control is not None), None)
    tables = [table for protocol, part in ordered for table in _curves(part, protocol, part is shown)]
    return stacked(tables, "no finished cycle")


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A line per arm and protocol: batch as the arm always looks, sequential with outlined markers and dashes."""
    figure, axes = canvas("labels", "accuracy, %")
    legend: list[Entry] = [*_lines(axes, table, caption), *draw_published(axes, caption.published)]
    frame_accuracy(axes, table, caption.published)
    mark_labels(axes, label_counts(table, caption.published))
    return place(figure, note_cut(caption, axes, table), Room(), legend)


def _curves(part: Comparison, protocol: str, with_random: bool) -> Iterator[pd.DataFrame]:
    for arm, curve in curves(part).items():
        if arm != control_of(part):
            yield curve.assign(setting=protocol)
        elif with_random:
            yield curve.assign(setting="")


def _lines(axes: Axes, table: pd.DataFrame, caption: Caption) -> Iterator[tuple[Line2D, str]]:
    protocols = [setting for setting in table["setting"].unique() if setting]
    shade = shade_of(table.groupby(["label", "setting"]).ngroups)
    for (label, setting), arm in table.groupby(["label", "setting"], sort=False):
        position = protocols.index(setting) if setting else 0
        look = variants(caption.styles[str(label)], len(protocols))[position]
        name = caption.names[str(label)]
        yield draw_line(axes, arm, look, shade), suffixed(name, f", {setting}") if setting else name


KIND = Kind(
    "sequential_and_batch",
    "Sequential and batch queries",
    MEAN,
    each_protocol,
    series,
    draw,
    overlay=True,
    otherwise=NO_PROTOCOLS,
)
