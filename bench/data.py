"""What a dataset is: a plugin that names its bytes (for the cell's id) and loads them as tensors on a device.

A labelled set, a candidate set, a batch: each is an index into these tensors.
"""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from bench.arrays import FEATURES, check_features, check_numbers, read_features
from bench.augment import UNCHANGED, Augment, check_augment
from bench.errors import DataError, NoData
from bench.files import sha256
from bench.images import averaged, normalised
from bench.numbers import Count
from bench.registry import NO_RESULT, Registry
from bench.subset import LongTail, kept

if TYPE_CHECKING:
    import numpy as np
    import torch

Normalisation: TypeAlias = Literal["none", "standard", "cifar10"]
Precision: TypeAlias = Literal["float32", "float64"]


@dataclass(frozen=True)
class Arrays:
    """A dataset in memory: images (n, channels, height, width) or feature vectors (n, d), labels (n,) from 0.

    `features_train` (n, e) is another representation of the pool, such as a self-supervised one, for strategies that
    are made for one; the learner does not see it.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int
    features_train: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Dataset(ABC):
    """A source of pool and test data. Implementations are frozen dataclasses; fields are part of the cell's id.

    What every dataset takes: `limit` keeps a class-balanced subset of the pool and `imbalance` makes a long tail of
    it, both drawn with `subset_seed`; `size` averages images to size × size pixels; `normalise` scales inputs, standard
    by the pool's mean and deviation per channel or feature, cifar10 by the constants of CIFAR-10; `augment` is what
    training does to images. `features` is a .npy file, or a .npz file with the array features_train, of a vector for
    each sample of the pool (n, e), in its order before `limit` and `imbalance`, as they are: it takes the place of
    features that the dataset has itself, and its bytes are part of the cell's id.
    A dataset sets other defaults by declaring the field anew.
    """

    revision: ClassVar[int] = 1
    regimes: ClassVar[Mapping[str, int]] = {}
    """How many labels are customary as a low, medium and high starting budget."""

    limit: Count | None = None
    imbalance: LongTail | None = None
    subset_seed: Annotated[int, Field(ge=0)] = 0
    size: Count | None = None
    normalise: Normalisation = "none"
    augment: Augment = UNCHANGED
    features: str | None = field(default=None, metadata=NO_RESULT)

    @property
    def short_name(self) -> str:
        """What readers call it: the name that it is registered by, where that says which data it is."""
        return datasets.name_of(type(self))

    @property
    def long_name(self) -> str:
        """What tells it from another one of the same short name."""
        return self.short_name

    @abstractmethod
    def checksum(self, root: Path) -> str:
        """A hash of the bytes that load() reads, found without importing anything heavy.

        Raises DataError where they are missing, and says which, where they belong and where people get them.
        """

    @abstractmethod
    def load(self, root: Path) -> Arrays:
        """Read the arrays. Raises DataError where they are missing or cannot be used."""

    def absent(self, root: Path) -> str | None:
        """What load() would say of files that are not there; None where they are, or where only load() finds out.

        For datasets whose checksum() needs no files, so that a sweep can say so before it starts. Cheap.
        """
        return None


datasets: Registry[Dataset] = Registry("dataset", Dataset, "lookahead_bench.datasets")


@dataclass(frozen=True)
class Data:
    """A dataset on its device: pool and test inputs (n, …) as floats, labels (n,) as int64; `augment` is training's,
    `features` (n, e) are those that came with the pool, if any did."""

    x_pool: torch.Tensor
    y_pool: torch.Tensor
    x_test: torch.Tensor
    y_test: torch.Tensor
    classes: int
    augment: Augment = UNCHANGED
    features: torch.Tensor | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        return tuple(self.x_pool.shape[1:])


def data_root(given: str | None = None) -> Path:
    """The folder of data files: the one given, else the variable LOOKAHEAD_BENCH_DATA, else a cache of the user."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lookahead-bench"
    return Path(given or os.environ.get("LOOKAHEAD_BENCH_DATA") or cache).expanduser()


def data_file(kind: str, path: str, root: Path) -> Path:
    """A file of the user's: a relative path is taken from the folder in which the command runs, then from the data
    folder. Raises DataError that names both."""
    tried = list(dict.fromkeys([Path(path).expanduser(), root / path]))
    for file in tried:
        if file.is_file():
            return file
    raise NoData(f"{kind}: no file {path!r}; looked for {' and '.join(str(file) for file in tried)}")


def checksum_of(dataset: Dataset, root: Path) -> str:
    """A hash of all bytes that load_data reads, those of `features` included. Raises DataError."""
    own = dataset.checksum(root)
    if dataset.features is None:
        return own
    file = data_file("features", dataset.features, root)
    try:
        return hashlib.sha256(f"{own} {sha256(file)}".encode()).hexdigest()
    except OSError as error:
        raise DataError(f"features: wanted a readable file; {error}") from error


