"""Labels needed for an accuracy: curves made by hand, sklearn's isotonic fit, plain bootstraps."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from analysis.statistics.label_efficiency import LabelsNeeded, crossings, isotonic, label_efficiency, labels_to_reach

LABELS = [10, 20, 40, 80]


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@given(st.integers(1, 9), st.integers(0, 10_000))
def test_the_isotonic_fit_is_sklearns(counts: int, seed: int) -> None:
    curves = np.random.default_rng(seed).normal(size=(4, counts)) + 0.2 * np.arange(counts)
    for curve, fit in zip(curves, isotonic(curves), strict=True):
        assert fit == pytest.approx(IsotonicRegression().fit_transform(np.arange(counts), curve))


@pytest.mark.parametrize(
    ("target", "labels"),
    [(0.55, 15), (0.6, 20), (0.65, 30), (0.7, 40), (0.78, 72), (0.8, 80), (0.5, 10), (0.3, 10), (0.81, math.inf)],
)
def test_a_rising_curve_is_read_between_its_points(target: float, labels: float) -> None:
    assert crossings(LABELS, [[0.5, 0.6, 0.7, 0.8]], [target]) == pytest.approx([labels])


def test_a_dip_is_levelled_before_it_is_read() -> None:
    # 0.7 and 0.6 become 0.65 each, so that 0.6 lies two thirds of the way from 0.5 to the first of them
    assert crossings(LABELS, [[0.5, 0.7, 0.6, 0.8]], [0.6]) == pytest.approx([10 + 10 * 2 / 3])
    assert crossings(LABELS, [[0.5, 0.7, 0.6, 0.8]], [0.7]) == pytest.approx([40 + 40 / 3])


def test_a_flat_curve_reaches_its_height_where_it_begins() -> None:
    assert crossings(LABELS, [[0.5, 0.6, 0.6, 0.6]], [0.1 + 0.2 + 0.3]) == pytest.approx([20])


def test_the_mean_over_seeds_is_what_is_read() -> None:
    accuracy = [[0.4, 0.5, 0.6, 0.7], [0.6, 0.7, 0.8, 0.9]]
    assert labels_to_reach(LABELS, accuracy, 0.65, generator()).value == pytest.approx(30)


def test_the_interval_and_share_are_those_of_a_plain_loop_over_draws() -> None:
    drawn = np.random.default_rng(1)
    accuracy = np.array([0.5, 0.6, 0.7, 0.8]) + drawn.normal(0, 0.06, size=(7, 4))
    plain = [crossings(LABELS, [accuracy[drawn.integers(7, size=7)].mean(axis=0)], [0.79])[0] for _ in range(4000)]
    ours = labels_to_reach(LABELS, accuracy, 0.79, generator(), draws=4000)
    assert 0.1 < ours.reached < 0.9
    assert ours.reached == pytest.approx(np.mean(np.isfinite(plain)), abs=0.03)
    assert ours.low == pytest.approx(sorted(plain)[99], abs=1.5)
    assert ours.high is None


def test_what_is_never_reached_is_censored_and_not_extrapolated() -> None:
    accuracy = [[0.5, 0.6, 0.7, 0.8], [0.5, 0.62, 0.68, 0.81]]
    assert labels_to_reach(LABELS, accuracy, 0.9, generator()) == LabelsNeeded(None, None, None, 0.0)


def test_a_method_needs_as_many_labels_as_itself_in_every_draw() -> None:
    accuracy = np.random.default_rng(2).normal([0.5, 0.6, 0.7, 0.8], 0.1, size=(6, 4))
    found = label_efficiency(LABELS, accuracy, accuracy, generator())
    assert found.ratio == LabelsNeeded(1.0, 1.0, 1.0, 1.0)
    assert found.ours == found.theirs


def test_half_the_labels_for_the_controls_final_accuracy() -> None:
    theirs = np.array([[0.5, 0.6, 0.7, 0.8], [0.52, 0.6, 0.7, 0.78], [0.5, 0.61, 0.72, 0.82]])
    ours = np.column_stack([theirs[:, 0], theirs[:, 2], theirs[:, 3], theirs[:, 3] + 0.05])
    found = label_efficiency(LABELS, ours, theirs, generator())
    assert found.target == pytest.approx(0.8)
    assert (found.ours.value, found.theirs.value, found.ratio.value) == pytest.approx((40, 80, 0.5))
    drawn = (found.ratio.low, found.ratio.high, found.ratio.reached)
    assert drawn == pytest.approx((0.5, 0.5, 1.0))  # in every draw as in the mean


def test_the_target_moves_with_the_draw() -> None:
    control = np.array([[0.5, 0.5, 0.5, 0.9], [0.5, 0.5, 0.5, 0.7]])
    ours = np.full((2, 4), 0.75)
    found = label_efficiency(LABELS, ours, control, generator())
    assert found.ours.value is None  # 0.75 against 0.8
    assert found.ours.reached == pytest.approx(0.25, abs=0.05)  # the draws that take the second seed twice
    assert (found.ratio.low, found.ratio.high) == (pytest.approx(10 / 80), None)


def test_the_control_always_reaches_its_own_end() -> None:
    control = np.array([[0.5, 0.7, 0.8, 0.6], [0.5, 0.72, 0.78, 0.62]])
    found = label_efficiency(LABELS, control - 0.3, control, generator()).theirs
    assert found.reached == 1.0
    assert found.value == pytest.approx(10 + 10 * (0.61 - 0.5) / ((0.71 + 0.79 + 0.61) / 3 - 0.5))


def test_one_seed_has_no_interval() -> None:
    found = label_efficiency(LABELS, [[0.5, 0.8, 0.8, 0.9]], [[0.5, 0.6, 0.7, 0.8]], generator())
    assert found.ratio.value == 0.25
    assert (found.ratio.low, found.ratio.high) == (None, None)
    assert math.isnan(found.ratio.reached)


def test_no_seed_needs_no_number_of_labels_and_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = label_efficiency(LABELS, np.empty((0, 4)), np.empty((0, 4)), generator())
        alone = labels_to_reach(LABELS, [], 0.5, generator())
    assert math.isnan(found.target)
    assert found.ours.value is found.theirs.value is found.ratio.value is alone.value is None
