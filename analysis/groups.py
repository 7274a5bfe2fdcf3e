"""The comparisons of a sweep: each group of each experiment, with its arms and its control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.load import Failed, Loaded, Missing
from bench.errors import ResultsError
from bench.record import Arm, PlannedExperiment


@dataclass(frozen=True)
class Group:
    """Arms that share dataset, learner and protocol: one point of an experiment's grid, `name` "" without one."""

    experiment: str
    name: str
    planned: PlannedExperiment
    arms: tuple[Arm, ...]  # those that were not refused
    frame: pd.DataFrame
    missing: tuple[Missing, ...]
    failures: tuple[Failed, ...]

    @property
    def control(self) -> Arm | None:
        """The arm that every other one is compared with: the first whose strategy is random."""
        return next((arm for arm in self.arms if arm["strategy"] == "random"), None)

    def rows(self, arm: Arm) -> pd.DataFrame:
        """One arm's rows of the table, a row per (seed, cycle)."""
        return self.frame[self.frame["label"] == arm["label"]]


def groups(loaded: Loaded, only: Sequence[str] = ()) -> list[Group]:
    """Every group in the order of the plan, or of some experiments only. Raises ResultsError for an unknown name."""
    experiments = loaded.plan["experiments"]
    unknown = [name for name in only if name not in experiments]
    if unknown:
        raise ResultsError(f"--only: no experiment {unknown[0]!r} in {loaded.results}; it has {', '.join(experiments)}")
    frames = dict(iter(loaded.frame.groupby(["experiment", "group"])))
    found = []
    for experiment, planned in experiments.items():
        if only and experiment not in only:
            continue
        for name in dict.fromkeys(arm["group"] for arm in planned["arms"]):
            arms = tuple(arm for arm in planned["arms"] if arm["group"] == name and arm["refused"] is None)
            frame = frames.get((experiment, name), loaded.frame.iloc[:0])
            missing = tuple(run for run in loaded.missing if (run.experiment, run.group) == (experiment, name))
            failures = tuple(run for run in loaded.failures if (run.experiment, run.group) == (experiment, name))
            found.append(Group(experiment, name, planned, arms, frame, missing, failures))
    return found


def display_name(arm: Arm) -> str:
    """An arm's label as readers see it: one that sees the pool's labels is marked as no competitor."""
    return f"{arm['label']} (sees labels)" if arm["sees_labels"] else arm["label"]
