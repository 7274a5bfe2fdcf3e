"""The numbers that are drawn, by a second route: definitions, brute force, scipy and statsmodels."""

from __future__ import annotations

import math
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from every_kind import FEW, every_kind, inscribed, rewrite, written
from matplotlib.collections import LineCollection
from scipy import stats
from statsmodels.stats.multitest import multipletests
from synthetic_results import Sweep

from analysis.drawing import p_values
from analysis.drawing.canvas import Caption
from analysis.figures import Drawing, drawings
from analysis.load import load
from analysis.palette import KNOWN, styles


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> list[Drawing]:
    return drawings(load(every_kind(tmp_path_factory.mktemp("results") / "every").root))


def find(found: list[Drawing], title: str, experiment: str = "protocols", group: str = "mode=batch") -> Drawing:
    """The figure of a kind, of one group or of all groups of an experiment."""
    ours = [each for each in found if each.kind.title == title and each.subject.experiment in ("", experiment)]
    return next(each for each in ours if len(each.subject.groups) > 1 or each.subject.groups[0].name == group)


def drawn(sweep: Sweep, kind: str) -> Drawing:
    return next(each for each in drawings(load(sweep.root)) if each.kind.name == kind)


def accuracies(drawing: Drawing, label: str, group: int = 0) -> np.ndarray:
    """The accuracies (seeds, cycles) of an arm, from the rows of the folder."""
    frame = drawing.subject.loaded.frame
    of = drawing.subject.groups[group]
    chosen = frame[(frame["experiment"] == of.experiment) & (frame["group"] == of.name) & (frame["label"] == label)]
    return chosen.pivot(index="seed", columns="cycle", values="accuracy").to_numpy()


def areas(drawing: Drawing, label: str, group: int = 0) -> np.ndarray:
    """The AUBC (seeds,) of an arm over equally spaced labels, in %."""
    return 100 * np.trapezoid(accuracies(drawing, label, group), axis=1) / 8


def test_learning_curves_are_means_with_t_intervals(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "Learning curves")
    last = drawing.table[(drawing.table["label"] == "margin") & (drawing.table["cycle"] == 8)].iloc[0]
    values = 100 * accuracies(drawing, "margin")[:, 8]
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    assert (last["mean"], last["low"], last["high"]) == pytest.approx((values.mean(), low, high))
    assert (last["labelled"], last["n"]) == (100, 4)


def test_across_groups_each_arm_is_taken_from_the_random_of_its_own_group(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "Difference from own Random", "widths")
    wide = drawing.table[(drawing.table["setting"] == "widen=4") & (drawing.table["label"] == "margin")]
    expected = 100 * (accuracies(drawing, "margin", 1) - accuracies(drawing, "random", 1)).mean(axis=0)
    assert wide["mean"].tolist() == pytest.approx(expected.tolist())
    assert set(zip(drawing.table["label"], drawing.table["setting"], strict=True)) == {
        (label, group) for label in ("margin", "mlmoc-entk") for group in ("widen=1", "widen=4")
    }


def test_a_seed_without_a_partner_is_left_out_of_the_difference_and_named(two_arms: Sweep) -> None:
    cell = two_arms.experiments["fig"]["arms"][1]["cells"]["1"]
    two_arms.run(cell, 1, [0.5, 0.9])
    table = drawn(two_arms, "difference_from_random").table
    assert table["n"].tolist() == [3, 3, 2]
    assert table["unpaired"].tolist() == ["", "", "1"]
    assert table["mean"].iloc[2] == pytest.approx(100 * (0.04 + 0.02) / 2)


def test_the_time_of_a_query_is_the_mean_over_seeds_and_the_initial_set_has_none(gallery: list[Drawing]) -> None:
    table = find(gallery, "Accuracy, and time of queries").table
    entk = table[table["label"] == "mlmoc-entk"]["seconds"]
    assert math.isnan(entk.iloc[0])
    assert entk.iloc[1:].tolist() == pytest.approx([0.009 * 1.15] * 8)


