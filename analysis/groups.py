"""The comparisons of a sweep: each group of each experiment, with its arms and its control."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, TypeVar

import pandas as pd

from analysis.load import Failed, Loaded, Missing
from bench.errors import ResultsError
from bench.record import Arm, PlannedExperiment

LONGEST = 100  # characters of a file name without its ending


class _Placed(Protocol):
    @property
    def experiment(self) -> str: ...
    @property
    def group(self) -> str: ...


T = TypeVar("T", bound=_Placed)


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

    @property
    def competitors(self) -> tuple[Arm, ...]:
        """The arms that are ranked and tested against each other: all but those that see the pool's labels."""
        return tuple(arm for arm in self.arms if not arm["sees_labels"])

    def rows(self, arm: Arm) -> pd.DataFrame:
        """One arm's rows of the table, a row per (seed, cycle)."""
        return self._by_label.get(arm["label"], self.frame.iloc[:0])

    def without_failed(self) -> Group:
        """The same group without any row of a failed run."""
        failed = {(run.label, run.seed) for run in self.failures}
        runs = zip(self.frame["label"].tolist(), self.frame["seed"].tolist(), strict=True)
        return replace(self, frame=self.frame[[run not in failed for run in runs]])

    @cached_property
    def _by_label(self) -> dict[Hashable, pd.DataFrame]:
        return dict(iter(self.frame.groupby("label", sort=False)))


def groups(loaded: Loaded, only: Sequence[str] = ()) -> list[Group]:
    """Every group in the order of the plan, or of some experiments only. Raises ResultsError for an unknown name."""
    experiments = loaded.plan["experiments"]
    unknown = [name for name in only if name not in experiments]
    if unknown:
        raise ResultsError(f"--only: no experiment {unknown[0]!r} in {loaded.results}; it has {', '.join(experiments)}")
    frames = dict(iter(loaded.frame.groupby(["experiment", "group"])))
    missing, failures = _by_place(loaded.missing), _by_place(loaded.failures)
    found = []
    for place, arms in _arms(loaded, only).items():
        experiment, name = place
        kept = tuple(arm for arm in arms if arm["refused"] is None)
        if not kept:
            continue
        frame = frames.get(place, loaded.frame.iloc[:0])
        planned = experiments[experiment]
        found.append(Group(experiment, name, planned, kept, frame, tuple(missing[place]), tuple(failures[place])))
    return found


def display_name(arm: Arm) -> str:
    """An arm's label as readers see it: one that sees the pool's labels is marked as no competitor."""
    return f"{arm['label']} (sees labels)" if arm["sees_labels"] else arm["label"]


def file_stem(*parts: str) -> str:
    """A file name that is safe everywhere; a hash keeps names apart that differ in replaced characters only."""
    name = "--".join(part for part in parts if part)
    safe = re.sub(r"[^A-Za-z0-9._=,+-]+", "_", name)
    if safe == name and len(name) <= LONGEST:
        return name
    return f"{safe[: LONGEST - 7]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _arms(loaded: Loaded, only: Sequence[str]) -> dict[tuple[str, str], list[Arm]]:
    """The arms of every group by where it stands, in the order of the plan."""
    found: dict[tuple[str, str], list[Arm]] = {}
    for experiment, planned in loaded.plan["experiments"].items():
        if not only or experiment in only:
            for arm in planned["arms"]:
                found.setdefault((experiment, arm["group"]), []).append(arm)
    return found


def _by_place(runs: Iterable[T]) -> dict[tuple[str, str], list[T]]:
    found: dict[tuple[str, str], list[T]] = defaultdict(list)
    for run in runs:
        found[run.experiment, run.group].append(run)
    return found
