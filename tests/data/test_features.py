"""Features that come with a dataset: in its own file or in one beside it, one row for each sample of the pool."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.data import Dataset, checksum_of, load_data
from bench.datasets.digits import Digits
from bench.datasets.npz import Npz
from bench.errors import DataError
from bench.notebook import run_cell
from bench.record import read_rows
from bench.subset import LongTail

N = 12
ARRAYS: dict[str, Any] = {
    "x_train": np.arange(N * 3.0).reshape(N, 3),
    "y_train": np.arange(N) % 2,
    "x_test": np.zeros((2, 3)),
    "y_test": np.array([1, 0]),
}
MARKED = np.column_stack([np.arange(N), -np.arange(N), np.ones(N)])[:, :2]
"""Each row says which sample it belongs to."""


@pytest.fixture
def plain(tmp_path: Path) -> Npz:
    """A dataset of 12 vectors without features; its sample i has x = (3i, …)."""
    np.savez(tmp_path / "d.npz", **ARRAYS)
    return Npz(str(tmp_path / "d.npz"))


def with_file(dataset: Dataset, folder: Path, features: np.ndarray, name: str = "f.npy") -> Any:
    np.save(folder / name, features) if name.endswith("npy") else np.savez(folder / name, features_train=features)
    return replace(dataset, features=str(folder / name))


def loaded(dataset: Dataset, folder: Path, precision: Any = "float32") -> torch.Tensor:
    found = load_data(dataset, folder, "cpu", precision).features
    assert found is not None
    return found


def test_a_dataset_without_features_has_none(plain: Npz, tmp_path: Path) -> None:
    assert load_data(plain, tmp_path, "cpu", "float32").features is None


@pytest.mark.parametrize("name", ["f.npy", "f.npz"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_features_of_a_file_come_in_the_order_of_the_pool_and_in_the_precision(
    plain: Npz, tmp_path: Path, name: str, precision: str
) -> None:
    found = loaded(with_file(plain, tmp_path, MARKED, name), tmp_path, precision)
    assert (found.tolist(), str(found.dtype)) == (MARKED.tolist(), f"torch.{precision}")


def test_an_npz_may_hold_its_features_itself(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **ARRAYS, features_train=MARKED)
    own = Npz(str(tmp_path / "own.npz"))
    assert loaded(own, tmp_path).tolist() == MARKED.tolist()
    assert loaded(with_file(own, tmp_path, 2 * MARKED), tmp_path).tolist() == (2 * MARKED).tolist()


def test_every_dataset_takes_features_and_a_relative_path_may_be_below_the_data_folder(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", np.arange(1297 * 2).reshape(1297, 2).astype("float16"))
    assert loaded(Digits(features="f.npy"), tmp_path).shape == (1297, 2)


@pytest.mark.parametrize("subset", [{"limit": 7}, {"imbalance": LongTail(3)}, {"limit": 8, "imbalance": LongTail(2)}])
def test_a_subset_keeps_the_features_of_the_samples_that_it_keeps(
    plain: Npz, tmp_path: Path, subset: dict[str, Any]
) -> None:
    data = load_data(replace(with_file(plain, tmp_path, MARKED), **subset), tmp_path, "cpu", "float32")
    assert data.features is not None
    assert len(data.features) < N
    assert (data.features[:, 0] * 3).tolist() == data.x_pool[:, 0].tolist()


def test_normalisation_is_for_inputs_alone(plain: Npz, tmp_path: Path) -> None:
    standard = replace(with_file(plain, tmp_path, MARKED), normalise="standard")
    assert loaded(standard, tmp_path).tolist() == MARKED.tolist()


def test_the_checksum_is_of_the_features_too_and_not_of_their_path(plain: Npz, tmp_path: Path) -> None:
    here, there, other = (
        checksum_of(with_file(plain, tmp_path, features, name), tmp_path)
        for features, name in ((MARKED, "a.npy"), (MARKED, "b.npy"), (MARKED + 1, "c.npy"))
    )
    assert here == there
    assert len({here, other, checksum_of(plain, tmp_path)}) == 3
    assert checksum_of(plain, tmp_path) == plain.checksum(tmp_path)


def test_the_checksum_is_of_the_data_too(plain: Npz, tmp_path: Path) -> None:
    other = Npz(str(tmp_path / "e.npz"))
    np.savez(tmp_path / "e.npz", **ARRAYS | {"y_test": np.array([0, 1])})
    first, second = (checksum_of(with_file(dataset, tmp_path, MARKED), tmp_path) for dataset in (plain, other))
    assert first != second


def test_a_cell_with_features_is_another_cell(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", np.ones((1297, 2)))
    ridge = {"learner": "ridge", "protocol": {"initial": 20, "budget": 5, "cycles": 1}, "strategy": "random"}
    run_cell({"dataset": "digits", **ridge}, tmp_path)  # type: ignore[dict-item]
    run_cell({"dataset": {"name": "digits", "features": str(tmp_path / "f.npy")}, **ridge}, tmp_path)  # type: ignore[dict-item]
    first, second = (read_rows(cell) for cell in (tmp_path / "cells").iterdir())
    assert [row["result"] for row in first] == [row["result"] for row in second]


HOLE = MARKED.copy()
HOLE[4, 1] = np.inf


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (MARKED[:-1], "wanted a vector for each of the 12 samples of x_train, (12, e), in their order and before any"),
        (np.ones(N), r"got shape \(12,\)"),
        (np.ones((N, 2, 2)), r"got shape \(12, 2, 2\)"),
        (np.ones((N, 0)), r"got shape \(12, 0\)"),
        (HOLE, "features_train: wanted finite numbers; sample 4 holds NaN or Inf"),
        (np.full((N, 2), "a"), "features_train: wanted numbers; got dtype <U1"),
        (np.full((N, 2), 1e300), "features_train: wanted numbers that float32 can hold; the largest is 1e"),
    ],
)
def test_features_that_cannot_be_used_are_refused(plain: Npz, tmp_path: Path, features: np.ndarray, said: str) -> None:
    pattern = said if "\\" in said else re.escape(said)
    with pytest.raises(DataError, match=pattern):
        load_data(with_file(plain, tmp_path, features), tmp_path, "cpu", "float32")


def test_features_are_counted_before_a_limit(plain: Npz, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"each of the 12 samples"):
        load_data(replace(with_file(plain, tmp_path, MARKED[:6]), limit=6), tmp_path, "cpu", "float32")


def test_a_missing_file_is_answered_with_both_places(plain: Npz, tmp_path: Path) -> None:
    lost = replace(plain, features="none.npy")
    for asked in (lambda: checksum_of(lost, tmp_path), lambda: load_data(lost, tmp_path, "cpu", "float32")):
        with pytest.raises(DataError, match=r"features: no file 'none\.npy'; looked for none\.npy and /\S+/none\.npy"):
            asked()


def test_an_npz_of_other_arrays_is_refused(plain: Npz, tmp_path: Path) -> None:
    np.savez(tmp_path / "f.npz", features=MARKED)
    with pytest.raises(DataError, match="wanted the arrays features_train; features_train missing, got features"):
        load_data(replace(plain, features=str(tmp_path / "f.npz")), tmp_path, "cpu", "float32")


@pytest.mark.parametrize("content", [b"", b"0.5 0.5\n", b"\x93NUMPY\x01\x00v\x00{"])
def test_a_file_that_is_no_array_is_refused(plain: Npz, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"f\.npy: wanted an array of numbers, unpickled and undamaged"):
        load_data(replace(plain, features=str(tmp_path / "f.npy")), tmp_path, "cpu", "float32")


def test_an_array_of_objects_is_never_unpickled(plain: Npz, tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", np.array([[Path("x")] * 2] * N, dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="unpickled and undamaged"):
        load_data(replace(plain, features=str(tmp_path / "f.npy")), tmp_path, "cpu", "float32")