def test_bars_stand_below_the_lines(gallery: list[Drawing]) -> None:
    figure = find(gallery, "Accuracy, and time of queries").figure
    lines, bars = figure.axes
    lowest = min(line.get_ydata().min() for line in lines.lines)
    tallest = max(path.vertices[:, 1].max() for one in bars.collections for path in one.get_paths())
    line_at = lines.transData.transform((0, lowest))[1]
    assert bars.transData.transform((0, tallest))[1] < line_at


def test_sequential_and_batch_share_one_random(gallery: list[Drawing]) -> None:
    table = find(gallery, "Sequential and batch queries").table
    assert list(dict.fromkeys(zip(table["label"], table["setting"], strict=True))) == [
        ("random", ""),
        ("margin", "batch"),
        ("mlmoc-entk", "batch"),
        ("margin", "sequential"),
        ("mlmoc-entk", "sequential"),
    ]


def test_batch_comes_first_and_looks_as_always(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "Sequential and batch queries")
    legend = drawing.figure.legends[0]
    names = [text.get_text() for text in legend.get_texts()]
    assert names.index("margin, batch") < names.index("margin, sequential")
    batch, sequential = (
        drawing.figure.axes[0].lines[names.index(name)] for name in ("margin, batch", "margin, sequential")
    )
    assert batch.get_color() == sequential.get_color() == drawing.caption.styles["margin"].colour
    assert batch.get_linestyle() != sequential.get_linestyle()


def test_the_improvement_at_a_value_is_the_paired_difference_in_aubc(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "Improvement over Random by setting", "widths")
    row = drawing.table[(drawing.table["label"] == "margin") & (drawing.table["value"] == "4")].iloc[0]
    differences = areas(drawing, "margin", 1) - areas(drawing, "random", 1)
    assert row["mean"] == pytest.approx(differences.mean())
    assert row["high"] - row["mean"] == pytest.approx(stats.t.ppf(0.975, 3) * stats.sem(differences))
    assert "random" not in set(drawing.table["label"])


@pytest.mark.parametrize(
    ("values", "places"),
    [(("1", "2", "4"), [1, 2, 4]), (("1", "10", "100"), [0, 1, 2]), (("digits", "svhn"), [0, 1])],
)
def test_values_stand_as_numbers_or_by_their_logarithm_or_in_turn(
    sweep: Sweep, values: tuple[str, ...], places: list[float]
) -> None:
    for value in values:
        sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], group=f"setting={value}")
        sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7 + 0.01 * seed], group=f"setting={value}")
    table = drawn(sweep, "improvement_by_setting").table
    assert table["x"].tolist() == pytest.approx(places)
    assert table["value"].tolist() == list(values)


def test_a_grid_of_two_settings_has_a_figure_for_each_value_of_the_other(sweep: Sweep) -> None:
    for group in ("widen=1, budget=5", "widen=2, budget=5", "widen=1, budget=10", "widen=2, budget=10"):
        sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], group=group)
        sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7], group=group)
    found = [each for each in drawings(load(sweep.root)) if each.kind.name == "improvement_by_setting"]
    assert [(each.subject.axis, each.subject.name) for each in found] == [
        ("widen", "by-widen, budget=5"),
        ("widen", "by-widen, budget=10"),
        ("budget", "by-budget, widen=1"),
        ("budget", "by-budget, widen=2"),
    ]


