"""What an arm reaches against what its queries cost, with the front of those that no other arm beats in both."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from analysis.comparison import ArmSummary
from analysis.drawing.canvas import FAINT, Caption, Entry, Room, canvas, place
from analysis.drawing.framing import frame, note_cut
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.subject import NothingToDraw, Subject, each_group
from analysis.palette import Style

COLUMNS = ["label", "seconds", "mean", "low", "high", "n", "failed", "front"]
WIDE = 50  # times the quickest, from where on a mark per decade is enough


def series(subject: Subject) -> pd.DataFrame:
    """Mean seconds per query, mean AUBC in % with its 95 % interval over n complete seeds, and whether it is in front.

    An arm is in the front where no other one is at least as quick and at least as good, and better in one of them; one
    that sees the pool's labels is no competitor.
    """
    shown = [arm for arm in subject.part.arms if arm.aubc.n > 0 and arm.costs.query.mean > 0]
    if len(shown) < 2:
        raise NothingToDraw("fewer than two arms with a complete run and a timed query")
    rivals = [arm for arm in shown if not arm.arm["sees_labels"]]
    return pd.DataFrame([_row(arm, rivals) for arm in shown], columns=COLUMNS)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A point with its interval per arm over logarithmic time, and the front as steps."""
    figure, axes = canvas("mean seconds per query", "AUBC, %")
    front = table[table["front"]].sort_values("seconds")
    (steps,) = axes.plot(front["seconds"], front["mean"], drawstyle="steps-post")
    steps.set(color=FAINT, linewidth=0.9, linestyle=":")
    legend: list[Entry] = [
        (_point(axes, arm, caption.styles[str(label)]), caption.names[str(label)])
        for label, arm in table.groupby("label", sort=False)
    ]
    axes.set_xscale("log")
    wide = table["seconds"].max() / table["seconds"].min() > WIDE
    axes.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(x=0.08)
    frame(axes, table, 0, 100)
    legend.append((steps, "front: none is quicker and better"))
    return place(figure, note_cut(caption, axes, table), Room(), legend)


def _row(arm: ArmSummary, rivals: list[ArmSummary]) -> tuple[object, ...]:
    front = arm in rivals and not any(_beats(other, arm) for other in rivals)
    area = [100 * value for value in (arm.aubc.mean, arm.aubc.low, arm.aubc.high)]
    return arm.arm["label"], arm.costs.query.mean, *area, arm.aubc.n, len(arm.imputed), front


def _beats(one: ArmSummary, other: ArmSummary) -> bool:
    ours, theirs = ((arm.costs.query.mean, -arm.aubc.mean) for arm in (one, other))
    return ours != theirs and ours[0] <= theirs[0] and ours[1] <= theirs[1]


def _point(axes: Axes, arm: pd.DataFrame, style: Style) -> Line2D:
    axes.vlines(arm["seconds"], arm["low"], arm["high"], color=style.colour, linewidth=1.1)
    (point,) = axes.plot(arm["seconds"], arm["mean"], linestyle="", color=style.colour, marker=style.marker or "o")
    point.set(markersize=6, markeredgewidth=0)
    return point


KIND = Kind("pareto", "Accuracy against time of queries", MEAN, each_group, series, draw)
