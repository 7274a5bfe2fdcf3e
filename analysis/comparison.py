"""One group in numbers: every arm by itself, against Random, and all arms against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from analysis.against_random import AgainstRandom, against_random
from analysis.beside import beside, share
from analysis.costs import Costs, costs
from analysis.estimate import Estimate, estimate
from analysis.failed import unscored
from analysis.groups import Group
from analysis.load import Failed
from analysis.rank_test import Blocks, RankTest, over_cycles, over_seeds
from analysis.runs import Floats, Runs, runs
from bench.record import Arm

ROWS = 20_000  # from which on a process pays
USED = ("label", "seed", "cycle", "cell", "initial", "labelled", "accuracy", "imputed")
TIMED = ("query_seconds", "fit_seconds", "peak_mib")


@dataclass(frozen=True)
class ArmSummary:
    """One arm. Accuracies and areas are fractions over the `complete` seeds; times are seconds per cycle.

    `imputed` are those of the complete seeds whose run failed and was filled up with chance accuracy. `curve` has the
    accuracy per cycle over all seeds that have it. `against_random` is None for Random itself, and without one.
    """

    arm: Arm
    complete: tuple[int, ...]
    imputed: tuple[int, ...]
    curve: tuple[Estimate, ...]
    final_accuracy: Estimate
    aubc: Estimate
    aubc_zhan2021: Estimate
    costs: Costs
    against_random: AgainstRandom | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """One group of one experiment in numbers.

    `without_failed` is the same group with every failed run left out, where there are any that the other numbers score
    as chance; None elsewhere.
    """

    group: Group
    runs: Runs
    arms: tuple[ArmSummary, ...]
    ranks: RankTest | None
    without_failed: Comparison | None

    @property
    def planned(self) -> int:
        """How many seeds every arm was planned with."""
        return len(self.group.planned["seeds"])

    @property
    def interim(self) -> bool:
        """Whether planned runs are not in yet, so that every number here may still move."""
        return bool(self.group.missing)

    @cached_property
    def scored(self) -> bool:
        """Whether failed runs count here, as chance."""
        return any(arm.imputed for arm in self.arms)

    @property
    def failed_left_out(self) -> Comparison:
        """The same group without failed runs: itself, where none is scored."""
        return self if self.without_failed is None else self.without_failed

    @cached_property
    def unscored(self) -> tuple[Failed, ...]:
        """Failed runs that no number here contains."""
        return unscored(self.group.failures, self.group.frame, self.group.planned["cycles"])

    def summary(self, label: str) -> ArmSummary:
        """The arm of that label."""
        return next(each for each in self.arms if each.arm["label"] == label)


def compare(group: Group, blocks: Blocks = Blocks.SEEDS) -> Comparison:
    """Every arm of a group against its Random. Raises ResultsError where two runs of a seed are no pair.

    With blocks of datasets no arms are ranked here: that needs several groups, see analysis.across.
    """
    found = runs(group)
    competitors = [arm["label"] for arm in group.competitors]
    control = group.control
    versus = {} if control is None else against_random(found, control["label"], competitors)
    arms = tuple(_summary(group, found, arm, versus.get(arm["label"])) for arm in group.arms)
    without = compare(group.without_failed(), blocks) if any(arm.imputed for arm in arms) else None
    return Comparison(group, found, arms, _ranks(found, competitors, blocks), without)


def compare_all(groups: Sequence[Group], blocks: Blocks = Blocks.SEEDS) -> list[Comparison]:
    """`compare` of each group, in processes beside each other where there are many rows."""
    rows = sum(len(group.frame) for group in groups)
    slim = [replace(group, frame=group.frame[group.frame.columns.intersection([*USED, *TIMED])]) for group in groups]
    found = beside(partial(_compared_alone, blocks), slim, share(ROWS, rows, len(groups)))
    return [_about(each, group) for each, group in zip(found, groups, strict=True)]


def _compared_alone(blocks: Blocks, group: Group) -> Comparison:
    """The comparison without the table, which need not travel back."""
    return _about(compare(group, blocks), replace(group, frame=group.frame.iloc[:0]))


def _about(of: Comparison, group: Group) -> Comparison:
    """The same numbers, of this copy of the group."""
    without = None if of.without_failed is None else _about(of.without_failed, group.without_failed())
    return replace(of, group=group, without_failed=without)


def _ranks(found: Runs, competitors: list[str], blocks: Blocks) -> RankTest | None:
    """The rank test of three arms or more; of two, the comparison with Random already tells everything."""
    if len(competitors) < 3 or blocks is Blocks.DATASETS:
        return None
    return over_cycles(found, competitors) if blocks is Blocks.CYCLES else over_seeds(found, competitors)


def _summary(group: Group, found: Runs, arm: Arm, versus: AgainstRandom | None) -> ArmSummary:
    at = found.arms.index(arm["label"])
    complete = found.complete[at]  # (s,)
    failed = {run.seed for run in group.failures if run.label == arm["label"]}
    return ArmSummary(
        arm=arm,
        complete=found.named(complete),
        imputed=tuple(seed for seed in found.named(complete) if seed in failed),
        curve=tuple(_over_seeds(accuracy) for accuracy in found.accuracy[at].T),
        final_accuracy=_over_seeds(found.final[at]),
        aubc=_over_seeds(found.areas[at]),
        aubc_zhan2021=_over_seeds(found.areas_zhan2021[at]),
        costs=costs(group.rows(arm)),
        against_random=versus,
    )


def _over_seeds(values: Floats) -> Estimate:
    return estimate(values[~np.isnan(values)])
