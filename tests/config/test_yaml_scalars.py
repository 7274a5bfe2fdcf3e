"""Scalars mean what YAML 1.2 says, not what YAML 1.1 made of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import ConfigError
from bench.located import Plain
from bench.yaml_tree import parse_yaml


def value_of(text: str) -> Plain:
    return parse_yaml(f"key: {text}", "s.yaml").plain["key"]  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("1E5", 1e5), (".5", 0.5), ("1.", 1.0), ("-1.5e+2", -150.0), ("+.5", 0.5), ("-.inf", -math.inf)],
)
def test_a_float(text: str, value: float) -> None:
    found = value_of(text)
    assert isinstance(found, float)
    assert found == value


@given(st.floats(allow_nan=False))
def test_what_python_writes_for_a_float_is_that_float(value: float) -> None:
    text = repr(value).replace("inf", ".inf")
    assert value_of(text) == value


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-7", -7), ("+7", 7), ("010", 10), ("0099", 99)])
def test_an_integer_is_decimal_whatever_it_starts_with(text: str, value: int) -> None:
    found = value_of(text)
    assert type(found) is int
    assert found == value


@pytest.mark.parametrize("text", ["on", "off", "yes", "no", "y", "n", "On", "YES", "tRUE", "nUll"])
def test_a_word_is_a_text(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.parametrize(
    "text", ["2024-01-01", "2024-01-01T12:00:00Z", "1:30", "1_000", "0x10", "0o7", "1.2.3", "=", "."]
)
def test_what_only_looks_like_a_number_or_date_is_a_text(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("null", None), ("~", None), ("", None)])
def test_booleans_and_null(text: str, value: bool | None) -> None:
    assert value_of(text) is value


@pytest.mark.parametrize("text", ['"1e-3"', "'true'", '"null"', '"<<"'])
def test_what_is_quoted_is_a_text(text: str) -> None:
    assert value_of(text) == text[1:-1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("!!int abc", "wanted an integer; got 'abc'"),
        ("!!bool maybe", "wanted true or false; got 'maybe'"),
        ("!!float x", "wanted a number; got 'x'"),
        ("9" * 5000, f"wanted an integer; got '{'9' * 57}...'"),
    ],
)
def test_a_scalar_that_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        value_of(text)
    assert str(caught.value.problems[0]) == f"s.yaml:1: key: {said}"
