"""Arms compared across the groups of one experiment, each by its difference from its own group's Random.

Groups differ in learner or in another setting, and so in accuracy whatever the strategy: a Gaussian process that is
better than a network says nothing about strategies. A difference from the Random of the same group does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.comparison import ArmSummary, Comparison
from analysis.estimate import Estimate
from analysis.rank_test import Blocks, RankTest, rank_test
from analysis.runs import Floats

MOST = 12  # methods; above, the pairs are more than anyone reads


@dataclass(frozen=True)
class OwnDifference:
    """One arm of one group minus the Random of that group, with that Random's own AUBC."""

    group: str
    arm: ArmSummary
    random: Estimate


@dataclass(frozen=True, eq=False)
class OwnRandom:
    """All arms of an experiment's groups, each minus its own Random.

    `ranks` tests these differences against each other with seeds as blocks, an arm whose cells two groups share once;
    None where the groups differ in dataset, for the seeds of two datasets are no pairs, or where there are more than
    MOST methods. `without_failed` is the same
    with failed runs left out, where some are scored as chance.
    """

    experiment: str
    title: str
    rows: tuple[OwnDifference, ...]
    ranks: RankTest | None
    interim: bool
    without_failed: OwnRandom | None


def own_random(comparisons: Sequence[Comparison]) -> OwnRandom | None:
    """The arms of one experiment's groups; None unless two groups have a Random, another arm, and a pair."""
    usable = [each for each in comparisons if any(arm.against_random for arm in each.arms)]
    versus = [arm.against_random for each in usable for arm in each.arms if arm.against_random]
    if len(usable) < 2 or not any(each.seeds for each in versus):
        return None
    group = usable[0].group
    rows = tuple(row for each in usable for row in _rows(each))
    interim, scored = any(each.interim for each in usable), any(each.scored for each in usable)
    without = own_random([each.failed_left_out for each in usable]) if scored else None
    return OwnRandom(group.experiment, group.planned["title"], rows, _ranks(usable), interim, without)


def differences(comparison: Comparison, label: str) -> Floats:
    """An arm's AUBC minus its own Random's, per seed of the group (s,); NaN where either is not complete."""
    control = comparison.group.control
    assert control is not None  # arms without a Random have no difference, and are not asked for
    arms, areas = comparison.runs.arms, comparison.runs.areas
    return areas[arms.index(label)] - areas[arms.index(control["label"])]  # (s,)


def _rows(comparison: Comparison) -> list[OwnDifference]:
    random = next(arm for arm in comparison.arms if arm.arm == comparison.group.control)
    return [OwnDifference(comparison.group.name, arm, random.aubc) for arm in comparison.arms if arm.against_random]


def _ranks(comparisons: Sequence[Comparison]) -> RankTest | None:
    datasets = {arm["dataset"] for each in comparisons for arm in each.group.arms}
    by_cells: dict[tuple[str, ...], tuple[Comparison, ArmSummary]] = {}
    for each, arm in ((of, arm) for of in comparisons for arm in of.arms if _competes(arm)):
        by_cells.setdefault(_cells(each, arm), (each, arm))
    methods = list(by_cells.values())
    seeds = sorted({seed for each in comparisons for seed in each.runs.seeds})
    if len(datasets) > 1 or not 2 <= len(methods) <= MOST:
        return None
    scores = np.full((len(seeds), len(methods)), np.nan)  # (b, k)
    for at, (each, arm) in enumerate(methods):
        scores[[seeds.index(seed) for seed in each.runs.seeds], at] = differences(each, arm.arm["label"])
    names = [f"{arm.arm['label']} ({each.group.name})" for each, arm in methods]
    return rank_test(Blocks.SEEDS, names, [f"seed {seed}" for seed in seeds], scores)


def _cells(comparison: Comparison, of: ArmSummary) -> tuple[str, ...]:
    """The cells of an arm and of its Random: what its differences are made of."""
    arms = [arm for arm in (of.arm, comparison.group.control) if arm is not None]
    return tuple(cell for arm in arms for cell in (*arm["cells"].values(), ""))


def _competes(arm: ArmSummary) -> bool:
    return arm.against_random is not None and not arm.arm["sees_labels"]