def test_curves_by_setting_have_a_panel_per_arm_and_a_line_per_value(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "Learning curves by setting", "widths")
    panels = [axes for axes in drawing.figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == list(FEW)
    assert [len(axes.lines) for axes in panels] == [2, 2, 2]
    assert {"widen=1", "widen=4"} <= set(written(drawing.figure))


def test_average_ranks_are_those_of_scipy_over_seeds(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "Average ranks")
    scores = np.array([areas(drawing, label) for label in FEW]).T  # (seeds, arms)
    expected = dict(zip(FEW, stats.rankdata(-scores, axis=1).mean(axis=0), strict=True))
    assert dict(zip(drawing.table["label"], drawing.table["rank"], strict=True)) == pytest.approx(expected)
    assert drawing.table["friedman_p"].iloc[0] == pytest.approx(stats.friedmanchisquare(*scores.T).pvalue)


def test_bars_join_exactly_the_arms_within_the_critical_difference(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "ranks", seeds=tuple(range(12)))
    for label, gain in {"random": 0.0, "a": 0.004, "b": 0.05, "c": 0.053, "d": 0.09}.items():
        noise = np.random.default_rng(len(label) + ord(label[0])).normal(0, 0.02, 12)  # (seeds,)
        sweep.arm(label, lambda seed, gain=gain, noise=noise: [0.5, 0.6 + gain + float(noise[seed]), 0.7])
    drawing = drawn(sweep, "critical_difference")
    axes = drawing.figure.axes[0]
    scale = {int(text.get_text()): text.get_position()[0] for text in axes.texts if text.get_text() in "12345"}
    inch = scale[2] - scale[1]
    lines = [one for one in axes.collections if isinstance(one, LineCollection) and one.get_linewidths()[0] == 3]
    bars = [(1 + (bar[:, 0] - scale[1]) / inch) for one in lines for bar in one.get_segments()]  # ends, in ranks
    difference = drawing.table["critical_difference"].iloc[0]
    ranks = drawing.table["rank"].tolist()
    for one, other in permutations(ranks, 2):
        joined = any(min(bar) <= min(one, other) and max(one, other) <= max(bar) for bar in bars)
        assert joined == (abs(one - other) < difference)
    assert 0 < sum(abs(one - other) < difference for one, other in permutations(ranks, 2)) < 20


def test_ranks_over_datasets_take_a_dataset_as_a_block(gallery: list[Drawing]) -> None:
    drawing = next(each for each in gallery if each.kind.title == "Average ranks over datasets")
    assert set(drawing.table["n"]) == {3}  # digits, a and b
    assert "n = 3 datasets" in " ".join(written(drawing.figure))


def test_a_penalty_counts_significant_tests_at_label_counts_that_double(gallery: list[Drawing]) -> None:
    drawing = next(each for each in gallery if each.kind.name == "penalty_matrix")
    expected = 0.0
    for group in range(len(drawing.subject.groups)):
        ours, theirs = (accuracies(drawing, label, group) for label in ("mlmoc-entk", "random"))
        tests = [stats.ttest_rel(ours[:, at], theirs[:, at]) for at in (1, 2, 4, 8)]
        expected += np.mean([test.pvalue < 0.05 and test.statistic > 0 for test in tests])
    table = drawing.table.set_index(["row", "column"])
    assert table.loc[("mlmoc-entk", "random"), "beaten"] == pytest.approx(expected)
    assert expected > 0
    column = table.xs("random", level="column")
    assert column["penalty"].iloc[0] == pytest.approx(column["beaten"].mean())


def test_p_values_are_those_of_paired_t_tests_and_holms_adjustment(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "p-values of all pairs")
    table = drawing.table.set_index(["row", "column"])
    pairs = [("random", "margin"), ("random", "mlmoc-entk"), ("margin", "mlmoc-entk")]
    raw = [stats.ttest_rel(areas(drawing, one), areas(drawing, other)).pvalue for one, other in pairs]
    assert table.loc[pairs, "p"].tolist() == pytest.approx(raw)
    assert table.loc[pairs, "holm"].tolist() == pytest.approx(multipletests(raw, method="holm")[1].tolist())


def test_a_difference_is_row_minus_column(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "p-values of all pairs")
    table = drawing.table.set_index(["row", "column"])["difference"]
    for one, other in permutations(FEW, 2):
        assert table[one, other] == pytest.approx((areas(drawing, one) - areas(drawing, other)).mean())


def test_the_matrix_has_p_below_the_diagonal_and_points_above_it(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "p-values of all pairs")
    table = drawing.table.set_index(["row", "column"])
    texts = {tuple(text.get_position()): text.get_text() for text in inscribed(drawing.figure.axes[0])}
    above = table.loc[("random", "margin"), "difference"]
    assert texts[1.5, 0.5] == f"{above:+.2f}".replace("-", "−")
    below = table.loc[("margin", "random")]
    shown = "<.001" if below["p"] < 0.001 else f"{below['p']:.3f}"
    assert texts[0.5, 1.5] == shown + ("★" if below["holm"] < 0.05 else "")


def test_a_star_needs_the_adjusted_p() -> None:
    pairs = {("a", "b"): (0.04, 0.08), ("a", "c"): (0.01, 0.03), ("b", "c"): (0.3, 0.3)}
    rows = [(*names, 1.0, *p, 4, 0.5) for pair, p in pairs.items() for names in (pair, pair[::-1])]
    look = styles("abc")
    figure = p_values.draw(pd.DataFrame(rows, columns=p_values.COLUMNS), Caption("", "", {}, look))
    texts = {tuple(text.get_position()): text.get_text() for text in inscribed(figure.axes[0])}
    assert (texts[0.5, 1.5], texts[0.5, 2.5], texts[1.5, 2.5]) == ("0.040", "0.010★", "0.300")


def test_p_values_over_groups_are_of_differences_from_own_random(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "p-values of all pairs, minus own Random", "widths")
    table = drawing.table.set_index(["row", "column"])["p"]
    narrow, wide = (areas(drawing, "margin", group) - areas(drawing, "random", group) for group in (0, 1))
    assert table["margin (widen=1)", "margin (widen=4)"] == pytest.approx(stats.ttest_rel(narrow, wide).pvalue)


def test_the_front_holds_every_arm_that_no_other_one_beats_in_both(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "front")
    generator = np.random.default_rng(3)
    points = {"random": (1.0, 0.5)} | {f"arm{i}": tuple(generator.uniform(0.1, 0.9, 2)) for i in range(8)}
    for label, (cost, level) in points.items():
        arm = sweep.arm(label, lambda seed, level=level: [0.1, level, level])
        for cell in arm["cells"].values():
            rewrite(sweep, cell, lambda row, cost=cost: row["measured"]["seconds"].update(query=cost))
    front = drawn(sweep, "pareto").table.set_index("label")["front"]
    for label, (cost, level) in points.items():
        beaten = any(c <= cost and a >= level and (c, a) != (cost, level) for c, a in points.values())
        assert front[label] == (not beaten)


def test_labels_needed_are_read_off_the_curve(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.8])
    row = drawn(sweep, "label_efficiency").table.iloc[0]
    assert row["labels"] == pytest.approx(30)  # half of the way from 20 to 40
    assert row["ratio"] == pytest.approx(30 / 40)
    assert row["target"] == pytest.approx(70)


