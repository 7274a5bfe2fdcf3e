"""The estimate of what the missing cells of a sweep need of the disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archive_cases import CYCLES, cells_of, planned, shorten
from support import run_of

from bench.arrays import read_npz
from bench.cell import Cell
from bench.data import Data, Dataset, load_data
from bench.dataset_facts import IMAGES, Facts, facts_of
from bench.datasets.breast_cancer import BreastCancer
from bench.datasets.digits import Digits
from bench.datasets.npz import Npz
from bench.disk import DiskEstimate, disk_estimate, measured
from bench.learners.linear import Ridge
from bench.nets.cnn import CNN
from bench.protocol import Protocol


@pytest.fixture
def cells(tmp_path: Path) -> Mapping[str, Cell]:
    """The cells of that sweep."""
    return planned(tmp_path).cells()


def taken(folder: Path) -> int:
    """What du says."""
    told = subprocess.run(["du", "-s", "--block-size=1", str(folder)], capture_output=True, text=True, check=True)
    return int(told.stdout.split()[0])


def test_nothing_is_needed_where_every_cell_is_finished(finished: Path, cells: Mapping[str, Cell]) -> None:
    found = disk_estimate(cells, finished)
    assert (found.missing, found.total, found.working) == (0, 0, 0)
    assert str(found).startswith("no cell is missing; ")


def test_cells_like_finished_ones_take_what_those_took(
    finished: Path, cells: Mapping[str, Cell], tmp_path: Path
) -> None:
    half = Path(shutil.copytree(finished, tmp_path / "half"))
    for cell in cells_of(half)[::2]:
        shutil.rmtree(cell)
    found = disk_estimate(cells, half)
    assert (found.missing, found.measured, found.computed, found.unknown) == (3, 3, 0, 0)
    assert found.total == pytest.approx(taken(half / "cells") - 4096, rel=0.02)
    assert found.total == found.arrays + found.weights + found.rows


def test_more_cycles_take_more_arrays_and_rows_but_not_more_weights(finished: Path, cells: Mapping[str, Cell]) -> None:
    def with_cycles(cycles: int) -> DiskEstimate:
        """With cells of other ids, so that they are missing."""
        others = {
            f"{i}x" if cycles != CYCLES else i: replace(cell, protocol=replace(cell.protocol, cycles=cycles))
            for i, cell in cells.items()
        }
        return disk_estimate({**cells, **others}, finished)

    short, long = with_cycles(9), with_cycles(19)
    assert long.arrays == pytest.approx(2 * short.arrays, abs=10)
    assert long.weights == short.weights
    assert long.rows > short.rows


def test_a_cell_that_is_wanted_for_more_cycles_is_missing(finished: Path, cells: Mapping[str, Cell]) -> None:
    longer = {i: replace(cell, protocol=replace(cell.protocol, cycles=CYCLES + 1)) for i, cell in cells.items()}
    assert disk_estimate(longer, finished).missing == 6


def test_without_any_finished_cell_it_is_computed_and_not_far_off(
    finished: Path, cells: Mapping[str, Cell], tmp_path: Path
) -> None:
    found = disk_estimate(cells, tmp_path / "nothing" / "yet")
    assert (found.missing, found.measured, found.computed) == (6, 0, 6)
    assert found.total == pytest.approx(taken(finished / "cells"), rel=0.25)
    assert "computed" in str(found)


@pytest.mark.parametrize("candidates", [50, 1000, None])
def test_computed_arrays_are_as_large_as_real_ones(
    cell: Cell, digits: Data, tmp_path: Path, candidates: int | None
) -> None:
    one = replace(cell, learner=Ridge(), protocol=Protocol(20, 5, 1, candidates))
    found = disk_estimate({one.id: one}, tmp_path)
    run_of(one, digits, tmp_path).finish()
    real = (tmp_path / one.id / "arrays" / "001.npz").stat().st_blocks * 512
    assert abs(found.arrays / 2 - real) <= 4096


@pytest.mark.parametrize("learner", ["mlp", "cnn", "ridge", "ridge on cnn"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_computed_weights_are_as_large_as_real_ones(cell: Cell, tmp_path: Path, learner: str, precision: str) -> None:
    others = {
        "mlp": cell.learner,
        "cnn": replace(cell.learner, net=CNN(8)),  # type: ignore[type-var]
        "ridge": Ridge(),
        "ridge on cnn": Ridge(encoder=CNN(8)),
    }
    one = replace(cell, learner=others[learner], protocol=Protocol(20, 5, 1, 50), precision=precision)  # type: ignore[arg-type]
    data = load_data(Digits(), tmp_path, "cpu", one.precision)
    found = disk_estimate({one.id: one}, tmp_path)
    run_of(one, data, tmp_path).finish()
    real = (tmp_path / one.id / "weights" / "001.pt").stat().st_blocks * 512
    assert found.weights / 2 == pytest.approx(real, rel=0.1, abs=4096)
    assert found.working == found.weights / 2


def test_weights_that_were_pruned_are_computed_beside_what_is_measured(
    finished: Path, cells: Mapping[str, Cell], tmp_path: Path
) -> None:
    pruned = Path(shutil.copytree(finished, tmp_path / "pruned"))
    shutil.rmtree(cells_of(pruned)[0])
    whole = disk_estimate(cells, pruned)
    for cell in cells_of(pruned):
        shutil.rmtree(cell / "weights")
    found = disk_estimate(cells, pruned)
    assert found.arrays == whole.arrays
    assert found.weights == pytest.approx(whole.weights, rel=0.5)
    assert disk_estimate(cells, pruned, with_torch=False).unknown == 1


def test_a_dataset_that_cannot_tell_is_said_to_be_unknown(cells: Mapping[str, Cell], tmp_path: Path) -> None:
    lost = {i: replace(cell, dataset=Npz(path="nowhere.npz")) for i, cell in cells.items()}
    found = disk_estimate(lost, tmp_path, tmp_path)
    assert (found.unknown, found.total) == (6, 0)
    assert "not known in full" in str(found)


def test_torch_is_loaded_only_to_count_parameters(finished: Path, tmp_path: Path) -> None:
    half = Path(shutil.copytree(finished, tmp_path / "half"))
    shutil.rmtree(cells_of(half)[0])
    record = json.dumps({i: c.record() for i, c in planned(tmp_path).cells().items()})
    program = """
