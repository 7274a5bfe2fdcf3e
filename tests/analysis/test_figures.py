"""Figures appear with their data, and show what was asked for."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.image import imread
from synthetic_results import Sweep

from analysis.figures import Drawing, drawings, main, render
from analysis.load import load
from analysis.palette import KNOWN


def difference(sweep: Sweep) -> Drawing:
    return next(drawing for drawing in drawings(load(sweep.root)) if drawing.kind == "difference")


def texts(drawing: Drawing) -> list[str]:
    (axes,), (legend,) = drawing.figure.axes, drawing.figure.legends
    around = [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel(), drawing.figure.get_suptitle()]
    return [*around, *(text.get_text() for text in (*axes.texts, *legend.get_texts()))]


def test_each_figure_appears_as_png_and_pdf_with_its_data(two_arms: Sweep) -> None:
    assert main([str(two_arms.root)]) == 0
    made = {path.name for path in (two_arms.root / "figures").iterdir()}
    assert made == {f"fig-{kind}.{ending}" for kind in ("difference", "curves") for ending in ("png", "pdf", "csv")}
    assert (two_arms.root / "rows.parquet").is_file()


def test_the_data_beside_a_figure_are_the_paired_differences_in_points(two_arms: Sweep) -> None:
    main([str(two_arms.root)])
    data = pd.read_csv(two_arms.root / "figures" / "fig-difference.csv")
    assert data["label"].unique().tolist() == ["margin"]
    assert data["mean"].tolist() == pytest.approx([0, 3, 3])
    assert data["random_accuracy"].tolist() == pytest.approx([50, 61, 70])


def test_randoms_accuracy_stands_at_each_number_of_labels(two_arms: Sweep) -> None:
    printed = {(text.get_position()[0], text.get_text()) for text in difference(two_arms).figure.axes[0].texts}
    assert printed == {(10, "50.0"), (20, "61.0"), (40, "70.0")}


def test_axes_have_units_and_the_stamp_has_seeds_sweep_and_commit(two_arms: Sweep) -> None:
    written = " | ".join(texts(difference(two_arms)))
    assert all(part in written for part in ("percentage points", "n = 3 seeds", "sweep toy", "commit ccccccc"))
    assert "fig: Title of fig" in written


def test_a_line_is_the_mean_in_the_colour_of_its_label(two_arms: Sweep) -> None:
    line = difference(two_arms).figure.axes[0].lines[1]
    assert list(line.get_ydata()) == pytest.approx([0, 3, 3])
    assert to_hex(line.get_color()) == KNOWN["margin"].colour.lower()


def test_a_strategy_that_sees_labels_is_marked_in_the_legend(two_arms: Sweep) -> None:
    two_arms.arm("oracle", lambda seed: [0.5, 0.6, 0.7], sees_labels=True)
    assert "oracle (sees labels)" in texts(difference(two_arms))


@pytest.mark.parametrize("label", ["$\\nonsense$", "_hidden", "<b>&"])
def test_a_label_is_drawn_as_it_is_written(two_arms: Sweep, label: str) -> None:
    two_arms.arm(label, lambda seed: [0.5, 0.6, 0.7])
    two_arms.experiment("fig", title=label)
    drawing = difference(two_arms)
    assert {label, f"fig: {label}"} <= set(texts(drawing))
    assert render(drawing, "svg")


def test_nothing_is_drawn_outside_the_picture(two_arms: Sweep) -> None:
    two_arms.arm("a strategy with quite a long name " * 4, lambda seed: [0.5, 0.6, 0.7])
    picture = imread(io.BytesIO(render(difference(two_arms), "png")))[:, :, :3]
    frame = [picture[0], picture[-1], picture[:, 0], picture[:, -1]]
    assert all(edge.min() == 1 for edge in frame)


def test_a_group_without_random_has_no_difference_but_its_curves(
    sweep: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    main([str(sweep.root)])
    assert {path.suffix for path in (sweep.root / "figures").glob("*curves*")} == {".png", ".pdf", ".csv"}
    assert "not drawn: fig: Title of fig: difference" in capsys.readouterr().out


def test_only_the_experiments_named_are_drawn(two_arms: Sweep) -> None:
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="other")
    main([str(two_arms.root), "--only", "other"])
    assert {path.stem for path in (two_arms.root / "figures").iterdir()} == {"other-curves"}


def test_a_group_whose_name_is_no_file_name_gets_one(two_arms: Sweep) -> None:
    for group in ("a/b", "a:b"):
        two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="grid", group=group)
    stems = [drawing.stem for drawing in drawings(load(two_arms.root), ["grid"])]
    assert len(set(stems)) == len(stems) == 2
    assert not any("/" in stem or ":" in stem for stem in stems)


def test_the_same_data_give_the_same_bytes(two_arms: Sweep) -> None:
    for ending in ("png", "pdf", "svg"):
        assert render(difference(two_arms), ending) == render(difference(two_arms), ending)
