"""Everything that a sweep's results say in numbers, worked out once: claims, groups, experiments, the whole sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from analysis.across import Family, families
from analysis.claims.judged import ClaimResult, results
from analysis.comparison import Comparison, compare
from analysis.failed import left_out, scored_as_chance
from analysis.groups import groups
from analysis.load import Loaded
from analysis.own_random import OwnRandom, own_random
from analysis.provenance import provenance
from analysis.rank_test import Blocks


class FailedRuns(StrEnum):
    """What failed runs count as: chance accuracy in the primary analysis, or nothing."""

    CHANCE = "chance"
    OUT = "out"


@dataclass(frozen=True)
class Selection:
    """What of a sweep is told, and how.

    `only` names experiments, all of them where it is empty. Without `blocks`, arms are ranked over seeds within a group
    and over datasets across groups; with it, over these blocks alone.
    """

    only: tuple[str, ...] = ()
    blocks: Blocks | None = None
    failed: FailedRuns = FailedRuns.CHANCE


@dataclass(frozen=True)
class SweepNumbers:
    """The numbers of a results folder.

    `warnings` say in sentences what is mixed in it: devices, versions, commits. `own_randoms` has the experiments of
    several groups that can be compared.
    """

    loaded: Loaded
    selection: Selection
    warnings: Sequence[str]
    claims: Sequence[ClaimResult]
    comparisons: Sequence[Comparison]
    own_randoms: Sequence[OwnRandom]
    families: Sequence[Family]


def sweep_numbers(loaded: Loaded, selection: Selection) -> SweepNumbers:
    """All of it. Raises ResultsError for an unknown experiment, and where two runs of a seed are no pair."""
    counted = scored_as_chance(loaded) if selection.failed is FailedRuns.CHANCE else left_out(loaded)
    blocks = selection.blocks or Blocks.SEEDS
    comparisons = [compare(group, blocks) for group in groups(counted, selection.only)]
    own = [own_random(compared) for compared in by_experiment(comparisons)]
    return SweepNumbers(
        loaded=loaded,
        selection=selection,
        warnings=tuple(provenance(loaded).warnings()),
        claims=results(loaded),
        comparisons=comparisons,
        own_randoms=[each for each in own if each is not None],
        families=families(comparisons) if selection.blocks in (None, Blocks.DATASETS) else [],
    )


def by_experiment(comparisons: Sequence[Comparison]) -> list[list[Comparison]]:
    """The comparisons of each experiment."""
    return [list(compared) for _, compared in groupby(comparisons, key=lambda each: each.group.experiment)]
