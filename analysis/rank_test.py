"""Do arms differ at all, and which ones: Friedman's test over blocks, then paired tests of every pair.

Demšar 2006 (Friedman, Iman and Davenport's correction, Nemenyi's critical difference); the p-value matrix is Table 1 of
Mohamadi et al. 2022. What a block was is part of the result, for the paper does not say what its blocks were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analysis.runs import Floats, Runs
from analysis.statistics.matrix import PairMatrix, paired_matrix
from analysis.statistics.ranks import Friedman, critical_difference, friedman


class Blocks(StrEnum):
    """What arms are ranked within. Cycles of one run depend on each other: only seeds and datasets are replicates."""

    SEEDS = "seeds"
    DATASETS = "datasets"
    CYCLES = "cycles"


@dataclass(frozen=True, eq=False)
class RankTest:
    """Friedman's test of `names` (k) over `blocks` (b), and the paired t-test of every pair over the same blocks.

    `dropped` are blocks that some arm lacks, `left_out` arms that have no block at all.
    """

    kind: Blocks
    names: tuple[str, ...]
    blocks: tuple[str, ...]
    dropped: tuple[str, ...]
    left_out: tuple[str, ...]
    scores: Floats  # (b, k), larger is better
    friedman: Friedman
    critical_difference: float
    pairs: PairMatrix


def rank_test(kind: Blocks, names: Sequence[str], blocks: Sequence[str], scores: Floats) -> RankTest | None:
    """The test of scores (b, k), NaN where an arm lacks a block; None below two arms or two blocks that all have."""
    there = ~np.isnan(scores)  # (b, k)
    methods = np.asarray(there.any(axis=0))  # (k,)
    whole = np.asarray(there[:, methods].all(axis=1))  # (b,)
    if methods.sum() < 2 or whole.sum() < 2:
        return None
    kept = scores[np.ix_(whole, methods)]
    chosen = [name for name, used in zip(names, methods, strict=True) if used]
    partly = np.asarray(there.any(axis=1) & ~whole)
    return RankTest(
        kind=kind,
        names=tuple(chosen),
        blocks=tuple(block for block, used in zip(blocks, whole, strict=True) if used),
        dropped=tuple(block for block, lost in zip(blocks, partly, strict=True) if lost),
        left_out=tuple(name for name in names if name not in chosen),
        scores=kept,
        friedman=friedman(kept),
        critical_difference=critical_difference(len(chosen), int(whole.sum())),
        pairs=paired_matrix({name: kept[:, at] for at, name in enumerate(chosen)}),
    )


def over_seeds(runs: Runs, names: Sequence[str]) -> RankTest | None:
    """Arms of one group over its seeds, by AUBC."""
    at = [runs.arms.index(name) for name in names]
    return rank_test(Blocks.SEEDS, names, [f"seed {seed}" for seed in runs.seeds], runs.areas[at].T)


def over_cycles(runs: Runs, names: Sequence[str]) -> RankTest | None:
    """Arms of one group over every seed and cycle, by accuracy; cycle 0 is left out, where all arms are the same."""
    at = [runs.arms.index(name) for name in names]
    accuracy = runs.accuracy[at, :, 1:]  # (k, s, c − 1)
    blocks = [f"seed {seed}, {labels:.0f} labels" for seed in runs.seeds for labels in runs.labelled[1:]]
    return rank_test(Blocks.CYCLES, names, blocks, accuracy.reshape(len(at), -1).T)
