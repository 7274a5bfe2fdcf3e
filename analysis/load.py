"""A results folder as one tidy table, with what is missing, failed or refused named beside it.

It can be read at any time: a sweep that still runs gives the cycles that it has finished so far. A cell that two
experiments share stands in both; cycles that only another experiment asked for are left out.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.beside import beside
from analysis.chunk import Chunk, read_chunk
from analysis.rows import Run, frame_of, stack
from bench.errors import ResultsError
from bench.files import write_atomically
from bench.record import (
    NO_DATA,
    Arm,
    Failure,
    Plan,
    PlannedExperiment,
    Row,
    cell_folder,
    read_failure,
    read_plan,
    read_rows,
)

TOGETHER, WORTH = 250, 2  # cells that a process reads at a time, and such parts from which on a process pays


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
    `queried` has the ids (b,) that each finished cycle of a cell bought, cell by cell.
    """

    results: Path
    plan: Plan
    frame: pd.DataFrame
    missing: tuple[Missing, ...]
    failures: tuple[Failed, ...]
    refused: tuple[Refused, ...]
    queried: Mapping[str, Sequence[NDArray[np.generic]]]

    def rows(self, cell: str) -> list[Row]:
        """A cell's finished cycles as they were recorded, read now: notes are not in the frame."""
        return read_rows(cell_folder(self.results, cell))

    def notes(self, cell: str) -> list[dict[str, float]]:
        """The figures that learners and audits left with each finished cycle of a cell, read now."""
        return [row["result"]["notes"] for row in self.rows(cell)]


@dataclass(frozen=True)
class _Planned:
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

    @property
    def cycles(self) -> int:
        """How many rows it has when it is finished: one for the initial set, one per cycle."""
        return self.planned["cycles"] + 1


def load(results: Path) -> Loaded:
    """Everything that a results folder holds by now. Raises ResultsError where it is none, or is broken."""
    plan = _plan(results)
    planned = dict.fromkeys(run.cell for run in _runs(plan) if run.cell is not None)
    failures = {cell: read_failure(cell_folder(results, cell)) for cell in planned}
    plan = _without_data(plan, failures)
    runs = list(_runs(plan))
    cells = list(dict.fromkeys(run.cell for run in runs if run.cell is not None))
    stacked = stack(_read(results, cells))
    failed = [_failed(run, failures.get(run.cell or "")) for run in runs]
    missing = [None if told else _missing(run, stacked.count) for run, told in zip(runs, failed, strict=True)]
    return Loaded(
        results,
        plan,
        frame_of([Run(_keys(run), run.cycles) for run in runs if run.cell is not None], stacked),
        tuple(run for run in missing if run is not None),
        tuple(run for run in failed if run is not None),
        tuple(_refused(plan)),
        {cell: stacked.queried[first : first + stacked.count[cell]] for cell, first in stacked.first.items()},
    )


def write_rows(loaded: Loaded) -> Path:
    """Write the table to rows.parquet in the results folder; returns where."""
    packed, path = io.BytesIO(), loaded.results / "rows.parquet"
    loaded.frame.to_parquet(packed, index=False)
    write_atomically(path, packed.getvalue())
    return path


def _read(results: Path, cells: Sequence[str]) -> list[Chunk]:
    """The rows of all cells; every row is read once."""
    parts = [cells[first : first + TOGETHER] for first in range(0, len(cells), TOGETHER)]
    return list(beside(partial(read_chunk, results), parts, WORTH))


def _plan(results: Path) -> Plan:
    try:
        plan = read_plan(results)
    except (ValueError, NotADirectoryError) as error:
        raise ResultsError(f"{results}: wanted a results folder with a readable plan.json; got {error}") from error
    for name, planned in plan["experiments"].items():
        arms = Counter((arm["group"], arm["label"]) for arm in planned["arms"])
        twice = [arm for arm, count in arms.items() if count > 1]
        if twice:
            raise ResultsError(f"{results}: wanted one arm per group and label; {name} has several for {min(twice)}")
    return plan


def _without_data(plan: Plan, failures: Mapping[str, Failure | None]) -> Plan:
    """The plan with arms refused whose data were nowhere to be found by any of their runs."""
    experiments = {}
    for name, planned in plan["experiments"].items():
        arms = [_arm(arm, [failures[cell] for cell in arm["cells"].values()]) for arm in planned["arms"]]
        experiments[name] = planned | {"arms": arms}
    return plan | {"experiments": experiments}


def _arm(arm: Arm, failures: Sequence[Failure | None]) -> Arm:
    found = [failure["message"] for failure in failures if failure is not None and failure["kind"] == "no_data"]
    if not found or len(found) < len(failures):
        return arm
    return arm | {"refused": f"{NO_DATA}{found[0]}", "cells": {}}


def _runs(plan: Plan) -> Iterator[_Planned]:
    for name, planned in plan["experiments"].items():
        for arm in planned["arms"]:
            if arm["refused"] is None:
                yield from (_Planned(name, planned, arm, seed) for seed in planned["seeds"])


def _refused(plan: Plan) -> Iterator[Refused]:
    for name, planned in plan["experiments"].items():
        for arm in planned["arms"]:
            if arm["refused"] is not None:
                yield Refused(name, arm["group"], arm["label"], arm["refused"])


def _failed(run: _Planned, failure: Failure | None) -> Failed | None:
    if run.cell is None or failure is None or failure["cycle"] >= run.cycles:
        return None
    return Failed(*run.key, run.cell, failure)


def _missing(run: _Planned, finished: Mapping[str, int]) -> Missing | None:
    there = 0 if run.cell is None else finished[run.cell]
    return Missing(*run.key, there, run.cycles) if there < run.cycles else None


def _keys(run: _Planned) -> dict[str, object]:
    experiment, group, label, seed = run.key
    keys = {"experiment": experiment, "group": group, "label": label, "seed": seed, "cell": run.cell}
    return keys | {name: run.arm[name] for name in ("strategy", "learner", "dataset")}
