"""Every test of a table of scores: ranks over blocks, and each pair of methods in all the ways that are in use.

Demšar 2006 for what to use when: paired t takes differences on different datasets as comparable, rank tests do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.estimate import Estimate
from analysis.scores.file import Scores
from analysis.statistics.families import holm
from analysis.statistics.matrix import paired_matrix
from analysis.statistics.paired import PairedTest, SignedRank, WinTieLoss, signed_rank, win_tie_loss
from analysis.statistics.ranks import Friedman, cliques, critical_difference, friedman, nemenyi, rank_tests, rank_z

ALPHA = 0.05


@dataclass(frozen=True)
class PairTests:
    """One pair of methods over all blocks; differences and z are positive where the first is the better one.

    `rank_gap` is the second's average rank minus the first's. Holm's family is all pairs, for each kind of test.
    """

    first: str
    second: str
    rank_gap: float
    z: float
    rank_p: float
    rank_holm: float
    nemenyi_p: float
    paired: PairedTest
    paired_holm: float
    signed: SignedRank
    signed_holm: float
    counts: WinTieLoss


@dataclass(frozen=True, eq=False)
class ScoreTests:
    """A table of scores with all its tests; `cliques` are the groups that Nemenyi's test does not tell apart."""

    scores: Scores
    friedman: Friedman
    critical_difference: float
    cliques: tuple[tuple[str, ...], ...]
    pairs: tuple[PairTests, ...]


def tested(scores: Scores) -> ScoreTests:
    """All tests of a table of scores."""
    omnibus = friedman(scores.oriented)
    critical = critical_difference(omnibus.methods, omnibus.blocks, ALPHA)
    groups = cliques(omnibus.average_ranks, critical)
    named = tuple(tuple(scores.methods[at] for at in group) for group in groups)
    return ScoreTests(scores, omnibus, critical, named, tuple(_pairs(scores, omnibus.average_ranks)))


def _pairs(scores: Scores, average_ranks: tuple[float, ...]) -> list[PairTests]:
    oriented = scores.oriented  # (blocks, methods)
    upper = np.triu_indices(len(scores.methods), k=1)
    z, rank_p, nemenyi_p = (table[upper] for table in (rank_z(oriented), rank_tests(oriented), nemenyi(oriented)))
    matrix = paired_matrix(dict(zip(scores.methods, oriented.T, strict=True)))
    differences = [oriented[:, i] - oriented[:, j] for i, j in zip(*upper, strict=True)]
    signed = [signed_rank(each) for each in differences]
    rank_holm, signed_holm = holm(rank_p), holm([each.p for each in signed])
    return [
        PairTests(
            *names,
            rank_gap=average_ranks[upper[1][at]] - average_ranks[upper[0][at]],
            z=float(z[at]),
            rank_p=float(rank_p[at]),
            rank_holm=float(rank_holm[at]),
            nemenyi_p=float(nemenyi_p[at]),
            paired=_in_units(test, scores.unit),
            paired_holm=float(matrix.adjusted[upper][at]),
            signed=signed[at],
            signed_holm=float(signed_holm[at]),
            counts=win_tie_loss(differences[at]),
        )
        for at, (names, test) in enumerate(matrix.tests.items())
    ]


def _in_units(test: PairedTest, unit: float) -> PairedTest:
    """The test with its difference and deviation in the unit of the scores."""
    of = test.difference
    scaled = Estimate(of.mean * unit, of.low * unit, of.high * unit, of.n)
    return replace(test, difference=scaled, deviation=test.deviation * unit)
