"""Seeds and test images both resampled: the closed form against drawing, and the laws of the interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.estimate import estimate
from analysis.statistics.test_images import pigeonhole_variance, two_way_bootstrap, widest_interval

Correct = NDArray[np.bool_]


def runs(seed: int, seeds: int = 8, images: int = 60, lead: float = 0.1) -> tuple[Correct, Correct]:
    """Two methods whose chance to be right depends on the image and, a little, on the seed."""
    generator = np.random.default_rng(seed)
    easy, luck = generator.uniform(0.2, 0.9, images), generator.normal(0, 0.05, (2, seeds, 1))
    theirs = generator.uniform(size=(seeds, images)) < easy + luck[0]
    return generator.uniform(size=(seeds, images)) < easy + lead + luck[1], theirs


def drawn_means(values: NDArray[np.float64], draws: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """The bootstrap as it is defined: rows and columns drawn apart, each with replacement."""
    s, t = values.shape
    rows = generator.integers(s, size=(draws, s))
    columns = generator.integers(t, size=(draws, t))
    return np.array([values[np.ix_(r, c)].mean() for r, c in zip(rows, columns, strict=True)])


@pytest.mark.parametrize("shape", [(5, 30), (2, 7), (12, 4), (3, 1)])
def test_the_closed_form_is_the_variance_of_drawn_means(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=shape) + generator.normal(size=(shape[0], 1)) + generator.normal(size=shape[1])
    drawn = drawn_means(values, 20_000, generator)
    assert pigeonhole_variance(values) == pytest.approx(drawn.var(), rel=0.04)


def test_it_is_owen_s_sum_where_one_factor_has_a_single_level() -> None:
    values = np.random.default_rng(2).normal(size=(6, 1))
    assert pigeonhole_variance(values) == pytest.approx(values.var() / 6)  # the ordinary bootstrap of a mean


def test_equal_values_have_no_variance() -> None:
    assert pigeonhole_variance(np.full((4, 9), 0.7)) == pytest.approx(0, abs=1e-15)


def test_the_mean_is_the_difference_in_accuracy() -> None:
    ours, theirs = runs(3)
    found = two_way_bootstrap(ours, theirs)
    assert found.mean == pytest.approx(ours.mean() - theirs.mean())
    assert found.n == 8


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("seeds", [2, 3, 20])
def test_the_interval_is_wider_than_that_over_seeds_alone(seed: int, seeds: int) -> None:
    ours, theirs = runs(seed, seeds)
    both, alone = two_way_bootstrap(ours, theirs), estimate(ours.mean(axis=1) - theirs.mean(axis=1))
    assert both.high - both.low >= alone.high - alone.low


def test_where_images_do_not_matter_it_is_the_t_interval_over_seeds() -> None:
    won = np.array([1, 0, 1, 1, 0])
    ours, theirs = np.repeat(won[:, None], 7, axis=1), np.zeros((5, 7))
    found, alone = two_way_bootstrap(ours, theirs), estimate(won)
    assert (found.mean, found.low, found.high) == pytest.approx((alone.mean, alone.low, alone.high))


def test_more_seeds_do_not_average_out_the_test_images() -> None:
    image_wise = np.random.default_rng(4).uniform(size=50) < 0.3  # which images theirs gets wrong, in every seed
    ours, theirs = np.ones((400, 50), bool), np.broadcast_to(~image_wise, (400, 50))
    found = two_way_bootstrap(ours, theirs)
    error = (found.high - found.low) / 2 / 1.966
    assert error == pytest.approx(math.sqrt(image_wise.var() / 50), rel=0.01)
    assert estimate(ours.mean(axis=1) - theirs.mean(axis=1)).high == pytest.approx(found.mean)


def test_the_interval_covers_the_truth_over_seeds_and_images() -> None:
    covered = 0
    for seed in range(200):
        ours, theirs = runs(seed, seeds=10, images=80, lead=0.05)
        found = two_way_bootstrap(ours, theirs)
        covered += found.low <= 0.05 <= found.high
    assert covered >= 190 - 2 * math.sqrt(200 * 0.05 * 0.95)


def test_one_seed_has_no_interval() -> None:
    found = two_way_bootstrap([[True, False]], [[False, False]])
    assert (found.mean, found.n) == (0.5, 1)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_no_seed_has_no_mean() -> None:
    found = two_way_bootstrap(np.zeros((0, 5)), np.zeros((0, 5)))
    assert math.isnan(found.mean)
    assert found.n == 0
    assert math.isnan(widest_interval([], np.zeros((0, 5))).mean)


@pytest.mark.parametrize(("ours", "theirs"), [((2, 5), (2, 4)), ((5,), (5,)), ((2, 5), (5,))])
def test_arrays_that_do_not_match_are_refused(ours: tuple[int, ...], theirs: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="of one shape"):
        two_way_bootstrap(np.zeros(ours), np.zeros(theirs))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("classes", [2, 10])
def test_the_widest_interval_holds_the_one_that_labels_would_give(seed: int, classes: int) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.integers(classes, size=90)
    guesses = generator.integers(classes, size=(2, 6, 90))
    ours, theirs = np.where(generator.uniform(size=(2, 6, 90)) < 0.7, labels, guesses)
    found = widest_interval((ours == labels).mean(axis=1) - (theirs == labels).mean(axis=1), ours != theirs)
    exact = two_way_bootstrap(ours == labels, theirs == labels)
    assert found.mean == pytest.approx(exact.mean)
    assert found.low <= exact.low
    assert found.high >= exact.high


def test_the_widest_interval_is_reached_where_every_disagreement_is_one_sided() -> None:
    ours, theirs = np.ones((5, 30), bool), np.random.default_rng(6).uniform(size=(5, 30)) < 0.6
    found = widest_interval(ours.mean(axis=1) - theirs.mean(axis=1), ours != theirs)
    exact = two_way_bootstrap(ours, theirs)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_equal_predictions_leave_no_doubt() -> None:
    found = widest_interval([0.0] * 3, np.zeros((3, 8)))
    assert (found.mean, found.low, found.high, found.n) == (0.0, 0.0, 0.0, 3)
