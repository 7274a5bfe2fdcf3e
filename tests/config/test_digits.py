"""The dataset that needs no download."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.data import Arrays, checked, load_data
from bench.datasets.digits import Digits

ROOT = Path(".")


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    """The digits as they are loaded."""
    return Digits().load(ROOT)


def test_the_arrays_can_be_used(arrays: Arrays) -> None:
    assert checked(arrays) is arrays


def test_the_images_are_what_scikit_learn_loads(arrays: Arrays) -> None:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    assert np.array_equal(np.concatenate([arrays.x_train, arrays.x_test]).reshape(-1, 64) * 16, images)
    assert np.array_equal(np.concatenate([arrays.y_train, arrays.y_test]), labels)


def test_pool_and_test_set_are_of_the_stated_size(arrays: Arrays) -> None:
    assert (arrays.x_train.shape, arrays.x_test.shape) == ((1297, 1, 8, 8), (500, 1, 8, 8))


def test_pixels_run_from_zero_to_one(arrays: Arrays) -> None:
    assert (arrays.x_train.min(), arrays.x_train.max()) == (0, 1)


def test_all_ten_classes_are_in_both_parts(arrays: Arrays) -> None:
    # 1 797 digits of 10 classes; UCI optdigits is balanced to within a few
    pool, test = np.bincount(arrays.y_train), np.bincount(arrays.y_test)
    assert (len(pool), len(test)) == (10, 10)
    assert pool.min() > 120
    assert test.min() > 45


def test_they_are_standardised_by_default() -> None:
    pool = load_data(Digits(), ROOT, "cpu", "float64").x_pool
    assert (float(pool.mean()), float(pool.std(correction=0))) == (pytest.approx(0, abs=1e-9), pytest.approx(1))


def test_the_checksum_is_that_of_the_file_everybody_has() -> None:
    # sha256 of the digits.csv.gz in scikit-learn 1.9; another file would make other cells
    assert Digits().checksum(ROOT) == "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


def test_the_checksum_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from bench.datasets.digits import Digits; Digits().checksum(Path('.'));"
        "print([m for m in ('sklearn', 'torch', 'numpy', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
