"""How large a dataset is and of what shape, told without loading it, for estimates before a sweep runs.

A dataset of your own is told by a rule: `@dataset_facts.register` over a function of the dataset and the data folder.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from functools import singledispatch
from pathlib import Path

from bench.arrays import DAMAGE, FEATURES, read_npz
from bench.data import Dataset
from bench.datasets import breast_cancer, digits
from bench.datasets.breast_cancer import BreastCancer
from bench.datasets.digits import Digits
from bench.datasets.npz import Npz
from bench.datasets.torchvision_sets import Cifar10, Cifar100, FashionMnist, Mnist, Svhn, TorchvisionSet
from bench.errors import DataError


@dataclass(frozen=True)
class Facts:
    """Samples in the pool and the test set, the shape of one input, the number of classes, and whether there are
    features of the pool; None: not known."""

    pool: int
    test: int
    shape: tuple[int, ...]
    classes: int
    features: bool | None = None


UNTOLD = (DataError, KeyError, TypeError, *DAMAGE)
"""What reading the headers of files meets that are missing or hold something else: loading them says what is wrong."""

IMAGES = {
    Mnist: Facts(60_000, 10_000, (1, 28, 28), 10, features=False),
    FashionMnist: Facts(60_000, 10_000, (1, 28, 28), 10, features=False),
    Svhn: Facts(73_257, 26_032, (3, 32, 32), 10, features=False),
    Cifar10: Facts(50_000, 10_000, (3, 32, 32), 10, features=False),
    Cifar100: Facts(50_000, 10_000, (3, 32, 32), 100, features=False),
}


def facts_of(dataset: Dataset, root: Path) -> Facts | None:
    """The facts with the dataset's own `limit` and `size` applied; None where nothing cheap tells them."""
    found = facts_of_files(dataset, root)
    return None if found is None else applied(found, dataset)


def facts_of_files(dataset: Dataset, root: Path) -> Facts | None:
    """The facts before `limit` and `size`, with those of the dataset's `features`; None where nothing cheap tells
    them."""
    try:
        found = dataset_facts(dataset, root)
    except UNTOLD:
        return None
    return replace(found, features=True) if found is not None and dataset.features is not None else found


def applied(facts: Facts, dataset: Dataset) -> Facts:
    """The facts with the dataset's `limit` and `size` applied."""
    pool = facts.pool if dataset.limit is None else min(facts.pool, dataset.limit)
    shape = facts.shape if dataset.size is None else (facts.shape[0], dataset.size, dataset.size)
    return replace(facts, pool=pool, shape=shape)


@singledispatch
def dataset_facts(dataset: Dataset, root: Path) -> Facts | None:
    """What a dataset's files hold, or None where there is no rule for it. `root` is the data folder."""
    return None


@dataset_facts.register
def _(dataset: Digits, root: Path) -> Facts | None:
    return Facts(digits.POOL, 1797 - digits.POOL, (1, 8, 8), 10, features=False)


@dataset_facts.register
def _(dataset: BreastCancer, root: Path) -> Facts | None:
    return Facts(breast_cancer.POOL, 569 - breast_cancer.POOL, (30,), 2, features=False)


@dataset_facts.register
def _(dataset: TorchvisionSet, root: Path) -> Facts | None:
    return IMAGES.get(type(dataset))


@dataset_facts.register
def _(dataset: Npz, root: Path) -> Facts | None:
    from bench.data import data_file

    file = data_file("npz", dataset.path, root)
    (pool, *shape), (test, *_) = _shape(file, "x_train"), _shape(file, "x_test")
    labels = read_npz(file, ["y_train", "y_test"])
    classes = dataset.classes or 1 + max(int(y.max()) for y in labels.values())
    return Facts(pool, test, _channels_first(tuple(shape)), classes, f"{FEATURES}.npy" in _members(file))


def _members(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def _shape(file: Path, name: str) -> tuple[int, ...]:
    """The shape of an array in a .npz file, by its header."""
    from numpy.lib import format as npy

    with zipfile.ZipFile(file) as archive, archive.open(f"{name}.npy") as opened:
        old = npy.read_magic(opened) == (1, 0)
        shape, _, _ = (npy.read_array_header_1_0 if old else npy.read_array_header_2_0)(opened)
        return tuple(shape)


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one input as the dataset makes it: images are (channels, height, width)."""
    if len(shape) == 2:
        return (1, *shape)
    if len(shape) == 3 and shape[0] not in (1, 3):
        return (shape[2], *shape[:2])
    return shape
