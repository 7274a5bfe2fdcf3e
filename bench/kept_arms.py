"""The plan as a sweep writes it down: arms whose data are gone keep the cells that earlier runs of them began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from bench.cell import Cell
from bench.errors import ResultsError
from bench.files import read_intact
from bench.plan import PlannedArm, Schedule
from bench.record import Arm, Plan, cell_folder, read_plan

Place: TypeAlias = tuple[str, str, str]
"""An arm's experiment, group and label."""


def plan_to_write(planned: Schedule, results: Path) -> Plan:
    """The plan of a schedule; arms that only lack their data are as the plan in `results` has them, less what is no
    longer wanted, where any of their cells has begun.

    So what is finished stays planned, and what is not counts as missing, not as refused or failed.
    """
    plan, lacking = planned.record(), [arm for arm in planned.arms if arm.lacking]
    before = _arms(results) if lacking else {}
    kept = {_place(arm): _kept(arm, before.get(_place(arm), {}), results) for arm in lacking}
    for name, experiment in plan["experiments"].items():
        experiment["arms"] = [_arm(arm, kept.get((name, arm["group"], arm["label"]), {})) for arm in experiment["arms"]]
    return plan


def _arm(arm: Arm, cells: Mapping[str, str]) -> Arm:
    return arm | {"refused": None, "cells": dict(cells)} if cells else arm


def _kept(arm: PlannedArm, before: Mapping[str, str], results: Path) -> dict[str, str]:
    """The cells of the plan before, by seed, that are still wanted as they are; the checksum of their data is known
    from those that have begun."""
    records = [read_intact(cell_folder(results, cell) / "cell.json") for cell in before.values()]
    checksums = list(dict.fromkeys(_checksums(records)))
    wanted = {(str(seed), _id(cell, each)) for seed, cell in arm.lacking.items() for each in checksums}
    return {seed: cell for seed, cell in before.items() if (seed, cell) in wanted}


def _id(cell: Cell, checksum: str) -> str:
    return replace(cell, checksum=checksum).id


def _checksums(records: Iterable[dict[str, Any] | None]) -> Iterable[str]:
    found = (record.get("checksum") for record in records if record is not None)
    return (each for each in found if isinstance(each, str))


def _arms(results: Path) -> dict[Place, Mapping[str, str]]:
    """The cells of every arm of the plan that is there; nothing where none can be read."""
    try:
        experiments = read_plan(results)["experiments"]
    except ResultsError:
        return {}
    return {(name, arm["group"], arm["label"]): arm["cells"] for name, e in experiments.items() for arm in e["arms"]}


def _place(arm: PlannedArm) -> Place:
    return arm.experiment, arm.point.group, arm.named.label
