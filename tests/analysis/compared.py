"""Sweeps of random curves, and their groups in numbers."""

from __future__ import annotations

import zlib

import numpy as np
from synthetic_results import Curve, Sweep

from analysis.comparison import Comparison, compare
from analysis.failed import scored_as_chance
from analysis.groups import groups
from analysis.load import load
from analysis.rank_test import Blocks


def noisy(label: str, gain: float = 0.0) -> Curve:
    """Random curves around 50, 60 and 70 %, the same whenever they are asked for; `gain` is added after cycle 0."""

    def curve(seed: int) -> list[float]:
        generator = np.random.default_rng([zlib.crc32(label.encode()), seed])
        return (np.array([0.5, 0.6 + gain, 0.7 + gain]) + generator.normal(scale=[0, 0.03, 0.03])).tolist()

    return curve


def compared(sweep: Sweep, blocks: Blocks = Blocks.SEEDS) -> list[Comparison]:
    """Every group in numbers, failed runs scored as chance."""
    return [compare(group, blocks) for group in groups(scored_as_chance(load(sweep.root)))]
