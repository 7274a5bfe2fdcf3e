"""A results folder as one tidy table, with what is missing, failed or refused named beside it.

It can be read at any time: a sweep that still runs gives the cycles that it has finished so far. A cell that two
experiments share stands in both; cycles that only another experiment asked for are left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.rows import TYPES, Columns, columns_of, extend, frame_of
from bench.errors import ResultsError
from bench.files import write_atomically
from bench.record import Arm, Failure, Plan, PlannedExperiment, cell_folder, read_failure, read_plan, read_rows


@dataclass(frozen=True)
class Missing:
    """A planned run that is not finished and has not failed; `cycles` of `planned` are there, cycle 0 counted."""

    experiment: str
    group: str
    label: str
    seed: int
    cycles: int
    planned: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.experiment, self.group, self.label, self.seed


@dataclass(frozen=True)
class Failed:
    """A planned run that failed before its last planned cycle."""

    experiment: str
    group: str
    label: str
    seed: int
    cell: str
    failure: Failure

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.experiment, self.group, self.label, self.seed


@dataclass(frozen=True)
class Refused:
    """An arm that was refused before anything ran, with the reason."""

    experiment: str
    group: str
    label: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What a results folder holds.

    `frame` has a row per (experiment, group, label, seed, cycle) with the columns of analysis.rows.TYPES; its `initial`
    is a hash of the initial labelled set, the same in all rows of a run: runs are paired only where it agrees.
    """

    results: Path
    plan: Plan
    frame: pd.DataFrame
    missing: tuple[Missing, ...]
    failures: tuple[Failed, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class _Run:
    """One seed of one arm."""

    experiment: str
    planned: PlannedExperiment
    arm: Arm
    seed: int

    @property
    def cell(self) -> str | None:
        return self.arm["cells"].get(str(self.seed))

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.experiment, self.arm["group"], self.arm["label"], self.seed


def load(results: Path) -> Loaded:
    """Everything that a results folder holds by now. Raises ResultsError where it is none, or is broken."""
    plan = _plan(results)
    runs = list(_runs(plan))
    cells = {run.cell: columns_of(read_rows(cell_folder(results, run.cell))) for run in runs if run.cell is not None}
    failures = {cell: read_failure(cell_folder(results, cell)) for cell in cells}
    failed = [_failed(run, failures.get(run.cell or "")) for run in runs]
    missing = [None if failed_run else _missing(run, cells) for run, failed_run in zip(runs, failed, strict=True)]
    return Loaded(
        results,
        plan,
        _frame(runs, cells),
        tuple(run for run in missing if run is not None),
        tuple(run for run in failed if run is not None),
        tuple(_refused(plan)),
    )


def write_rows(loaded: Loaded) -> Path:
    """Write the table to rows.parquet in the results folder; returns where."""
    packed, path = io.BytesIO(), loaded.results / "rows.parquet"
    loaded.frame.to_parquet(packed, index=False)
    write_atomically(path, packed.getvalue())
    return path


def _plan(results: Path) -> Plan:
    try:
        plan = read_plan(results)
    except (ValueError, NotADirectoryError) as error:
        raise ResultsError(f"{results}: wanted a results folder with a readable plan.json; got {error}") from error
    for name, planned in plan["experiments"].items():
        arms = [(arm["group"], arm["label"]) for arm in planned["arms"]]
        twice = {arm for arm in arms if arms.count(arm) > 1}
        if twice:
            raise ResultsError(f"{results}: wanted one arm per group and label; {name} has several for {min(twice)}")
    return plan


def _runs(plan: Plan) -> Iterator[_Run]:
    for name, planned in plan["experiments"].items():
        for arm in planned["arms"]:
            if arm["refused"] is None:
                yield from (_Run(name, planned, arm, seed) for seed in planned["seeds"])


def _refused(plan: Plan) -> Iterator[Refused]:
    for name, planned in plan["experiments"].items():
        for arm in planned["arms"]:
            if arm["refused"] is not None:
                yield Refused(name, arm["group"], arm["label"], arm["refused"])


def _failed(run: _Run, failure: Failure | None) -> Failed | None:
    if run.cell is None or failure is None or failure["cycle"] > run.planned["cycles"]:
        return None
    return Failed(*run.key, run.cell, failure)


def _missing(run: _Run, cells: dict[str, Columns]) -> Missing | None:
    planned = run.planned["cycles"] + 1
    there = 0 if run.cell is None else len(cells[run.cell]["cycle"])
    return Missing(*run.key, there, planned) if there < planned else None


def _frame(runs: list[_Run], cells: dict[str, Columns]) -> pd.DataFrame:
    table: Columns = {name: [] for name in TYPES}
    for run in runs:
        if run.cell is None:
            continue
        cell, arm = cells[run.cell], run.arm
        experiment, group, label, seed = run.key
        keys = {"experiment": experiment, "group": group, "label": label, "seed": seed, "cell": run.cell}
        keys |= {"strategy": arm["strategy"], "learner": arm["learner"], "dataset": arm["dataset"]}
        extend(table, keys, cell, kept=run.planned["cycles"] + 1)
    return frame_of(table)
