"""Groups that share their arms, over a whole sweep: ranks over datasets, pairwise penalties, gains over Random.

Accuracies of different datasets are not averaged: ranks are taken within a dataset (Demšar 2006), penalties count tests
within a setting (Ash et al. 2020, section 5), and gains are differences from the setting's own Random, summed up by
their interquartile mean (Agarwal et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from analysis.against_random import SEED
from analysis.comparison import Comparison
from analysis.estimate import Estimate
from analysis.own_random import differences
from analysis.rank_test import Blocks, RankTest, rank_test
from analysis.runs import Floats
from analysis.statistics.paired import DECIMALS
from analysis.statistics.penalty import PenaltyMatrix, doubling, penalty_matrix
from analysis.statistics.robust import interquartile_mean, stratified_bootstrap
from analysis.wording import place

DRAWS = 2_000


@dataclass(frozen=True)
class Gain:
    """An arm's gain in AUBC over the Random of each setting, over all settings that have a pair of seeds.

    `middle` is the interquartile mean of the paired differences, `better` the share of pairs in which the arm is
    better, ties counting half; both with a 95 % interval of a bootstrap over seeds within each setting, where its draws
    differ.
    """

    label: str
    settings: int
    middle: Estimate
    better: Estimate


@dataclass(frozen=True, eq=False)
class Family:
    """Groups whose competing arms `names` carry the same labels, two or more.

    `ranks` has datasets as blocks, each the mean over the seeds that all arms with any have and over the dataset's
    groups; None for a single dataset. `gains` is empty where the groups have no common Random. `without_failed` is the
    same with failed runs left out, where some are scored as chance.
    """

    number: int
    names: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    ranks: RankTest | None
    penalty: PenaltyMatrix
    gains: tuple[Gain, ...]
    without_failed: Family | None

    @property
    def interim(self) -> bool:
        """Whether planned runs are not in yet, so that every number here may still move."""
        return any(each.interim for each in self.comparisons)

    @property
    def short(self) -> dict[str, tuple[int, ...]]:
        """Settings where not every planned seed is complete in all arms that have any, with the seeds that are."""
        whole = {each: each.runs.named(each.runs.whole(*present(self.names, each))) for each in self.comparisons}
        return {setting(each): seeds for each, seeds in whole.items() if len(seeds) < each.planned}

    @property
    def experiments(self) -> tuple[str, ...]:
        """Where the groups stand."""
        return tuple(dict.fromkeys(each.group.experiment for each in self.comparisons))


def families(comparisons: Sequence[Comparison]) -> list[Family]:
    """Every set of groups that share their arms; a group all of whose cells another one has too is left out."""
    return list(_families(tuple(comparisons)))


@lru_cache(maxsize=1)  # the same numbers stand in tables and in figures
def _families(comparisons: tuple[Comparison, ...]) -> list[Family]:
    found: dict[tuple[str, ...], list[Comparison]] = {}
    for each in comparisons:
        arms = each.group.competitors
        if len(arms) > 1 and each.runs.complete.any():
            found.setdefault(tuple(sorted(arm["label"] for arm in arms)), []).append(each)
    together = [groups for groups in map(_without_parts, found.values()) if len(groups) > 1]
    return [_family(number, groups) for number, groups in enumerate(together, start=1)]


def _without_parts(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The groups whose cells are not all another one's too; of those with the same cells the first."""
    cells = [frozenset(c for arm in each.group.competitors for c in arm["cells"].values()) for each in comparisons]
    kept = []
    for at, (each, own) in enumerate(zip(comparisons, cells, strict=True)):
        if own not in cells[:at] and not any(own < other for other in cells):
            kept.append(each)
    return tuple(kept)


def setting(comparison: Comparison) -> str:
    """A group by its experiment and its point of the grid."""
    return place(comparison.group.experiment, comparison.group.name, "")


def present(names: Sequence[str], comparison: Comparison) -> tuple[str, ...]:
    """The arms of a group, out of these, that have a complete run there."""
    runs = comparison.runs
    return tuple(name for name in names if runs.complete[runs.arms.index(name)].any())


