"""Numbers as readers see them."""

from __future__ import annotations

import math

import pytest

from analysis.estimate import Estimate
from analysis.wording import interval, number, p_value, seconds, seed_list


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.04567, "0.0457"),
        (0.04996, "0.04996"),
        (0.050000001, "0.050000001"),
        (0.05, "0.0500"),
        (1.0, "1.0000"),
        (0.0001, "0.0001"),
        (0.00003, "3e−05"),
        (0.0, "< 1e−300"),
        (math.nan, "–"),
    ],
)
def test_a_p_value_is_never_told_as_zero_nor_as_the_level_that_it_is_not(p: float, words: str) -> None:
    assert p_value(p) == words


def test_negative_numbers_have_a_real_minus_and_gains_a_plus() -> None:
    assert number(-1.234, 2) == "−1.23"
    assert number(1.234, 1, "+") == "+1.2"
    assert number(math.nan, 1) == "–"


@pytest.mark.parametrize(
    ("value", "words"), [(123.4, "123"), (12.3, "12"), (1.26, "1.3"), (0.0123, "0.012"), (math.nan, "–")]
)
def test_seconds_have_three_digits_at_most(value: float, words: str) -> None:
    assert seconds(value) == words


def test_a_fraction_is_told_in_percent_with_its_interval() -> None:
    assert interval(Estimate(0.5, 0.4, 0.6, 3), 1, "1 seed") == "50.0 [40.0, 60.0]"
    assert interval(Estimate(-0.01, -0.02, 0.0, 3), 2, "1 pair", "+") == "−1.00 [−2.00, +0.00]"
    assert interval(Estimate(0.5, math.nan, math.nan, 1), 1, "1 seed") == "50.0 (1 seed)"
    assert interval(Estimate(math.nan, math.nan, math.nan, 0), 1, "1 seed") == "no complete seed"


def test_seeds_are_counted_by_grammar() -> None:
    assert seed_list((3,)) == "seed 3"
    assert seed_list((3, 4)) == "seeds 3, 4"


def test_there_is_no_negative_zero() -> None:
    assert number(-0.001, digits=2) == "0.00"
    assert number(-0.001, digits=2, sign="+") == "+0.00"
    assert number(-0.006, digits=2) == "−0.01"
