"""Seeds are a number of them, a list of them, or a range."""

from __future__ import annotations

import pytest
from sweep_texts import BASE, Reader, base_with


def seeds(reader: Reader, text: str) -> list[int]:
    return reader.settings(base_with(("seeds: 2", f"seeds: {text}"))).seed_list


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", [0]), ("3", [0, 1, 2]), ("[7, 2]", [7, 2]), ("[0]", [0]), ("{first: 5, count: 3}", [5, 6, 7])],
)
def test_the_seeds_that_a_text_means(reader: Reader, text: str, expected: list[int]) -> None:
    assert seeds(reader, text) == expected


def test_there_are_six_unless_somebody_says_so(reader: Reader) -> None:
    assert reader.settings(BASE.replace("  seeds: 2\n", "")).seed_list == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "text", ["0", "-1", "2.0", "true", "null", '"3"', "[1, -1]", "[a]", "[1.5]", "[[1]]", "9" * 30]
)
def test_what_is_no_seeds_is_refused(reader: Reader, text: str) -> None:
    found = reader.problem(base_with(("seeds: 2", f"seeds: {text}")))
    wanted = "an integer >= 1 and <= 10000, or a list, each item an integer >= 0, or a mapping of first, count"
    assert found.startswith(f"s.yaml:12: defaults.seeds: wanted {wanted}; got ")


@pytest.mark.parametrize("text", ["[]", "[1, 1]", "[3, 4, 3]"])
def test_each_seed_is_wanted_once_and_one_at_least(reader: Reader, text: str) -> None:
    found = reader.problem(base_with(("seeds: 2", f"seeds: {text}")))
    assert found == f"s.yaml:12: defaults.seeds: wanted at least one seed, each once; got {text}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{first: -1, count: 2}", "first: wanted an integer >= 0; got -1"),
        ("{first: 0, count: 0}", "count: wanted an integer >= 1 and <= 10000; got 0"),
        ("{first: 2}", "count: missing; wanted an integer >= 1 and <= 10000"),
        ("{first: 2, count: 2, step: 3}", "step: unknown key. Allowed: first, count"),
    ],
)
def test_a_range_that_cannot_be_is_refused(reader: Reader, text: str, said: str) -> None:
    assert reader.problem(base_with(("seeds: 2", f"seeds: {text}"))) == f"s.yaml:12: defaults.seeds.{said}"
