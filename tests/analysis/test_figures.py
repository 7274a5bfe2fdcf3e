"""Figures appear with their data, show what was asked for, and say why others are not there."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from every_kind import written
from matplotlib.colors import to_hex
from synthetic_results import Sweep

from analysis.figures import Drawing, drawings, main, render, rendered
from analysis.load import load
from analysis.palette import KNOWN

DRAWN = {
    *("difference_from_random", "learning_curves", "accuracy_and_time", "label_efficiency", "pareto"),
    *("queried_classes", "overlap"),
}


def drawing(sweep: Sweep, kind: str = "difference_from_random") -> Drawing:
    return next(each for each in drawings(load(sweep.root)) if each.kind.name == kind)


def test_each_figure_appears_as_png_pdf_and_svg_with_its_data(two_arms: Sweep) -> None:
    assert main([str(two_arms.root)]) == 0
    made = {path.name for path in (two_arms.root / "figures").iterdir()}
    assert made == {f"fig-{kind}.{ending}" for kind in DRAWN for ending in ("png", "pdf", "svg", "csv")} | {
        "index.json"
    }
    assert (two_arms.root / "rows.parquet").is_file()


def test_the_data_beside_a_figure_are_the_paired_differences_in_points(two_arms: Sweep) -> None:
    main([str(two_arms.root), "--kinds", "difference_from_random"])
    data = pd.read_csv(two_arms.root / "figures" / "fig-difference_from_random.csv")
    assert data["label"].unique().tolist() == ["margin"]
    assert data["mean"].tolist() == pytest.approx([0, 3, 3])
    assert data["random_accuracy"].tolist() == pytest.approx([50, 61, 70])


def test_randoms_accuracy_stands_at_each_number_of_labels(two_arms: Sweep) -> None:
    printed = {(text.get_position()[0], text.get_text()) for text in drawing(two_arms).figure.axes[0].texts}
    assert printed == {(10, "50.0"), (20, "61.0"), (40, "70.0")}


def test_axes_have_units_and_the_stamp_has_seeds_sweep_and_commit(two_arms: Sweep) -> None:
    shown = " | ".join(written(drawing(two_arms).figure))
    assert all(part in shown for part in ("percentage points", "n = 3 seeds", "sweep toy", "commit aaaaaaa"))
    assert "fig: Title of fig" in shown


def test_the_stamp_names_every_commit_that_made_rows_of_the_figure(two_arms: Sweep) -> None:
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="other")
    two_arms.arm("margin", lambda seed: [0.5, 0.6, 0.7], experiment="other")
    two_arms.attempt(two_arms.experiments["fig"]["arms"][1]["cells"]["2"], commit="b" * 40, uncommitted_changes=True)
    found = {each.subject.experiment: each.caption.stamp for each in drawings(load(two_arms.root))}
    assert "commits aaaaaaa and bbbbbbb+" in found["fig"]
    assert found["other"].endswith("commit aaaaaaa")


def test_a_line_is_the_mean_in_the_colour_of_its_label(two_arms: Sweep) -> None:
    line = drawing(two_arms).figure.axes[0].lines[1]
    assert list(line.get_ydata()) == pytest.approx([0, 3, 3])
    assert to_hex(line.get_color()) == KNOWN["margin"].colour.lower()


def test_a_strategy_that_sees_labels_is_marked_and_not_ranked(two_arms: Sweep) -> None:
    two_arms.arm("entropy", lambda seed: [0.5, 0.6, 0.71 + 0.01 * seed])
    two_arms.arm("oracle", lambda seed: [0.5, 0.9, 0.95], sees_labels=True)
    assert "oracle (sees labels)" in written(drawing(two_arms).figure)
    ranked = drawing(two_arms, "critical_difference")
    assert set(ranked.table["label"]) == {"random", "margin", "entropy"}
    front = drawing(two_arms, "pareto").table.set_index("label")["front"]
    assert not front["oracle"]


@pytest.mark.parametrize("label", ["$\\nonsense$", "_hidden", "<b>&"])
@pytest.mark.parametrize("kind", sorted(DRAWN))
def test_a_label_is_drawn_as_it_is_written(two_arms: Sweep, label: str, kind: str) -> None:
    two_arms.arm(label, lambda seed: [0.5, 0.6, 0.7])
    two_arms.experiment("fig", title=label)
    made = drawing(two_arms, kind)
    assert {label, f"fig: {label}"} <= set(written(made.figure))
    assert render(made, "svg")


def test_an_unfinished_sweep_says_so_in_every_figure(two_arms: Sweep) -> None:
    two_arms.arm("badge", lambda seed: [0.5, 0.6])
    for made in drawings(load(two_arms.root)):
        assert any("INTERIM: 3 planned runs not in yet" in text for text in written(made.figure))


def test_a_finished_sweep_has_no_such_note(two_arms: Sweep) -> None:
    assert not any("INTERIM" in text for text in written(drawing(two_arms).figure))


def test_a_failed_run_counts_as_chance_and_is_told(two_arms: Sweep) -> None:
    badge = two_arms.arm("badge", lambda seed: [0.5, 0.6, 0.7][: 3 if seed else 1])
    two_arms.fail(badge["cells"]["0"])
    made = drawing(two_arms, "learning_curves")
    last = made.table[(made.table["label"] == "badge") & (made.table["cycle"] == 2)]
    assert last["mean"].item() == pytest.approx(100 * (0.7 + 0.7 + 0.5) / 3)  # chance with two classes
    assert any("1 failed run" in text for text in written(made.figure))


def test_a_group_without_random_has_no_difference_but_its_curves(
    sweep: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    main([str(sweep.root)])
    assert (sweep.root / "figures" / "fig-learning_curves.png").is_file()
    assert not list((sweep.root / "figures").glob("*difference*"))
    told = capsys.readouterr().out
    assert "not drawn: difference_from_random: no finished cycle of Random and another arm" in told
    assert "(fig: Title of fig)" in told


def test_a_kind_without_any_subject_says_what_the_sweep_lacks(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(two_arms.root), "--kinds", "improvement_by_setting", "sequential_and_batch", "penalty_matrix"])
    told = capsys.readouterr().out
    assert "not drawn: improvement_by_setting: no experiment varies a setting\n" in told
    assert "not drawn: sequential_and_batch: no experiment has both batch and sequential queries\n" in told
    assert "not drawn: penalty_matrix: no two groups share their arms\n" in told


def test_only_the_experiments_named_are_drawn(two_arms: Sweep) -> None:
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="other")
    main([str(two_arms.root), "--only", "other", "--kinds", "learning_curves"])
    assert {path.stem for path in (two_arms.root / "figures").glob("*.csv")} == {"other-learning_curves"}


def test_an_unknown_kind_is_refused_with_those_that_exist(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(two_arms.root), "--kinds", "pie"]) == 2
    told = capsys.readouterr().err
    assert "'pie'" in told
    assert "learning_curves" in told


def test_the_kind_that_an_experiment_is_about_comes_first(two_arms: Sweep) -> None:
    two_arms.experiment("fig", figure="overlap")
    first, *others = drawings(load(two_arms.root))
    assert first.kind.name == "overlap"
    assert [each.main for each in (first, *others)] == [True] + [False] * len(others)


def test_experiments_stand_in_the_order_of_the_plan(two_arms: Sweep) -> None:
    for name in ("b", "a"):
        two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment=name)
    found = [each.subject.experiment for each in drawings(load(two_arms.root))]
    assert list(dict.fromkeys(found)) == ["fig", "b", "a"]
    assert found == sorted(found, key=["fig", "b", "a"].index)


def test_a_group_whose_name_is_no_file_name_gets_one(two_arms: Sweep) -> None:
    for group in ("a/b", "a:b"):
        two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="grid", group=group)
    curves = [each for each in drawings(load(two_arms.root), ["grid"]) if each.kind.name == "learning_curves"]
    stems = [each.stem for each in curves]
    assert len(set(stems)) == len(stems) == 2
    assert not any("/" in stem or ":" in stem for stem in stems)


def test_the_same_data_give_the_same_bytes(two_arms: Sweep) -> None:
    for ending in ("png", "pdf", "svg"):
        assert render(drawing(two_arms), ending) == render(drawing(two_arms), ending)


def test_figures_drawn_side_by_side_are_those_drawn_alone(two_arms: Sweep) -> None:
    made = drawings(load(two_arms.root)) * 3
    files = list(rendered(made, ["png"]))
    assert [each["png"] for each in files] == [render(each, "png") for each in made]


def test_a_sweep_that_has_not_begun_has_no_figure(sweep: Sweep) -> None:
    sweep.arm("random")
    sweep.arm("margin")
    assert main([str(sweep.root)]) == 0
    assert drawings(load(sweep.root)) == []


def test_numbers_of_many_label_counts_do_not_touch(tmp_path: Path) -> None:
    labels = tuple(range(1000, 41000, 1000))
    sweep = Sweep(tmp_path / "dense", labels=labels)
    sweep.arm("random", lambda seed: [0.5] * len(labels))
    found = written(drawing(sweep, "learning_curves").figure).items()
    boxes = [(box.x0, box.x1) for text, places in found if text.isdigit() and int(text) in labels for box in places]
    ordered = sorted(boxes)
    assert len(ordered) >= 5
    assert all(before[1] < after[0] for before, after in pairwise(ordered))
