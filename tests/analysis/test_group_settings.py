"""A group's name is read back into the settings that it was made from."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.drawing.setting import numbers, read, written

NAMES = st.text("abcdef._", min_size=1)
VALUES = st.one_of(st.text("abc019.-+ ", min_size=1).map(str.strip).filter(bool), st.just("mlp(width=3, layers=2)"))


@settings(deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_what_is_written_is_read_back(named: dict[str, str]) -> None:
    assert read(written(named)) == named


def test_a_group_without_a_grid_has_no_settings() -> None:
    assert read("") == {}


def test_a_comma_inside_brackets_belongs_to_the_value() -> None:
    assert read("net=mlp(width=3, layers=1), vary=[initial, weights], budget=5") == {
        "net": "mlp(width=3, layers=1)",
        "vary": "[initial, weights]",
        "budget": "5",
    }


def test_values_are_numbers_where_all_of_them_are() -> None:
    assert numbers(["1", "2.5", "1e-3"]) == [1, 2.5, 0.001]
    assert numbers(["1", "two"]) is None
    assert numbers(["1", "1.0"]) is None
