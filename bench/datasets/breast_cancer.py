"""A tabular dataset that ships with scikit-learn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench.data import Arrays, Dataset, Normalisation, datasets
from bench.datasets.digits import packaged

POOL = 399


@datasets.register("breast_cancer")
@dataclass(frozen=True)
class BreastCancer(Dataset):
    """569 tumours by 30 measurements, benign or malignant (UCI breast cancer Wisconsin): 399 in the pool, 170 test.

    The file's order carries information, so the split is by a fixed permutation.
    """

    regimes: ClassVar[Mapping[str, int]] = {"low": 10, "medium": 50, "high": 200}
    normalise: Normalisation = "standard"

    def checksum(self, root: Path) -> str:
        return hashlib.sha256(packaged("breast_cancer.csv").read_bytes()).hexdigest()

    def load(self, root: Path) -> Arrays:
        import numpy as np

        table = np.loadtxt(packaged("breast_cancer.csv"), delimiter=",", skiprows=1)  # (569, 31), the label last
        table = table[np.random.default_rng(0).permutation(len(table))]
        x, y = table[:, :-1], table[:, -1].astype(np.int64)
        return Arrays(x[:POOL], y[:POOL], x[POOL:], y[POOL:], classes=2)
