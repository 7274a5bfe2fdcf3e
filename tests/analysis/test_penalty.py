"""BADGE's pairwise penalty matrix by hand and by scipy, one pair and one label count at a time."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.penalty import doubling, penalty_matrix, saturation

BETTER = np.array([0.51, 0.52, 0.51, 0.53, 0.52])
WORSE = np.array([0.41, 0.43, 0.41, 0.42, 0.40])


def test_each_setting_shares_one_point_among_its_label_counts() -> None:
    same = BETTER[::-1]
    setting = {"a": np.stack([BETTER, BETTER, BETTER], axis=1), "b": np.stack([WORSE, WORSE, same], axis=1)}
    matrix = penalty_matrix({"digits": setting})
    assert matrix.names == ("a", "b")
    assert matrix.counts == pytest.approx(np.array([[0, 2 / 3], [0, 0]]))
    assert matrix.totals == pytest.approx([0, 1 / 3])


def test_settings_add_up() -> None:
    one, other = {"a": BETTER, "b": WORSE}, {"b": BETTER, "a": WORSE}
    matrix = penalty_matrix({"one": one, "other": other, "again": one})
    assert matrix.counts.tolist() == [[0, 2], [1, 0]]
    assert matrix.settings == ("one", "other", "again")


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_it_is_scipys_paired_t_at_every_label_count(alpha: float) -> None:
    names, drawn = "abcd", np.random.default_rng(0)
    settings = {
        place: {name: drawn.normal(0.02 * at, 0.05, size=(6, counts)) for at, name in enumerate(names)}
        for place, counts in (("x", 3), ("y", 5))
    }
    plain = np.zeros((4, 4))
    for scores in settings.values():
        for i, one in enumerate(names):
            for j, other in enumerate(names):
                counts = scores[one].shape[1]
                for at in range(counts) if i != j else ():
                    t, p = stats.ttest_rel(scores[one][:, at], scores[other][:, at])
                    plain[i, j] += (p < alpha and t > 0) / counts
    matrix = penalty_matrix(settings, alpha)
    assert matrix.counts == pytest.approx(plain)
    assert 0 < plain.sum() < 12
    assert matrix.totals == pytest.approx(plain.sum(axis=0) / 4)


def test_five_runs_take_the_papers_critical_value() -> None:
    shape = np.array([-1.0, 0.5, 0.0, -0.5, 1.0])
    error = shape.std(ddof=1) / math.sqrt(5)
    for t, won in ((2.770, 0), (2.782, 1)):  # 2.776 in the paper
        assert penalty_matrix({"s": {"a": t * error + shape, "b": np.zeros(5)}}).counts[0, 1] == won


def test_equal_differences_single_seeds_and_no_label_counts_beat_nobody_and_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        equal = penalty_matrix({"s": {"a": WORSE + 0.1, "b": WORSE}})
        single = penalty_matrix({"s": {"a": [[0.9, 0.9]], "b": [[0.1, 0.1]]}})
        countless = penalty_matrix({"s": {"a": np.empty((5, 0)), "b": np.empty((5, 0))}})
        empty = penalty_matrix({})
    assert [each.counts.tolist() for each in (equal, single, countless)] == 3 * [[[0, 0], [0, 0]]]
    assert (empty.names, empty.counts.shape, empty.totals.shape) == ((), (0, 0), (0,))


def test_a_method_that_a_setting_lacks_is_left_out_and_named() -> None:
    matrix = penalty_matrix({"x": {"a": BETTER, "c": WORSE, "b": WORSE}, "y": {"b": BETTER, "a": WORSE}})
    assert (matrix.names, matrix.left_out) == (("a", "b"), ("c",))
    assert matrix.counts.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("labels", "until", "chosen"),
    [
        ([100, 200, 300, 400, 500, 600, 700, 800, 900], math.inf, [200, 300, 500, 900]),
        ([100, 200, 300, 400, 500, 600, 700, 800, 900], 900, [200, 300, 500]),  # m up to log2(800 / 100)
        ([100, 200, 300, 400, 500, 600, 700, 800, 900], 899, [200, 300]),
        ([10, 20, 40, 90], math.inf, [20, 90]),
        ([100], math.inf, []),
        ([100, 200], 150, []),
    ],
)
def test_label_counts_double(labels: list[int], until: float, chosen: list[int]) -> None:
    assert [labels[at] for at in doubling(labels, until)] == chosen


def test_saturation_is_where_the_curve_has_reached_99_percent_of_its_end() -> None:
    assert saturation([10, 20, 30, 40], [0.5, 0.7, 0.7921, 0.8]) == 30
    assert saturation([10, 20, 30, 40], [0.5, 0.795, 0.9, 0.8]) == 20
    assert saturation([10, 20, 30], [0.5, 0.7, 0.8], share=0.5) == 10