def test_an_arm_that_never_gets_there_is_an_arrow_and_no_number(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.55, 0.6])
    drawing = drawn(sweep, "label_efficiency")
    assert math.isnan(drawing.table["labels"].item())
    assert "not reached" in written(drawing.figure)
    assert [line.get_marker() for line in drawing.figure.axes[0].lines] == [">"]


def test_an_arm_that_gets_there_has_its_own_marker(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.65, 0.8])
    drawing = drawn(sweep, "label_efficiency")
    assert [line.get_marker() for line in drawing.figure.axes[0].lines] == ["s"]
    assert "× 0.67" in written(drawing.figure)  # 26.7 of 40 labels


def test_shares_of_classes_are_means_over_seeds_without_the_initial_set(two_arms: Sweep) -> None:
    bought = {0: [3, 1], 1: [1, 1], 2: [0, 2]}
    for seed, cell in two_arms.experiments["fig"]["arms"][1]["cells"].items():

        def change(row: dict[str, Any], counts: list[int] = bought[int(seed)]) -> None:
            row["result"]["queried_classes"] = counts if row["cycle"] else [9, 0]

        rewrite(two_arms, cell, change)
    table = drawn(two_arms, "queried_classes").table
    margin = table[table["label"] == "margin"]
    assert margin["share"].tolist() == pytest.approx([100 * (0.75 + 0.5 + 0) / 3, 100 * (0.25 + 0.5 + 1) / 3])
    assert margin["balanced"].tolist() == [50, 50]
    assert margin["distance"].tolist() == pytest.approx([100 * (0.25 + 0 + 0.5) / 3] * 2)


