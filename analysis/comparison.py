"""Each arm of a group in numbers: final accuracy, area under the curve, difference from Random, and what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from analysis.curves import Paired, areas, aubc_zhan2021, complete_runs, paired_areas
from analysis.estimate import Estimate, estimate
from analysis.groups import Group
from bench.record import Arm


@dataclass(frozen=True)
class ArmSummary:
    """One line of a table. Accuracies and areas are fractions over the `complete` seeds; times are seconds per cycle.

    `against_random` is None for Random itself and in a group without it.
    """

    arm: Arm
    complete: tuple[int, ...]
    final_accuracy: Estimate
    aubc: Estimate
    aubc_zhan2021: Estimate
    against_random: Paired | None
    query_seconds: float
    fit_seconds: float


@dataclass(frozen=True)
class Comparison:
    """One group of one experiment in numbers."""

    group: Group
    arms: tuple[ArmSummary, ...]

    @property
    def planned(self) -> int:
        """How many seeds every arm was planned with."""
        return len(self.group.planned["seeds"])

    @property
    def interim(self) -> bool:
        """Whether planned runs are not in yet, so that every number here may still move."""
        return bool(self.group.missing)


def compare(group: Group) -> Comparison:
    """Every arm of a group against its Random. Raises ResultsError where two runs of a seed are no pair."""
    return Comparison(group, tuple(_summary(group, arm) for arm in group.arms))


def _summary(group: Group, arm: Arm) -> ArmSummary:
    rows, cycles = group.rows(arm), group.planned["cycles"]
    runs = complete_runs(rows, cycles)
    return ArmSummary(
        arm=arm,
        complete=tuple(int(seed) for seed in runs.index),
        final_accuracy=estimate(runs[cycles]),
        aubc=estimate(list(areas(rows, cycles).values())),
        aubc_zhan2021=estimate([aubc_zhan2021(accuracy) for accuracy in runs.to_numpy()]),
        against_random=_against_random(group, arm),
        query_seconds=_mean(rows.loc[rows["cycle"] > 0, "query_seconds"]),  # cycle 0 draws the initial set
        fit_seconds=_mean(rows["fit_seconds"]),
    )


def _against_random(group: Group, arm: Arm) -> Paired | None:
    control = group.control
    if control is None or arm["label"] == control["label"]:
        return None
    return paired_areas(group.rows(arm), group.rows(control), group.planned["cycles"])


def _mean(seconds: pd.Series[float]) -> float:
    return float(seconds.mean()) if seconds.notna().any() else math.nan
