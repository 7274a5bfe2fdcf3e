"""Everything that a sweep's results say in numbers, worked out once: claims, groups, experiments, the whole sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from itertools import groupby

from analysis import result_tables, stream_variance, test_images
from analysis.across import Family, families
from analysis.beside import beside, share
from analysis.claims.judged import ClaimResult, results
from analysis.comparison import Comparison, compare_all
from analysis.failed import left_out, scored_as_chance
from analysis.groups import Group, groups
from analysis.load import Loaded
from analysis.own_random import OwnRandom, own_random
from analysis.provenance import Provenance, provenance
from analysis.rank_test import Blocks
from analysis.rerun_noise import RerunNoise, rerun_noise
from analysis.result_tables import fidelity
from analysis.stream_variance import StreamSplits, stream_splits
from analysis.table import Table
from analysis.test_images import FinalDifference, final_differences

CELLS = 1000  # from which on a process pays


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

    `loaded` holds what was measured alone, without rows that were filled in. `over_images` has the final differences
    of each comparison, by arm, where predictions are there; `own_randoms` the experiments of several groups that can be
    compared; `streams` those that vary random streams; `noise` is empty where no cell has two results.
    """

    loaded: Loaded
    selection: Selection
    origin: Provenance
    claims: Sequence[ClaimResult]
    comparisons: Sequence[Comparison]
    over_images: Sequence[Mapping[str, FinalDifference]]
    own_randoms: Sequence[OwnRandom]
    streams: Sequence[StreamSplits]
    families: Sequence[Family]
    noise: Sequence[RerunNoise] = ()

    @property
    def experiments(self) -> dict[str, list[Comparison]]:
        """The comparisons of each experiment, in the order of the plan."""
        return {compared[0].group.experiment: compared for compared in by_experiment(self.comparisons)}

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What is mixed in it, in sentences: devices, versions, commits."""
        return tuple(self.origin.warnings())

    def group_tables(self, comparison: Comparison) -> list[Table]:
        """Every table of one of the groups."""
        at = next(at for at, each in enumerate(self.comparisons) if each is comparison)
        resampled = test_images.table_of(comparison.group, self.over_images[at])
        return [*result_tables.tables(comparison), *([] if resampled is None else [resampled])]

    def experiment_tables(self, experiment: str) -> list[Table]:
        """The tables that compare the groups of one experiment."""
        own = [
            table
            for each in self.own_randoms
            if each.experiment == experiment
            for table in result_tables.of_own_random(each)
        ]
        streams = [stream_variance.table_of(each) for each in self.streams if each.experiment == experiment]
        audits = fidelity.tables(self.loaded, [each.group for each in self.experiments[experiment]])
        return [*own, *streams, *audits]

    def sweep_tables(self) -> list[Table]:
        """The tables over all groups that share their arms."""
        return result_tables.of_families(self.families)


def sweep_numbers(loaded: Loaded, selection: Selection) -> SweepNumbers:
    """All of it. Raises ResultsError for an unknown experiment, and where two runs of a seed are no pair."""
    counted = scored_as_chance(loaded) if selection.failed is FailedRuns.CHANCE else left_out(loaded)
    blocks = selection.blocks or Blocks.SEEDS
    comparisons = compare_all(groups(counted, selection.only), blocks)
    own = [own_random(compared) for compared in by_experiment(comparisons)]
    whole = [[each.failed_left_out.group for each in compared] for compared in by_experiment(comparisons)]
    return SweepNumbers(
        loaded=loaded,
        selection=selection,
        origin=provenance(loaded),
        claims=results(loaded),
        comparisons=comparisons,
        over_images=_over_images(loaded, [each.group for each in comparisons]),
        own_randoms=[each for each in own if each is not None],
        streams=[each for of_experiment in whole for each in stream_splits(of_experiment)],
        families=families(comparisons) if selection.blocks in (None, Blocks.DATASETS) else [],
        noise=rerun_noise(loaded),
    )


def _over_images(loaded: Loaded, compared: Sequence[Group]) -> list[dict[str, FinalDifference]]:
    worth = share(CELLS, loaded.frame["cell"].nunique(), len(compared))
    return list(beside(partial(final_differences, loaded), compared, worth))


def by_experiment(comparisons: Sequence[Comparison]) -> list[list[Comparison]]:
    """The comparisons of each experiment."""
    return [list(compared) for _, compared in groupby(comparisons, key=lambda each: each.group.experiment)]
