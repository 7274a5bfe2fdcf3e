"""The numbers of a sweep as tables: of one group, across the groups of one experiment, and over a whole sweep."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.across import Family, families
from analysis.comparison import Comparison
from analysis.own_random import OwnRandom, own_random
from analysis.rank_test import Blocks
from analysis.result_tables import (
    accuracy,
    costs,
    curves,
    differences,
    evidence,
    failed,
    label_efficiency,
    own_randoms,
    ranks,
    settings,
)
from analysis.table import Table
from analysis.wording import place


def tables(comparison: Comparison) -> list[Table]:
    """Every table of one group, the most important first; those that there is nothing for are not there."""
    if not comparison.runs.begun.any():
        return [accuracy.table(comparison)]
    versus = [arm.against_random for arm in comparison.arms if arm.against_random]
    paired = any(each.seeds for each in versus)
    return [
        accuracy.table(comparison),
        *([differences.table(comparison)] if versus else []),
        *failed.tables(comparison),
        *([evidence.table(comparison), label_efficiency.table(comparison)] if paired else []),
        *_ranks(comparison),
        costs.table(comparison),
        curves.table(comparison),
    ]


def across(comparisons: Sequence[Comparison]) -> list[Table]:
    """The tables that compare the groups of one experiment: every arm minus its own Random. None for a single group."""
    found = own_random(comparisons)
    return [] if found is None else of_own_random(found)


def of_own_random(found: OwnRandom) -> list[Table]:
    """`across`, of numbers that are there already."""
    return own_randoms.tables(found)


def over_sweep(comparisons: Sequence[Comparison]) -> list[Table]:
    """The tables over all groups of a sweep that share their arms: gains, ranks over datasets, penalties."""
    return of_families(families(comparisons))


def of_families(found: Sequence[Family]) -> list[Table]:
    """`over_sweep`, of numbers that are there already."""
    return [table for family in found for table in settings.tables(family)]


def _ranks(comparison: Comparison) -> list[Table]:
    test, group = comparison.ranks, comparison.group
    if test is None:
        return []
    measure = "accuracy" if test.kind is Blocks.CYCLES else "AUBC"
    return ranks.tables(test, (group.experiment, group.name), place(group.experiment, group.name, ""), measure)
