"""Points in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.data import Arrays, Dataset, datasets
from bench.numbers import Count


@datasets.register("sample-rings")
@dataclass(frozen=True)
class Rings(Dataset):
    """Noisy concentric rings, one per class."""

    rings: Count = 3

    def checksum(self, root: Path) -> str:
        return "made on the spot, version 1"

    def load(self, root: Path) -> Arrays:
        rng = np.random.default_rng(0)
        parts = []
        for n in (300, 100):
            y = rng.integers(0, self.rings, n)
            angle, radius = rng.uniform(0, 2 * np.pi, n), y + 1 + rng.normal(0, 0.15, n)
            parts += [np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y]
        return Arrays(*parts, classes=self.rings)
