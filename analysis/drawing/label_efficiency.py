"""How many labels each arm needs for Random's final accuracy; an arrow where it never gets there."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from analysis.comparison import ArmSummary, Comparison
from analysis.drawing.canvas import EDGE, FAINT, INK, RULE, STAMP, TICK, Caption, Room, canvas, place
from analysis.drawing.kind import Kind
from analysis.drawing.measure import shorten, widest
from analysis.drawing.subject import NothingToDraw, Subject, each_group
from analysis.palette import Style

COLUMNS = ["label", "labels", "low", "high", "ratio", "reached", "target", "random_labels", "first", "last", "n"]
NAME, ROW, RATIO = 2.2, 0.27, 0.78  # inches: longest name, distance of rows, room for the ratio


def series(subject: Subject) -> pd.DataFrame:
    """Labels at which an arm's mean curve reaches Random's mean final accuracy (`target`, %), with a 95 % interval.

    Bootstrapped over the n seeds that both have complete; NaN is censored: not reached with the `last` labels that were
    bought. `random_labels` is what Random needs for the same, `ratio` ours over that, `reached` the share of bootstrap
    draws in which the arm gets there.
    """
    rows = [row for arm in subject.part.arms for row in _rows(subject.part, arm)]
    if not rows:
        raise NothingToDraw("no complete runs of Random and another arm with the same seed")
    return pd.DataFrame(rows, columns=COLUMNS)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A row per arm: a point with its interval over labels, beside the line of what Random needs."""
    figure, axes = canvas("labels needed for Random’s final accuracy", "")
    names = [shorten(caption.names[label], TICK, NAME) for label in table["label"]]
    first, last = float(table["first"].iloc[0]), float(table["last"].iloc[0])
    for row, (_, arm) in enumerate(table.iterrows()):
        _draw_arm(axes, row, arm, caption.styles[arm["label"]])
    _draw_random(axes, table["random_labels"].tolist())
    span = last - first
    axes.set(xlim=(first - 0.03 * span, last + 0.06 * span), ylim=(len(table) - 0.4, -0.6))
    axes.set_yticks(range(len(table)), names)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    left = EDGE + widest(names, TICK) + 0.12
    return place(figure, caption, Room(ROW * len(table) + 0.1, left, RATIO, above=0.2))


def _rows(part: Comparison, arm: ArmSummary) -> Iterator[tuple[object, ...]]:
    against = arm.against_random
    if against is None or against.labels is None:
        return
    found, labelled = against.labels, part.runs.labelled
    ours = [math.nan if value is None else value for value in (found.ours.value, found.ours.low, found.ours.high)]
    ratio, random = (math.nan if of.value is None else of.value for of in (found.ratio, found.theirs))
    known = ratio, found.ours.reached, 100 * found.target, random, labelled[0], labelled[-1], len(against.seeds)
    yield arm.arm["label"], *ours, *known


def _draw_arm(axes: Axes, row: int, arm: pd.Series[float], style: Style) -> None:
    last, colour = arm["last"], style.colour
    low = arm["labels"] if math.isnan(arm["low"]) else arm["low"]
    open_ended = math.isnan(arm["labels"]) or (math.isnan(arm["high"]) and arm["reached"] >= 0)
    high = last if open_ended else arm["labels"] if math.isnan(arm["high"]) else arm["high"]
    axes.hlines(row, last if math.isnan(low) else low, high, color=colour, linewidth=1.4)
    if open_ended:
        axes.plot(last, row, marker=">", color=colour, markersize=7, markeredgewidth=0, clip_on=False)
    if not math.isnan(arm["labels"]):
        axes.plot(arm["labels"], row, marker=style.marker or "o", color=colour, markersize=6, markeredgewidth=0)
    told = "not reached" if math.isnan(arm["ratio"]) else f"× {arm['ratio']:.2f}"
    place_of = axes.get_yaxis_transform()
    axes.text(1.01, row, told, fontsize=STAMP, color=INK, va="center_baseline", transform=place_of, clip_on=False)


def _draw_random(axes: Axes, needed: list[float]) -> None:
    """What Random needs: one line where all arms share its seeds."""
    rows = [[(labels, row - 0.5), (labels, row + 0.5)] for row, labels in enumerate(needed)]
    axes.add_collection(LineCollection(rows, colors=FAINT, linewidths=1, linestyles="--", zorder=1))
    axes.text(needed[0], -0.66, "Random", fontsize=STAMP, color=INK, ha="right", va="bottom")
    beside = axes.get_yaxis_transform()
    axes.text(1.01, -0.66, "of Random’s", fontsize=STAMP, color=INK, va="bottom", transform=beside)


SHOWS = "95 % bootstrap interval over seeds"
KIND = Kind("label_efficiency", "Labels needed for Random’s final accuracy", SHOWS, each_group, series, draw)
