"""Images and feature vectors of a .npz file in the form in which networks want them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.data import Data, load_data
from bench.datasets.npz import Npz

CHW = np.random.default_rng(0).integers(0, 256, (4, 3, 6, 5), dtype=np.uint8)


def loaded(folder: Path, x: Any, x_test: Any = None, **options: Any) -> Data:
    y = np.array([0, 1, 0, 1])
    test = x[:2] if x_test is None else x_test
    np.savez(folder / "d.npz", x_train=x, y_train=y, x_test=test, y_test=y[: len(test)])
    return load_data(Npz("d.npz", **options), folder, "cpu", "float32")


@pytest.mark.parametrize("layout", [(0, 1, 2, 3), (0, 2, 3, 1)])
def test_channels_come_first_wherever_they_were(tmp_path: Path, layout: tuple[int, ...]) -> None:
    data = loaded(tmp_path, CHW.transpose(layout))
    torch.testing.assert_close(data.x_pool, torch.from_numpy(CHW) / 255)
    torch.testing.assert_close(data.x_test, torch.from_numpy(CHW[:2]) / 255)


def test_images_without_channels_get_one(tmp_path: Path) -> None:
    data = loaded(tmp_path, CHW[:, 0])
    assert data.shape == (1, 6, 5)
    torch.testing.assert_close(data.x_pool[:, 0], torch.from_numpy(CHW[:, 0]) / 255)


@pytest.mark.parametrize("shape", [(1, 6, 5), (6, 5, 1)])
def test_a_single_channel_can_be_first_or_last(tmp_path: Path, shape: tuple[int, ...]) -> None:
    data = loaded(tmp_path, CHW[:, 0].reshape(4, *shape))
    torch.testing.assert_close(data.x_pool[:, 0], torch.from_numpy(CHW[:, 0]) / 255)


def test_bytes_are_scaled_to_one(tmp_path: Path) -> None:
    data = loaded(tmp_path, np.array([[0, 51, 255]] * 4, dtype=np.uint8))
    assert data.x_pool[0].tolist() == pytest.approx([0, 0.2, 1])


@pytest.mark.parametrize("dtype", ["float64", "float16", "int32", "int8", "longdouble", ">f8", ">i4"])
def test_other_numbers_stay_what_they_are(tmp_path: Path, dtype: str) -> None:
    data = loaded(tmp_path, np.array([[0, 51, 100]] * 4).astype(dtype))
    assert data.x_pool.dtype == torch.float32
    assert data.x_pool[0].tolist() == [0, 51, 100]


@pytest.mark.parametrize("dtype", ["int64", "uint8", "uint64", ">i4"])
def test_labels_are_integers_of_any_kind(tmp_path: Path, dtype: str) -> None:
    x, y = np.zeros((4, 3)), np.array([0, 1, 2, 1]).astype(dtype)
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    data = load_data(Npz("d.npz"), tmp_path, "cpu", "float32")
    assert (data.y_pool.tolist(), data.y_pool.dtype, data.classes) == ([0, 1, 2, 1], torch.int64, 3)


def test_double_precision_loses_nothing(tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(size=(4, 3))
    loaded(tmp_path, x)
    data = load_data(Npz("d.npz"), tmp_path, "cpu", "float64")
    assert np.array_equal(data.x_pool.numpy(), x)


def test_standardised_features_have_mean_zero_and_deviation_one(tmp_path: Path) -> None:
    x = np.random.default_rng(2).normal(5, 3, size=(4, 3))
    pool = loaded(tmp_path, x, normalise="standard").x_pool
    torch.testing.assert_close(pool.mean(0), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(pool.std(0, correction=0), torch.ones(3))


def test_images_are_standardised_per_channel(tmp_path: Path) -> None:
    pool = loaded(tmp_path, CHW, normalise="standard").x_pool
    torch.testing.assert_close(pool.mean((0, 2, 3)), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(pool.std((0, 2, 3), correction=0), torch.ones(3))


def test_the_test_set_is_standardised_by_the_pools_statistics(tmp_path: Path) -> None:
    x = np.array([[0.0], [2.0], [0.0], [2.0]])
    data = loaded(tmp_path, x, np.array([[1.0], [5.0]]), normalise="standard")
    assert data.x_test.tolist() == [[0.0], [4.0]]


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6])
def test_a_constant_feature_becomes_zero_and_not_nan(tmp_path: Path, constant: float) -> None:
    x = np.column_stack([np.full(4, constant), np.arange(4.0)])
    data = loaded(tmp_path, x, x[:2] + np.array([1, 0]), normalise="standard")
    assert data.x_pool[:, 0].tolist() == pytest.approx([0] * 4, abs=1e-6)
    assert data.x_test[:, 0].tolist() == pytest.approx([1] * 2, abs=1e-6)
