"""Numbers inside sentences."""

from __future__ import annotations

import math

import pytest

from analysis.estimate import estimate
from analysis.phrases import counted, factor, factor_interval, p_is, points, points_interval


@pytest.mark.parametrize(("number", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs")])
def test_a_noun_agrees_with_its_number(number: int, text: str) -> None:
    assert counted(number, "run") == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.0214, "+2.1"), (-0.0214, "−2.1"), (-0.0001, "+0.0"), (math.nan, "–")]
)
def test_a_fraction_is_told_in_points(fraction: float, text: str) -> None:
    assert points(fraction, sign="+") == text


@pytest.mark.parametrize(("value", "text"), [(0.5, "0.5"), (1.234, "1.23"), (104.6, "105"), (12345.6, "12346")])
def test_a_factor_has_three_digits_and_no_exponent(value: float, text: str) -> None:
    assert factor(value) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0314, "= 0.031"), (0.00012, "= 0.00012"), (0.00009, "< 0.0001"), (0.9951, "= 1"), (0.3, "= 0.3")]
)
def test_a_p_value_is_told_in_two_digits(p: float, text: str) -> None:
    assert p_is(p) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.05, "= 0.05"), (0.0496, "= 0.0496"), (0.0504, "= 0.0504"), (0.049998, "= 0.049998")]
)
def test_a_p_value_near_the_level_is_told_apart_from_it(p: float, text: str) -> None:
    assert p_is(p) == text


def test_an_interval_is_told_where_there_is_one() -> None:
    assert points_interval(estimate([0.01, 0.03])) == "2.0 [−10.7, 14.7]"
    assert points_interval(estimate([0.01])) == "1.0"
    assert factor_interval(estimate([2.0])) == "2"
