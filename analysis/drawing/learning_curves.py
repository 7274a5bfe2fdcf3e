"""Learning curves: mean accuracy over labels. Figure 3c of Mohamadi et al. 2022 is one, of acquisition functions."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.canvas import Caption, Entry, Room, canvas, place
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
from analysis.drawing.subject import Subject, each_group


def series(subject: Subject) -> pd.DataFrame:
    """Accuracy in % per arm and cycle, with the 95 % interval of the mean over the n seeds that have the cycle."""
    return stacked(curves(subject.part).values(), "no finished cycle")


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A line with its band per arm."""
    figure, axes = canvas("labels", "accuracy, %")
    shade = shade_of(table["label"].nunique())
    legend: list[Entry] = [
        (draw_line(axes, arm, caption.styles[str(label)], shade), caption.names[str(label)])
        for label, arm in table.groupby("label", sort=False)
    ]
    frame_accuracy(axes, table, caption.published)
    legend += draw_published(axes, caption.published)
    mark_labels(axes, label_counts(table, caption.published))
    return place(figure, note_cut(caption, axes, table), Room(), legend)


KIND = Kind("learning_curves", "Learning curves", MEAN, each_group, series, draw, overlay=True)