def check_unchanged(dataset: Dataset, root: Path, checksum: str) -> None:
    """Raise DataError where the bytes are not those that a sweep was planned with, or are not to be had."""
    found = checksum_of(dataset, root)
    if found != checksum:
        raise DataError(
            f"{dataset.long_name}: wanted the data that the sweep was planned with, SHA-256 {checksum[:12]}…; got "
            f"{found[:12]}…. They changed, or are others on this machine: start the sweep anew, or put them back"
        )


def load_data(dataset: Dataset, root: Path, device: str, precision: Precision) -> Data:
    """Load a dataset, check it, normalise it and put it on a device. Raises DataError."""
    import torch

    arrays = pool_subset(checked(_with_features(dataset.load(root), dataset, root)), dataset)
    x_pool, x_test = (_inputs(part, getattr(arrays, part), device, precision) for part in ("x_train", "x_test"))
    check_augment(dataset.augment, tuple(x_pool.shape[1:]))
    if dataset.size is not None:
        x_pool, x_test = (averaged(x, dataset.size) for x in (x_pool, x_test))
    x_pool, x_test = normalised(dataset.normalise, x_pool, x_test)
    y_pool, y_test = (torch.as_tensor(y.astype("int64"), device=device) for y in (arrays.y_train, arrays.y_test))
    given = arrays.features_train
    features = None if given is None else _inputs(FEATURES, given, device, precision)
    pool, test = (x_pool.contiguous(), y_pool), (x_test.contiguous(), y_test)
    return Data(*pool, *test, arrays.classes, dataset.augment, features)


def pool_subset(arrays: Arrays, dataset: Dataset) -> Arrays:
    """The arrays with the dataset's `limit` and `imbalance` applied to the pool; kept ids stay in their order."""
    keep = kept(arrays.y_train, arrays.classes, dataset.limit, dataset.imbalance, dataset.subset_seed)
    features = None if arrays.features_train is None else arrays.features_train[keep]
    return replace(arrays, x_train=arrays.x_train[keep], y_train=arrays.y_train[keep], features_train=features)


def _with_features(arrays: Arrays, dataset: Dataset, root: Path) -> Arrays:
    if dataset.features is None:
        return arrays
    return replace(arrays, features_train=read_features(data_file("features", dataset.features, root)))


def checked(arrays: Arrays) -> Arrays:
    """The arrays, or a DataError that names the first thing about them that cannot be."""
    for part in ("train", "test"):
        _check_part(part, getattr(arrays, f"x_{part}"), getattr(arrays, f"y_{part}"), arrays.classes)
    if arrays.x_train.shape[1:] != arrays.x_test.shape[1:]:
        raise DataError(
            "x_train and x_test: wanted inputs of one shape; "
            f"got {arrays.x_train.shape[1:]} and {arrays.x_test.shape[1:]}"
        )
    if arrays.classes < 2:
        raise DataError(f"y_train: wanted at least 2 classes; got {arrays.classes}")
    if arrays.features_train is not None:
        check_features(arrays.features_train, len(arrays.x_train))
    return arrays


def _check_part(part: str, x: np.ndarray, y: np.ndarray, classes: int) -> None:
    if x.ndim not in (2, 4):
        raise DataError(
            f"x_{part}: wanted feature vectors (n, d) or images (n, channels, height, width); got shape {x.shape}"
        )
    if x.size == 0:
        raise DataError(f"x_{part}: wanted at least one sample with at least one feature; got shape {x.shape}")
    if y.shape != (len(x),):
        raise DataError(f"y_{part}: wanted one label for each of the {len(x)} samples of x_{part}; got shape {y.shape}")
    if y.dtype.kind not in "iu":
        raise DataError(f"y_{part}: wanted integer labels; got dtype {y.dtype}. Encode them as 0 … classes − 1")
    if y.min() < 0 or y.max() >= classes:
        raise DataError(f"y_{part}: wanted labels from 0 to {classes - 1}; got {y.min()} to {y.max()}")
    check_numbers(f"x_{part}", x)


def _inputs(part: str, x: np.ndarray, device: str, precision: Precision) -> torch.Tensor:
    import numpy as np
    import torch

    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(x, dtype=precision)  # numpy reads every byte order and width; torch does not
    if not np.isfinite(converted).all():
        raise DataError(
            f"{part}: wanted numbers that {precision} can hold; the largest is {np.abs(x).max():g}. Scale it"
        )
    return torch.as_tensor(converted, device=device)
