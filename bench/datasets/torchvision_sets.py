"""MNIST, Fashion-MNIST, SVHN, CIFAR-10 and CIFAR-100 through torchvision, from their official files."""

from __future__ import annotations

import hashlib
import os
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from bench.augment import Augment
from bench.data import Arrays, Dataset, Normalisation, datasets
from bench.datasets.unpacking import unpacked
from bench.errors import DataError, NoData
from bench.lease import alone, is_leased
from bench.registry import NO_RESULT

if TYPE_CHECKING:
    import numpy as np

NATURAL_IMAGES, NUMBERS = Augment(flip=True, crop=4), Augment(crop=4)
CONTENTS = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""The MD5 of what MNIST's official files hold, unpacked from files with the published MD5."""


@dataclass(frozen=True, kw_only=True)
class TorchvisionSet(Dataset):
    """A dataset of torchvision. Pixels are scaled to [0, 1]; with `download` missing files are fetched.

    The checksum is made of the published hashes of the official files.
    """

    folder: ClassVar[str]
    """Where the files belong, below the data folder."""
    files: ClassVar[Mapping[str, str]]
    """The official files and their MD5."""
    source: ClassVar[str]
    """Where people get them."""
    classes: ClassVar[int] = 10
    regimes: ClassVar[Mapping[str, int]] = {"low": 50, "medium": 250, "high": 1000}
    """As Lüth et al. (NeurIPS 2023) for CIFAR-10: 5, 25 and 100 labels per class."""

    download: bool = field(default=False, metadata=NO_RESULT)

    @abstractmethod
    def part(self, root: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
        """Images as bytes (n, channels, height, width) and labels (n,) of the training or the test part."""

    def checksum(self, root: Path) -> str:
        return hashlib.sha256(repr(sorted(self.files.items())).encode()).hexdigest()

    def load(self, root: Path) -> Arrays:
        with self._turn(root):
            (x_train, y_train), (x_test, y_test) = (self._read(root, train) for train in (True, False))
        return Arrays(x_train, y_train, x_test, y_test, self.classes)

    def _turn(self, root: Path) -> AbstractContextManager[object]:
        """Where files have to be fetched, one process does so; the others wait for it, and then find them."""
        lock = root / ".fetching" / datasets.name_of(type(self))
        if not self.download or not (self._missing(root) or is_leased(lock)):
            return nullcontext()
        try:
            lock.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NoData(self._wanted(root, str(error))) from error
        return alone(lock)

    def _read(self, root: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
        try:
            images, labels = self.part(root, train)
        except (RuntimeError, OSError, EOFError, ValueError) as error:
            raise (NoData if self._missing(root) else DataError)(self._wanted(root, str(error))) from error
        return images.astype("float32") / 255, labels.astype("int64")

    def absent(self, root: Path) -> str | None:
        missing = self._missing(root)
        return None if self.download or not missing else self._wanted(root, f"no {', '.join(missing)}")

    def _missing(self, root: Path) -> list[str]:
        """The official files that are not there, packed or unpacked."""
        folder = root / self.folder
        return [
            name for name in self.files if not _there(folder / name) and not _there(folder / name.removesuffix(".gz"))
        ]

    def _wanted(self, root: Path, got: str) -> str:
        wanted = f"wanted the files {', '.join(self.files)} in {root / self.folder} (data.root)"
        other = "or start again with a network" if self.download else "or set download: true with a network"
        return f"{datasets.name_of(type(self))}: {wanted}; got: {got}. Get them from {self.source}, {other}"

    def opened(self, root: Path, kind: str, **which: Any) -> Any:
        """torchvision's own dataset `kind`, which checks the files."""
        from bench.modules.torchvision_import import import_torchvision

        return getattr(import_torchvision().datasets, kind)(root, download=self.download, **which)


@datasets.register("mnist")
@dataclass(frozen=True)
class Mnist(TorchvisionSet):
    """Handwritten digits: 60 000 + 10 000 images of 1×28×28 (LeCun et al. 1998). Not normalised, as in the paper."""

    folder: ClassVar[str] = "MNIST/raw"
    source: ClassVar[str] = "https://ossci-datasets.s3.amazonaws.com/mnist/"
    files: ClassVar[Mapping[str, str]] = {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }

    def part(self, root: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
        found = self.opened(unpacked(root, self.folder, self.files, CONTENTS), "MNIST", train=train)
        return found.data.numpy()[:, None], found.targets.numpy()


@datasets.register("fashion_mnist")
@dataclass(frozen=True)
class FashionMnist(TorchvisionSet):
    """Articles of clothing: 60 000 + 10 000 images of 1×28×28 (Xiao et al. 2017)."""

    folder: ClassVar[str] = "FashionMNIST/raw"
    source: ClassVar[str] = "https://github.com/zalandoresearch/fashion-mnist"
    files: ClassVar[Mapping[str, str]] = {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    }

    def part(self, root: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
        found = self.opened(unpacked(root, self.folder, self.files, {}), "FashionMNIST", train=train)
        return found.data.numpy()[:, None], found.targets.numpy()


@datasets.register("svhn")
@dataclass(frozen=True)
class Svhn(TorchvisionSet):
    """House numbers: 73 257 + 26 032 images of 3×32×32 (Netzer et al. 2011). No flips: they change digits."""

    folder: ClassVar[str] = "SVHN"
    source: ClassVar[str] = "http://ufldl.stanford.edu/housenumbers/"
    files: ClassVar[Mapping[str, str]] = {
        "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
        "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
    }
    normalise: Normalisation = "cifar10"
    augment: Augment = NUMBERS

    def part(self, root: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
        found = self.opened(root / self.folder, "SVHN", split="train" if train else "test")
        return found.data, found.labels


@datasets.register("cifar10")
@dataclass(frozen=True)
class Cifar10(TorchvisionSet):
    """Ten classes of natural images: 50 000 + 10 000 of 3×32×32 (Krizhevsky 2009)."""

    folder: ClassVar[str] = "cifar-10-batches-py"
    source: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    files: ClassVar[Mapping[str, str]] = {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    }
    normalise: Normalisation = "cifar10"
    augment: Augment = NATURAL_IMAGES

    def part(self, root: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        found = self.opened(root, "CIFAR10", train=train)
        return found.data.transpose(0, 3, 1, 2), np.array(found.targets)


@datasets.register("cifar100")
@dataclass(frozen=True)
class Cifar100(TorchvisionSet):
    """A hundred classes of natural images: 50 000 + 10 000 of 3×32×32 (Krizhevsky 2009)."""

    regimes: ClassVar[Mapping[str, int]] = {"low": 500, "medium": 1000, "high": 5000}
    folder: ClassVar[str] = "cifar-100-python"
    source: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    files: ClassVar[Mapping[str, str]] = {
        "train": "16019d7e3df5f24257cddd939b257f8d",
        "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    }
    classes: ClassVar[int] = 100
    normalise: Normalisation = "cifar10"
    augment: Augment = NATURAL_IMAGES

    def part(self, root: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        found = self.opened(root, "CIFAR100", train=train)
        return found.data.transpose(0, 3, 1, 2), np.array(found.targets)


def _there(file: Path) -> bool:
    return os.access(file, os.F_OK)  # Path.exists() raises where a folder may not be searched
