"""Sweeps whose curves are known."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_results import Sweep


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """An empty sweep of three seeds and three cycles at 10, 20 and 40 labels."""
    return Sweep(tmp_path / "results" / "toy")


@pytest.fixture
def two_arms(sweep: Sweep) -> Sweep:
    """Random at 50, 60, 70 % and Margin above it by 0, 2 and 4 points, plus a little per seed."""
    sweep.arm("random", lambda seed: [0.5, 0.6 + 0.01 * seed, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.62 + 0.02 * seed, 0.74 - 0.01 * seed])
    return sweep