import json, sys
from pathlib import Path
from bench.cell import cell_from_record
from bench.disk import disk_estimate
cells = {i: cell_from_record(record) for i, record in json.load(sys.stdin).items()}
disk_estimate(cells, Path(sys.argv[1]))
disk_estimate(cells, Path(sys.argv[2]), with_torch=False)
print([name for name in ("torch", "jax", "pandas", "sklearn") if name in sys.modules])
"""
    told = subprocess.run(
        [sys.executable, "-c", program, str(half), str(tmp_path)],
        input=record,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"


def arrays_file(path: Path, shape: tuple[int, ...]) -> Path:
    np.savez(
        path,
        x_train=np.zeros((30, *shape)),
        y_train=np.arange(30) % 3,
        x_test=np.zeros((12, *shape)),
        y_test=np.arange(12) % 4,
    )
    return path


@pytest.mark.parametrize("shape", [(5,), (8, 8), (8, 8, 3), (3, 8, 8), (1, 8, 8)])
def test_facts_of_arrays_are_those_of_the_loaded_data(tmp_path: Path, shape: tuple[int, ...]) -> None:
    dataset = Npz(path=str(arrays_file(tmp_path / "x.npz", shape)))
    assert facts_of(dataset, tmp_path) == loaded_facts(dataset, tmp_path)


@pytest.mark.parametrize(
    "dataset", [Digits(), BreastCancer(), Digits(limit=100), Digits(size=4), Digits(limit=50, size=2)], ids=str
)
def test_facts_are_those_of_the_loaded_data(dataset: Dataset, tmp_path: Path) -> None:
    assert facts_of(dataset, tmp_path) == loaded_facts(dataset, tmp_path)


def loaded_facts(dataset: Dataset, root: Path) -> Facts:
    data = load_data(dataset, root, "cpu", "float32")
    return Facts(len(data.x_pool), len(data.x_test), data.shape, data.classes, data.features is not None)


def test_every_dataset_of_images_states_its_classes() -> None:
    assert all(facts.classes == dataset.classes for dataset, facts in IMAGES.items())


def test_a_damaged_file_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"damaged")
    assert facts_of(Npz(path=str(tmp_path / "x.npz")), tmp_path) is None


def test_what_a_finished_cell_took_is_measured_by_blocks(finished: Path) -> None:
    cell = cells_of(finished)[0]
    sizes = measured([cell])
    files = [path for path in (cell / "arrays").iterdir() if read_npz(path, ["predicted"])]
    assert sizes.arrays == sum(path.stat().st_blocks * 512 for path in files) / len(files)
    parts = (CYCLES + 1) * ((sizes.arrays or 0) + (sizes.rows or 0)) + 2 * (sizes.weights or 0) + (sizes.once or 0)
    assert parts == taken(cell)


def test_unfinished_cells_are_not_measured(finished: Path, cells: Mapping[str, Cell], tmp_path: Path) -> None:
    begun = Path(shutil.copytree(finished, tmp_path / "begun"))
    for cell in cells_of(begun):
        shorten(cell, 2)
    found = disk_estimate(cells, begun)
    assert (found.measured, found.computed) == (0, 6)


def test_the_sentence_names_every_part_and_what_is_too_little() -> None:
    gigabyte = 10**9
    found = DiskEstimate(
        missing=340,
        free=18 * gigabyte,
        arrays=900_000_000,
        weights=200_000_000,
        rows=100_000_000,
        measured=300,
        computed=40,
    )
    assert str(found) == (
        "about 1.2 GB for 340 missing cells (900 MB arrays, 200 MB weights, 100 MB rows); 18 GB free "
        "(300 measured on finished cells, 40 computed)"
    )
    assert "18 GB free, which is not enough: make room" in str(replace(found, weights=20 * gigabyte))