def _family(number: int, comparisons: tuple[Comparison, ...]) -> Family:
    names = tuple(arm["label"] for arm in comparisons[0].group.competitors)
    left_out = tuple(each.failed_left_out for each in comparisons)
    return Family(
        number=number,
        names=names,
        comparisons=comparisons,
        ranks=_ranks(names, comparisons),
        penalty=penalty_matrix(dict(_settings(names, comparisons))),
        gains=tuple(_gains(names, comparisons)),
        without_failed=_family(number, left_out) if any(each.scored for each in comparisons) else None,
    )


def _ranks(names: tuple[str, ...], comparisons: tuple[Comparison, ...]) -> RankTest | None:
    blocks: dict[str, list[Floats]] = {}
    for each in comparisons:
        blocks.setdefault(each.group.arms[0]["dataset"], []).append(_means(names, each))
    scores = np.array([np.mean(groups, axis=0) for groups in blocks.values()])  # (b, k)
    return rank_test(Blocks.DATASETS, names, list(blocks), scores)


def _means(names: tuple[str, ...], comparison: Comparison) -> Floats:
    """Mean AUBC per arm over the seeds that all arms with any have, (k,); NaN for one without."""
    runs = comparison.runs
    areas = runs.areas[[runs.arms.index(name) for name in names]][:, runs.whole(*present(names, comparison))]  # (k, n)
    return areas.mean(axis=1) if areas.size else np.full(len(names), np.nan)


def _settings(names: tuple[str, ...], comparisons: tuple[Comparison, ...]) -> Iterator[tuple[str, dict[str, Floats]]]:
    """Per setting the accuracies (n, c), at label counts that double, of its arms with any run over common seeds."""
    for each in comparisons:
        there = present(names, each)
        runs, seeds = each.runs, each.runs.whole(*there)
        if seeds.sum() > 1:
            at = doubling(runs.labelled)
            scores = {name: runs.accuracy[runs.arms.index(name), seeds][:, at] for name in there}
            yield setting(each), scores


def _gains(names: tuple[str, ...], comparisons: tuple[Comparison, ...]) -> Iterator[Gain]:
    controls = {None if each.group.control is None else each.group.control["label"] for each in comparisons}
    if len(controls) > 1 or None in controls:
        return
    for name in names:
        if name not in controls:
            yield _gain(name, list(_own_differences(name, comparisons)))


def _own_differences(name: str, comparisons: Sequence[Comparison]) -> Iterator[Floats]:
    """An arm's differences from Random in every group, each pair of cells once, where groups share some."""
    seen: set[tuple[str, ...]] = set()
    for each in comparisons:
        pairs = [_pair(each, name, str(seed)) for seed in each.runs.seeds]
        yield np.where([pair in seen for pair in pairs], np.nan, differences(each, name))
        seen.update(pairs)


def _pair(comparison: Comparison, name: str, seed: str) -> tuple[str, ...]:
    arms = (comparison.summary(name).arm, comparison.group.control)
    return tuple(arm["cells"].get(seed, "") for arm in arms if arm is not None)


def _gain(name: str, gained: Sequence[Floats]) -> Gain:
    paired = [np.round(each[~np.isnan(each)], DECIMALS) for each in gained]
    strata = [each for each in paired if len(each)]  # (n_s,) each
    won = [(np.sign(each) + 1) / 2 for each in strata]
    middle = stratified_bootstrap(strata, interquartile_mean, DRAWS, np.random.default_rng(SEED))
    better = stratified_bootstrap(won, _mean, DRAWS, np.random.default_rng(SEED))
    return Gain(name, len(strata), *map(_no_point, (middle, better)))


def _no_point(of: Estimate) -> Estimate:
    """The estimate without an interval of no width, which comes of values too few to differ."""
    return replace(of, low=math.nan, high=math.nan) if of.low == of.high else of


def _mean(values: Floats) -> Floats:
    return np.asarray(values.mean(axis=-1))
