"""Areas under hand-made curves, and pairing by seed."""

from __future__ import annotations

import math

import pytest
from scipy import stats
from synthetic_results import Sweep

from analysis.curves import areas, aubc, aubc_zhan2021, mean_curve, paired_areas, paired_curve
from analysis.load import load
from bench.errors import ResultsError


def rows(sweep: Sweep, label: str):
    frame = load(sweep.root).frame
    return frame[frame["label"] == label]


def test_the_area_of_a_constant_curve_is_its_height_whatever_the_steps() -> None:
    assert aubc([10, 20, 100], [0.7, 0.7, 0.7]) == pytest.approx(0.7)


def test_the_area_weighs_by_labels() -> None:
    assert aubc([0, 10, 40], [0.0, 1.0, 1.0]) == pytest.approx((5 + 30) / 40)


def test_zhan2021_leaves_the_initial_model_out_but_counts_its_step() -> None:
    assert aubc_zhan2021([0.1, 0.4, 0.8, 0.8]) == pytest.approx((0.6 + 0.8) / 3)


def test_too_few_points_have_no_area() -> None:
    assert math.isnan(aubc([10], [0.5]))
    assert math.isnan(aubc_zhan2021([0.5, 0.6]))


def test_only_complete_runs_have_an_area(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7][: 2 if seed == 1 else 3])
    assert areas(rows(sweep, "random"), cycles=2) == {0: pytest.approx(0.6 + 0.1 / 6), 2: pytest.approx(0.6 + 0.1 / 6)}


def test_the_mean_curve_has_the_labels_and_the_seeds_of_each_cycle(two_arms: Sweep) -> None:
    curve = mean_curve(rows(two_arms, "random"))
    assert curve["labelled"].tolist() == [10, 20, 40]
    assert curve["mean"].tolist() == pytest.approx([0.5, 0.61, 0.7])
    assert curve["n"].tolist() == [3, 3, 3]


def test_differences_are_paired_by_seed(two_arms: Sweep) -> None:
    curve = paired_curve(rows(two_arms, "margin"), rows(two_arms, "random"))
    expected = stats.ttest_1samp([0.02, 0.03, 0.04], 0).confidence_interval(0.95)
    assert curve["mean"].tolist() == pytest.approx([0, 0.03, 0.03])
    assert (curve["low"][1], curve["high"][1]) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_a_seed_that_one_arm_lacks_is_left_out_and_named(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.9, 0.9][: 1 if seed == 2 else 3])
    curve = paired_curve(rows(sweep, "margin"), rows(sweep, "random"))
    area = paired_areas(rows(sweep, "margin"), rows(sweep, "random"), cycles=2)
    assert curve["n"].tolist() == [3, 2, 2]
    assert curve["unpaired"].tolist() == ["", "2", "2"]
    assert (area.seeds, area.unpaired, area.difference.n) == ((0, 1), (2,), 2)


def test_the_paired_area_has_scipys_p_value(two_arms: Sweep) -> None:
    margin, random = rows(two_arms, "margin"), rows(two_arms, "random")
    ours, theirs = areas(margin, cycles=2), areas(random, cycles=2)
    expected = stats.ttest_rel(list(ours.values()), list(theirs.values())).pvalue
    assert paired_areas(margin, random, cycles=2).p == pytest.approx(expected)


def test_runs_that_began_differently_are_no_pair(sweep: Sweep) -> None:
    random = sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    margin = sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    sweep.run(margin["cells"]["1"], 1, [0.5, 0.6, 0.7], queried=[7, 8, 9])
    with pytest.raises(ResultsError, match=f"{margin['cells']['1']} and {random['cells']['1']} of seed 1"):
        paired_curve(rows(sweep, "margin"), rows(sweep, "random"))


def test_runs_with_other_budgets_are_no_pair(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.labels = (10, 30, 60)
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    with pytest.raises(ResultsError, match="as many labels"):
        paired_areas(rows(sweep, "margin"), rows(sweep, "random"), cycles=2)
