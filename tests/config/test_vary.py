"""Which random streams follow the seed is a setting of its own, for telling their variances apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_texts import BASE, Reader, base_and, base_with

from bench.errors import ConfigError
from bench.notebook import run_cell

SETTINGS = {
    "dataset": "digits",
    "learner": {"name": "network", "net": {"name": "mlp", "width": 8, "layers": 1}, "train": {"epochs": 2}},
    "protocol": {"initial": 10, "budget": 3, "cycles": 1, "candidates": 12},
    "strategy": "random",
}


def varied(reader: Reader, text: str) -> object:
    return reader.settings(base_with(("seeds: 2", f"seeds: 2\n  vary: {text}"))).varied


def test_all_streams_follow_the_seed_unless_somebody_says_so(reader: Reader) -> None:
    assert reader.settings(BASE).varied == "all"


def test_the_order_in_which_streams_are_named_means_nothing(reader: Reader) -> None:
    assert varied(reader, "[batches, initial]") == varied(reader, "[initial, batches]") == ("initial", "batches")


@pytest.mark.parametrize("text", ["[]", "[initial, initial]", "none", "[weight]", "initial"])
def test_what_is_no_choice_of_streams_is_refused(reader: Reader, text: str) -> None:
    assert "defaults.vary" in reader.problem(base_with(("seeds: 2", f"seeds: 2\n  vary: {text}")))


def queried(tmp_path: Path, seed: int, vary: object) -> tuple[list[int], float]:
    rows = run_cell({**SETTINGS, "seed": seed, "vary": vary}, tmp_path)
    return rows[0]["result"]["queried"], rows[0]["result"]["accuracy"]


def test_a_held_stream_is_the_same_for_every_seed(tmp_path: Path) -> None:
    (initial, accuracy), (same, other) = (queried(tmp_path, seed, ["weights"]) for seed in (1, 2))
    assert initial == same
    assert accuracy != other
    one, two = (queried(tmp_path, seed, ["initial"])[0] for seed in (1, 2))
    assert one != two


def test_seed_0_is_the_same_whatever_varies(tmp_path: Path) -> None:
    assert queried(tmp_path, 0, ["weights"]) == queried(tmp_path, 0, "all")


def test_nothing_that_is_held_follows_the_seed(tmp_path: Path) -> None:
    assert queried(tmp_path, 1, ["audit"]) == queried(tmp_path, 2, ["audit"])


def test_a_grid_over_it_makes_other_cells_and_names_them(reader: Reader) -> None:
    planned = reader.plan(base_and("grid: {vary: [all, [initial], [batches, weights]]}"))
    varied = [(arm.point.group, arm.cells[1].vary) for arm in planned.arms[::2]]
    assert varied == [
        ("vary=all", "all"),
        ("vary=[initial]", ("initial",)),
        ("vary=[batches, weights]", ("weights", "batches")),
    ]


def test_a_stream_that_is_none_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="vary"):
        run_cell({**SETTINGS, "vary": ["wieghts"]}, tmp_path)
