"""A sweep in words: what it consists of, how far it is, how accurate its arms are so far."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.table import Table
from rich.text import Text

from bench.plan import PlannedArm, Schedule
from bench.record import NO_DATA, cell_folder, read_rows
from bench.state import State, counted


def overview(planned: Schedule, results: Path, found: Mapping[str, State]) -> str:
    """What would run, what is done and what is missing, experiment by experiment."""
    lines = [f"{planned.sweep.name}: {len(found)} cells in {results}: {counted(found)}"]
    for experiment in planned.sweep.experiments:
        lines.append(f"  {experiment.name}: {experiment.title}")
        for arm in (arm for arm in planned.arms if arm.experiment == experiment.name):
            if arm.refused is not None:
                lines.append(f"    {arm_name(arm)}: refused: {arm.refused}")
            else:
                mine = {cell.id: found[cell.id] for cell in arm.cells.values()}
                lines.append(f"    {arm_name(arm)}: {len(mine)} seeds: {counted(mine)}")
    return "\n".join([*lines, *_shared(planned)])


def summary(planned: Schedule, results: Path) -> Table:
    """The accuracy of every arm at its last finished cycle, averaged over the seeds that are there."""
    table = Table(title=f"{planned.sweep.name}: test accuracy", title_justify="left")
    for heading in ("experiment", "arm", "seeds", "labels", "accuracy"):
        table.add_column(heading, justify="left" if heading in ("experiment", "arm") else "right")
    for arm in planned.arms:
        if arm.refused is not None:
            continue
        last = arm.point.settings.protocol.cycles
        rows = [read_rows(cell_folder(results, cell.id)) for cell in arm.cells.values()]
        ends = [run[last]["result"] for run in rows if len(run) > last]
        mean = f"{sum(end['accuracy'] for end in ends) / len(ends):.3f}" if ends else "–"
        labels = str(arm.point.settings.protocol.labels(last))
        table.add_row(arm.experiment, Text(arm_name(arm)), f"{len(ends)}/{len(arm.cells)}", labels, mean)
    return table


def without_data(planned: Schedule) -> list[str]:
    """A line for each dataset whose files are not there, with the experiments that are left out for it."""
    found: dict[str, dict[str, None]] = {}
    for arm in planned.arms:
        if arm.refused is not None and arm.refused.startswith(NO_DATA):
            found.setdefault(arm.refused.removeprefix(NO_DATA), {})[arm.experiment] = None
    return [f"no data for {', '.join(experiments)}: {reason}" for reason, experiments in found.items()]


def names(planned: Schedule) -> dict[str, str]:
    """What each cell is called on the screen: its arm, grid point and seed, in the first experiment that has it."""
    found: dict[str, str] = {}
    for arm in planned.arms:
        for seed, cell in arm.cells.items():
            found.setdefault(cell.id, f"{arm_name(arm)} seed {seed}")
    return found


def arm_name(arm: PlannedArm) -> str:
    """An arm's label, with its point of the grid in brackets."""
    return f"{arm.named.label} [{arm.point.group}]" if arm.point.group else arm.named.label


def _shared(planned: Schedule) -> list[str]:
    shared = sum(len(arm.cells) for arm in planned.arms) - len(planned.cells())
    return [f"  {shared} cells are shared between arms and run once"] if shared else []
