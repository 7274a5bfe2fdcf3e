"""Handwritten digits that ship with scikit-learn: real images, nothing to download."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from bench.data import Arrays, Dataset, Normalisation, datasets
from bench.errors import DataError

POOL = 1297


@datasets.register("digits")
@dataclass(frozen=True)
class Digits(Dataset):
    """1 797 handwritten digits of 8×8 pixels (UCI optdigits): the first 1 297 are the pool, the last 500 the test set.

    The file is ordered by writer, so the test set holds writers that the pool does not. Pixels are scaled to [0, 1].
    """

    regimes: ClassVar[Mapping[str, int]] = {"low": 20, "medium": 50, "high": 250}
    normalise: Normalisation = "standard"

    def checksum(self, root: Path) -> str:
        return hashlib.sha256(packaged("digits.csv.gz").read_bytes()).hexdigest()

    def load(self, root: Path) -> Arrays:
        import numpy as np

        table = np.loadtxt(packaged("digits.csv.gz"), delimiter=",")  # as sklearn.datasets.load_digits does
        images, labels = (table[:, :-1] / 16).reshape(-1, 1, 8, 8), table[:, -1].astype(np.int64)
        return Arrays(images[:POOL], labels[:POOL], images[POOL:], labels[POOL:], classes=10)


def packaged(name: str) -> Path:
    """A data file inside scikit-learn, found without the seconds that importing it takes."""
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"wanted scikit-learn, which holds {name}; it is not installed. Run `make setup`")
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data" / name
