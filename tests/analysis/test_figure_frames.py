"""What is drawn stands inside the axes, and a figure says where something does not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from every_kind import written
from matplotlib.figure import Figure
from synthetic_results import Sweep

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
from analysis.drawing.framing import CUT
from analysis.figures import Drawing, drawings
from analysis.load import load
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


@pytest.fixture
def diverged(tmp_path: Path) -> Sweep:
    """Margin a point above Random, far above chance, and LL4AL all runs of which diverged before their first query."""
    sweep = Sweep(tmp_path / "toy")
    sweep.arm("random", lambda seed: [0.9, 0.91 + 0.001 * seed, 0.92])
    sweep.arm("margin", lambda seed: [0.9, 0.92, 0.93 + 0.001 * seed])
    for cell in sweep.arm("ll4al")["cells"].values():
        sweep.fail(cell, 0)
    return sweep


def drawn(sweep: Sweep, kind: str) -> Drawing:
    return next(each for each in drawings(load(sweep.root)) if each.kind.name == kind)


@pytest.mark.parametrize("kind", ["difference_from_random", "learning_curves", "accuracy_and_time"])
def test_failed_runs_do_not_flatten_the_others_and_are_said_to_be_outside(diverged: Sweep, kind: str) -> None:
    drawing = drawn(diverged, kind)
    figure = drawing.figure
    shown = drawing.table[drawing.table["label"] != "ll4al"]["mean"]
    low, high = figure.axes[0].get_ylim()
    assert high - low < 10 * (shown.max() - shown.min())
    assert "outside the frame: ll4al" in " ".join(written(figure))
    assert "ll4al" in written(figure)
    table = drawing.table.set_index("label")[["failed", "n"]]
    assert table.loc["ll4al"].drop_duplicates().to_numpy().tolist() == [[3, 3]]
    assert set(table.loc["margin", "failed"]) == {0}


@pytest.mark.parametrize("kind", ["difference_from_random", "accuracy_and_time"])
def test_nothing_is_drawn_on_what_stands_below_the_lines(diverged: Sweep, kind: str) -> None:
    axes = drawn(diverged, kind).figure.axes[0]
    bottom = axes.get_window_extent().y0
    clipped = [line.get_clip_box().y0 for line in axes.lines]
    assert min(clipped) > bottom + 10  # pixels


def test_what_a_run_measured_before_it_failed_is_in_the_frame(diverged: Sweep) -> None:
    for seed, cell in diverged.experiments["fig"]["arms"][2]["cells"].items():
        diverged.run(cell, int(seed), [0.93, 0.97])
        diverged.fail(cell, 2)
    drawing = drawn(diverged, "learning_curves")
    low, high = drawing.figure.axes[0].get_ylim()
    assert low > 80
    assert high > 97
    assert drawing.table.set_index("label").loc["ll4al", "failed"].tolist() == [0, 0, 3]


def test_each_line_outside_the_frame_is_named_with_its_setting() -> None:
    near, far = ours(), ours().assign(value=pd.Categorical(["9"] * len(LABELLED)), failed=3)
    far[["mean", "low", "high"]] -= 400
    table = pd.concat([near.assign(failed=0), far], ignore_index=True)
    figure = improvement_by_setting.draw(table.assign(value=table["value"].astype(str)), caption())
    assert "outside the frame: margin (9)" in " ".join(written(figure))
    assert figure.axes[0].get_ylim()[0] > -5, "nothing makes room for what is not shown"


def test_failed_runs_near_the_others_are_in_the_frame(two_arms: Sweep) -> None:
    for cell in two_arms.arm("ll4al")["cells"].values():
        two_arms.fail(cell, 0)
    figure = drawn(two_arms, "learning_curves").figure
    assert figure.axes[0].get_ylim()[0] < 50
    assert "outside" not in " ".join(written(figure))


def test_where_all_runs_failed_they_are_the_frame() -> None:
    low, high = learning_curves.draw(ours().assign(failed=3), caption()).axes[0].get_ylim()
    assert low < 30
    assert high > 45
