"""What is drawn stands inside the axes, and a figure says where something does not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from every_kind import written
from matplotlib.figure import Figure

from analysis.drawing import (
    accuracy_and_time,
    curves_by_setting,
    difference_from_random,
    fidelity,
    improvement_by_setting,
    learning_curves,
    pareto,
    sequential_and_batch,
)
from analysis.drawing.canvas import Caption
from analysis.drawing.lines import CUT
from analysis.palette import styles

Draw = Callable[[pd.DataFrame, Caption], Figure]
OVERLAID = [learning_curves.draw, sequential_and_batch.draw, accuracy_and_time.draw]
LABELLED = range(1000, 5001, 500)


def caption(published: pd.DataFrame | None = None) -> Caption:
    theirs = pd.DataFrame() if published is None else published
    names = ("random", "margin")
    return Caption("title", "stamp", {name: name for name in names}, styles(names), published=theirs)


def ours(half: float = 1.0, last: float | None = None) -> pd.DataFrame:
    """Margin from 30 to 45 % with intervals of this half width, the last one of another; every column of every kind."""
    mean = np.linspace(30, 45, len(LABELLED))
    halves = np.full(len(mean), half)
    halves[-1] = half if last is None else last
    known = {"label": "margin", "setting": "batch", "x": 1.0, "seconds": 0.1, "front": True, "n": 3}
    curve = {"labelled": LABELLED, "mean": mean, "low": mean - halves, "high": mean + halves}
    return pd.DataFrame({**curve, "random_accuracy": 50.0}).assign(**known, value=pd.Categorical(["1"] * len(mean)))


def theirs(labelled: list[float], accuracy: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"source": "a.csv", "label": "badge", "labelled": labelled, "accuracy": accuracy})


@pytest.mark.parametrize("draw", OVERLAID)
@pytest.mark.parametrize("accuracy", [[8.0, 28.0], [60.0, 93.0]])
def test_curves_of_others_are_inside_the_axes(draw: Draw, accuracy: list[float]) -> None:
    axes = draw(ours(), caption(theirs([1000, 5000], accuracy))).axes[0]
    low, high = axes.get_ylim()
    assert low < min(accuracy)
    assert max(accuracy) < high


def test_curves_of_others_do_not_run_under_the_bars() -> None:
    published = theirs([1000, 5000], [8, 28])
    lines, bars = accuracy_and_time.draw(ours(), caption(published)).axes
    tallest = max(path.vertices[:, 1].max() for one in bars.collections for path in one.get_paths())
    assert bars.transData.transform((0, tallest))[1] < lines.transData.transform((0, 8))[1]


@pytest.mark.parametrize("draw", OVERLAID)
@pytest.mark.parametrize("last", [2.0, 50_000.0])
def test_marks_do_not_touch_where_others_have_more_labels(draw: Draw, last: float) -> None:
    figure = draw(ours(), caption(theirs([2.0, last], [50, 60])))
    marks = {f"{tick:.0f}" for tick in figure.axes[0].get_xticks()}
    assert f"{last:.0f}" in marks
    boxes = [box for text, places in written(figure).items() if text in marks for box in places]
    ordered = sorted((box.x0, box.x1) for box in boxes)
    assert len(ordered) == len(marks) > 1
    assert all(before[1] < after[0] for before, after in pairwise(ordered))


@pytest.mark.parametrize(
    "draw",
    [
        *OVERLAID,
        curves_by_setting.draw,
        difference_from_random.draw,
        difference_from_random.draw_across,
        improvement_by_setting.draw,
        pareto.draw,
    ],
)
def test_a_figure_says_where_intervals_are_cut_off_and_only_there(draw: Draw) -> None:
    cut, whole = (" ".join(written(draw(table, caption()))) for table in (ours(last=100.0), ours()))
    assert CUT in cut
    assert CUT not in whole


def audit(figure: str, mean: float, half: float) -> pd.DataFrame:
    rows = [("random", "naive", figure, cycle, 100 * cycle, mean, mean - half, mean + half, 1) for cycle in (1, 2)]
    return pd.DataFrame(rows, columns=fidelity.COLUMNS)


@pytest.mark.parametrize("half", [0.1, np.nan])
def test_a_panel_says_that_r2_is_cut_off_with_one_seed_too(half: float) -> None:
    failed, sound = (fidelity.draw(audit("r2", mean, half), caption()).axes[0] for mean in (-3.0, 0.5))
    assert failed.get_title(loc="left").endswith("(cut off at −1)")
    assert "cut off" not in sound.get_title(loc="left")


def test_an_audit_says_where_intervals_of_other_figures_are_cut_off() -> None:
    wide, narrow = (" ".join(written(fidelity.draw(audit("overlap", 0.5, half), caption()))) for half in (0.9, 0.01))
    assert CUT in wide
    assert CUT not in narrow