def test_overlap_is_what_both_bought_over_what_either_bought(sweep: Sweep) -> None:
    ids = {"random": ([1], [2]), "margin": ([2], [3]), "badge": ([1], [2])}
    for label, of_cycle in ids.items():
        arm = sweep.arm(label, lambda seed: [0.5, 0.6, 0.7])
        for cell in arm["cells"].values():

            def change(row: dict[str, Any], chosen: tuple[list[int], ...] = of_cycle) -> None:
                if row["cycle"]:
                    row["result"]["queried"] = chosen[row["cycle"] - 1]

            rewrite(sweep, cell, change)
    table = drawn(sweep, "overlap").table.set_index(["row", "column"])["overlap"]
    assert table["random", "margin"] == table["margin", "random"] == pytest.approx(100 / 3)
    assert table["random", "badge"] == pytest.approx(100)


def test_overlap_counts_complete_runs_alone(two_arms: Sweep) -> None:
    cell = two_arms.experiments["fig"]["arms"][1]["cells"]["2"]
    two_arms.run(cell, 2, [0.5, 0.6])
    assert set(drawn(two_arms, "overlap").table["n"]) == {2}


def test_overlap_ignores_cycles_that_only_another_experiment_asked_for(two_arms: Sweep) -> None:
    two_arms.experiment("fig", cycles=1)
    for arm in two_arms.experiments["fig"]["arms"]:
        for cell in arm["cells"].values():
            own = 7 if arm["label"] == "margin" else 8

            def change(row: dict[str, Any], own: int = own) -> None:
                if row["cycle"]:
                    row["result"]["queried"] = [5] if row["cycle"] == 1 else [own]

            rewrite(two_arms, cell, change)
    assert set(drawn(two_arms, "overlap").table["overlap"]) == {100}


def test_fidelity_is_told_at_the_labels_of_the_model_that_was_asked(gallery: list[Drawing]) -> None:
    table = find(gallery, "Fidelity of retraining proxies").table
    entk = table[(table["proxy"] == "entk") & (table["figure"] == "r2")]
    assert entk["labelled"].tolist() == [20, 30, 40, 50, 60, 70, 80, 90]
    assert entk["mean"].tolist() == pytest.approx([0.915] * 8)  # 0.9 plus 0, 0.01, 0.02 and 0.03 by seed
    assert set(table["n"]) == {4}
    assert set(table["label"]) == {"random"}


def test_a_proxy_that_fails_is_cut_off_in_the_figure_and_whole_in_the_table(gallery: list[Drawing]) -> None:
    drawing = find(gallery, "Fidelity of retraining proxies")
    assert drawing.table["mean"].min() < -2
    shown = [value for line in drawing.figure.axes[0].lines for value in line.get_ydata()]
    assert min(shown) == -1


def test_a_proxy_looks_like_the_arm_that_queries_by_it(gallery: list[Drawing]) -> None:
    line = find(gallery, "Fidelity of retraining proxies").figure.axes[0].lines[0]
    assert line.get_color() == KNOWN["mlmoc-entk"].colour


def test_a_group_without_an_audit_has_no_figure_of_one(gallery: list[Drawing]) -> None:
    audited = [each for each in gallery if each.kind.name == "fidelity"]
    assert [each.subject.groups[0].name for each in audited] == ["mode=batch"]


def test_one_seed_can_be_drawn_where_there_is_anything_to_draw(tmp_path: Path) -> None:
    found = drawings(load(every_kind(tmp_path / "one", seeds=1).root), ["protocols"])
    assert {each.kind.name for each in found} >= {"difference_from_random", "label_efficiency", "pareto", "overlap"}
    assert all(written(each.figure) for each in found)
