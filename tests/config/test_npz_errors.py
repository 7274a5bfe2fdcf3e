"""A .npz file that cannot be used is refused with the reason."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.data import load_data
from bench.datasets.npz import Npz
from bench.errors import DataError

GOOD: dict[str, Any] = {
    "x_train": np.arange(12.0).reshape(4, 3),
    "y_train": np.array([0, 1, 0, 1]),
    "x_test": np.arange(6.0).reshape(2, 3),
    "y_test": np.array([1, 0]),
}
HOLE = GOOD["x_train"].copy()
HOLE[2, 1] = np.nan
ENDLESS = GOOD["x_test"].copy()
ENDLESS[1, 0] = -np.inf


class Bomb:
    """Notes that it was unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("exploded"),)


def refusal(folder: Path, classes: int | None = None) -> str:
    with pytest.raises(DataError) as caught:
        load_data(Npz("d.npz", classes), folder, "cpu", "float32")
    return str(caught.value)


def saved(folder: Path, **changes: Any) -> Path:
    np.savez(folder / "d.npz", **GOOD | changes)
    return folder


def test_the_good_file_is_read(tmp_path: Path) -> None:
    data = load_data(Npz("d.npz"), saved(tmp_path), "cpu", "float32")
    assert (data.x_pool.tolist(), data.y_test.tolist(), data.classes) == (GOOD["x_train"].tolist(), [1, 0], 2)


@pytest.mark.parametrize("method", ["load", "checksum"])
def test_a_missing_file_is_answered_with_both_places(tmp_path: Path, method: str) -> None:
    with pytest.raises(DataError) as caught:
        getattr(Npz("none.npz"), method)(tmp_path)
    assert str(caught.value) == f"npz: no file 'none.npz'; looked for none.npz and {tmp_path / 'none.npz'}"


def test_a_missing_file_with_an_absolute_path_has_one_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"looked for /\S+/none\.npz$"):
        Npz(str(tmp_path / "none.npz")).checksum(tmp_path)


def test_the_folder_of_the_command_comes_before_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, root = tmp_path / "here", tmp_path / "root"
    for folder, size in ((here, 2), (root, 3)):
        folder.mkdir()
        saved(folder, x_train=np.zeros((4, size)), x_test=np.zeros((2, size)))
    monkeypatch.chdir(here)
    assert load_data(Npz("d.npz"), root, "cpu", "float32").shape == (2,)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x_train=GOOD["x_train"], labels=GOOD["y_train"])
    wanted = "wanted the arrays x_train, y_train, x_test, y_test; y_train, x_test, y_test missing, got x_train, labels"
    assert refusal(tmp_path) == f"{tmp_path / 'd.npz'}: {wanted}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"x_train": np.zeros(4)},
            "x_train: wanted feature vectors (n, d) or images (n, channels, height, width); got shape (4,)",
        ),
        ({"x_test": np.zeros((2, 1, 1, 1, 1))}, "x_test: wanted feature vectors (n, d) or images"),
        (
            {"y_train": np.array([0, 1])},
            "y_train: wanted one label for each of the 4 samples of x_train; got shape (2,)",
        ),
        (
            {"y_test": np.zeros((2, 2), int)},
            "y_test: wanted one label for each of the 2 samples of x_test; got shape (2, 2)",
        ),
        ({"y_train": np.array([0.0, 1, 0, 1])}, "y_train: wanted integer labels; got dtype float64. Encode them as 0"),
        ({"y_train": np.array(list("abab"))}, "y_train: wanted integer labels; got dtype <U1. Encode them as 0"),
        ({"y_train": np.array([0, 1, -1, 1])}, "y_train: wanted labels from 0 to 1; got -1 to 1"),
        ({"x_train": HOLE}, "x_train: wanted finite numbers; sample 2 holds NaN or Inf. Impute or drop it first"),
        ({"x_test": ENDLESS}, "x_test: wanted finite numbers; sample 1 holds NaN or Inf. Impute or drop it first"),
        (
            {"x_train": np.full((4, 3), -1e300)},
            "x_train: wanted numbers that float32 can hold; the largest is 1e+300. Scale it",
        ),
        ({"x_test": np.zeros((2, 4))}, "x_train and x_test: wanted inputs of one shape; got (3,) and (4,)"),
        ({"x_test": np.zeros((2, 5, 5))}, "x_train and x_test: wanted inputs of one shape; got (3,) and (1, 5, 5)"),
        ({"x_train": np.full((4, 3), "a")}, "x_train: wanted numbers; got dtype <U1"),
        (
            {"x_train": np.zeros((0, 3)), "y_train": np.zeros(0, int)},
            "x_train: wanted at least one sample with at least one",
        ),
        (
            {"x_test": np.zeros((0, 3)), "y_test": np.zeros(0, int)},
            "x_test: wanted at least one sample with at least one",
        ),
        (
            {"x_train": np.zeros((4, 0)), "x_test": np.zeros((2, 0))},
            "x_train: wanted at least one sample with at least one",
        ),
        ({"y_train": np.zeros(4, int), "y_test": np.zeros(2, int)}, "y_train: wanted at least 2 classes; got 1"),
        (
            {"x_train": np.zeros((4, 5, 5, 2))},
            "x_train: wanted images with 1 or 3 channels, first or last; got shape (4, 5, 5, 2)",
        ),
        (
            {"x_train": np.zeros((4, 3), np.uint8)},
            "x_train and x_test: wanted bytes in both or in neither, since only bytes are scaled to [0, 1]; "
            "got uint8 and float64",
        ),
    ],
)
def test_arrays_that_cannot_be_used_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert refusal(saved(tmp_path, **changes)).startswith(said)


def test_a_label_beyond_the_classes_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, y_test=np.array([0, 2]))
    assert refusal(tmp_path, classes=2) == "y_test: wanted labels from 0 to 1; got 0 to 2"


def test_one_class_alone_can_be_told_of_another(tmp_path: Path) -> None:
    saved(tmp_path, y_train=np.zeros(4, int), y_test=np.zeros(2, int))
    assert load_data(Npz("d.npz", classes=3), tmp_path, "cpu", "float32").classes == 3


def test_a_class_of_the_test_set_alone_counts(tmp_path: Path) -> None:
    saved(tmp_path, y_test=np.array([0, 4]))
    assert load_data(Npz("d.npz"), tmp_path, "cpu", "float32").classes == 5


@pytest.mark.parametrize("key", ["x_train", "y_test"])
def test_an_array_of_objects_is_refused_and_never_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path, **{key: np.array([Bomb()] * 4, dtype=object)})
    assert f"d.npz: {key}: wanted an array of numbers, unpickled and undamaged; " in refusal(tmp_path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", pickle.dumps(Bomb()), b"\x93NUMPY\x01\x00v\x00{"])
def test_a_file_that_is_no_zip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.npz").write_bytes(content)
    assert refusal(tmp_path).endswith("d.npz: wanted a .npz file as numpy.savez writes it; this one is no zip archive")
    assert not (tmp_path / "exploded").exists()


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        for key in GOOD:
            archive.writestr(f"{key}.npy", b"garbage")
    assert refusal(tmp_path).endswith("x_train: wanted an array as numpy.savez writes it; got bytes")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_file_is_refused(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "d.npz"
    save(path, **GOOD)
    content = bytearray(path.read_bytes())
    content[140:150] = bytes(255 - byte for byte in content[140:150])
    path.write_bytes(content)
    assert "x_train: wanted an array of numbers, unpickled and undamaged; " in refusal(tmp_path)
