"""Areas under hand-made curves, and what makes two runs a pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
from synthetic_results import Sweep

from analysis.curves import areas, aubc, aubc_each, aubc_zhan2021, aubc_zhan2021_each, check_pairs
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


def test_many_curves_have_the_areas_of_each() -> None:
    curves = np.random.default_rng(0).uniform(size=(2, 3, 4))
    labels = [10, 20, 50, 60]
    each = [[aubc(labels, curve) for curve in row] for row in curves]
    zhan = [[aubc_zhan2021(curve) for curve in row] for row in curves]
    np.testing.assert_allclose(aubc_each(labels, curves), each)
    np.testing.assert_allclose(aubc_zhan2021_each(curves), zhan)


def test_an_arm_without_a_complete_run_has_no_areas(sweep: Sweep) -> None:
    sweep.labels = (10, 20, 40, 60, 80)
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7, 0.8][: seed + 2])
    assert areas(rows(sweep, "random"), 4) == {}


def test_a_run_that_never_began_is_no_contradiction(two_arms: Sweep) -> None:
    random, margin = (rows(two_arms, label) for label in ("random", "margin"))
    check_pairs(margin.assign(initial=""), random)
    with pytest.raises(ResultsError, match="the same initial labelled set"):
        check_pairs(margin.assign(initial="another"), random)


def test_only_complete_runs_have_an_area(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7][: 2 if seed == 1 else 3])
    assert areas(rows(sweep, "random"), cycles=2) == {0: pytest.approx(0.6 + 0.1 / 6), 2: pytest.approx(0.6 + 0.1 / 6)}


def test_seeds_of_different_budgets_have_no_common_areas(sweep: Sweep) -> None:
    arm = sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.labels = (10, 30, 60)
    sweep.run(arm["cells"]["1"], 1, [0.5, 0.6, 0.7])
    with pytest.raises(ResultsError, match="one number of labels per cycle"):
        areas(rows(sweep, "random"), cycles=2)


def test_runs_of_one_seed_that_began_alike_are_a_pair(two_arms: Sweep) -> None:
    check_pairs(rows(two_arms, "margin"), rows(two_arms, "random"))
    check_pairs(load(two_arms.root).frame)


def test_runs_that_began_differently_are_no_pair(sweep: Sweep) -> None:
    random = sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    margin = sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    sweep.run(margin["cells"]["1"], 1, [0.5, 0.6, 0.7], queried=[7, 8, 9])
    with pytest.raises(ResultsError, match=f"{margin['cells']['1']} and {random['cells']['1']} of seed 1"):
        check_pairs(rows(sweep, "margin"), rows(sweep, "random"))


def test_runs_with_other_budgets_are_no_pair(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.labels = (10, 30, 60)
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    with pytest.raises(ResultsError, match="as many labels"):
        check_pairs(rows(sweep, "margin"), rows(sweep, "random"))
