"""Figures over the values of a setting: where each stands, and that its look stays when others come in."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest
from every_kind import written
from synthetic_results import Sweep

from analysis.drawing import difference_from_random
from analysis.drawing.canvas import Caption
from analysis.drawing.setting import brief, numbers
from analysis.figures import Drawing, drawings, render
from analysis.load import load
from analysis.palette import styles


def grid(sweep: Sweep, values: list[str]) -> None:
    for value in values:
        sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], group=f"penalty={value}")
        sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7 + 0.01 * seed], group=f"penalty={value}")


def drawn(sweep: Sweep, kind: str) -> Drawing:
    return next(each for each in drawings(load(sweep.root)) if each.kind.name == kind)


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (["0", "1e-05", "0.0001", "0.001", "0.01"], [0, 1, 2, 3, 4]),
        (["0.01", "0", "1e-05"], [2, 0, 1]),
        (["1", "10", "inf"], [0, 1, 2]),
        (["1", "nan", "2"], [0, 1, 2]),
    ],
)
def test_values_that_run_together_or_have_no_place_stand_in_turn(
    sweep: Sweep, values: list[str], places: list[float]
) -> None:
    grid(sweep, values)
    drawing = drawn(sweep, "improvement_by_setting")
    assert drawing.table["x"].tolist() == places
    assert render(drawing, "svg")


def test_values_in_turn_are_all_legible_and_not_joined(sweep: Sweep) -> None:
    values = ["0", "1e-05", "0.0001", "0.001", "0.01"]
    grid(sweep, values)
    figure = drawn(sweep, "improvement_by_setting").figure
    boxes = sorted((box.x0, box.x1) for text, places in written(figure).items() if text in values for box in places)
    assert len(boxes) >= len(values)
    assert all(before[1] < after[0] for before, after in pairwise(boxes[-len(values) :]))
    assert figure.axes[0].lines[-1].get_linestyle() == "None"


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999"])
def test_a_value_that_is_not_finite_has_no_place_on_an_axis(value: str) -> None:
    assert numbers(["1", "2", value]) is None


def test_a_value_that_is_not_finite_is_named_with_its_setting() -> None:
    assert brief("penalty=inf, mode=batch") == "penalty=inf, batch"


def colours(drawing: Drawing) -> dict[str, str]:
    (legend,) = drawing.figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    return dict(zip(names, [line.get_color() for line in legend.legend_handles], strict=True))


def test_the_colour_of_a_value_stays_when_a_run_comes_in(sweep: Sweep) -> None:
    for value in ("1", "2", "4"):
        sweep.arm("random", (lambda seed: [0.5, 0.6, 0.7]) if value == "4" else None, group=f"widen={value}")
        sweep.arm("margin", (lambda seed: [0.5, 0.6, 0.7]) if value != "1" else None, group=f"widen={value}")
    before = colours(drawn(sweep, "curves_by_setting"))
    for cell in sweep.experiments["fig"]["arms"][0]["cells"].values():
        sweep.run(cell, 0, [0.5, 0.6, 0.7])
    after = colours(drawn(sweep, "curves_by_setting"))
    assert list(before) == ["widen=2", "widen=4"]
    assert list(after) == ["widen=1", "widen=2", "widen=4"]
    assert before.items() <= after.items()


@pytest.mark.parametrize("labels", [["mlmoc-entk"], ["mlmoc-entk", "lookahead"]])
def test_no_two_lines_across_groups_look_alike(labels: list[str]) -> None:
    settings = [f"widen={width}" for width in range(difference_from_random.MOST // len(labels))]
    rows = [
        (label, setting, labelled, 1.0, 0.5, 1.5, 3)
        for label in labels
        for setting in settings
        for labelled in (10, 20)
    ]
    table = pd.DataFrame(rows, columns=["label", "setting", "labelled", "mean", "low", "high", "n"])
    caption = Caption("title", "stamp", {label: label for label in labels}, styles(labels))
    _, *lines = difference_from_random.draw_across(table, caption).axes[0].lines
    looks = {(line.get_color(), line.get_marker(), line.get_linestyle(), line.get_fillstyle()) for line in lines}
    assert len(looks) == len(lines) == difference_from_random.MOST
