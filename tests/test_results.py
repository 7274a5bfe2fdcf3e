"""RESULTS.md says what the rows say that are kept with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.document import filled, pictured
from analysis.figures import drawings
from analysis.load import Loaded, load
from analysis.sweep_numbers import Selection, SweepNumbers, sweep_numbers
from bench.archive import main

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "RESULTS.md").read_text()
MOST = 3 * 2**20  # bytes of the archive


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("archived")
    assert main(["import", str(ROOT / "docs/paper_small.tar.xz"), "--results", str(folder)]) == 0
    return load(folder / "paper_small")


@pytest.fixture(scope="module")
def numbers(loaded: Loaded) -> SweepNumbers:
    return sweep_numbers(loaded, Selection())


def test_its_tables_and_claims_are_those_of_the_rows(numbers: SweepNumbers) -> None:
    assert filled(TEXT, numbers) == TEXT


def test_its_figures_exist_and_are_of_this_sweep(loaded: Loaded, numbers: SweepNumbers) -> None:
    shown = pictured(TEXT, drawings(loaded, numbers=numbers))
    assert TEXT.count("![") == len(shown)
    assert all((ROOT / f"{path}.png").is_file() for path in shown)


def test_the_rows_are_few_enough_to_be_kept_here() -> None:
    assert (ROOT / "docs/paper_small.tar.xz").stat().st_size < MOST
