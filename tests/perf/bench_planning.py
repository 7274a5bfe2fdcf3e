"""What the harness itself costs at ten thousand cells: planning them, asking how they are, loading their rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import yaml

from analysis.load import load
from bench.files import write_json
from bench.plan import Schedule, schedule
from bench.sweep_file import load_sweep
from perf.analysis_folder import Size, write_cell
from perf.bench_analysis import call
from perf.case import Case

CELLS = 10_000
SWEEP, EXPERIMENT = Path("sweeps/digits.yaml"), "strategies"  # of five arms
CYCLES = 10


def cases() -> Iterator[Case]:
    """Each as a person has it: commands as processes of their own, and loading as it is called from Python."""
    sweep = ("bench.sweep", str(_sweep()), "--results")
    nothing, note = str(Path(_room().name) / "nothing"), f"{CELLS} cells"
    dry, status = (partial(call, *sweep, nothing, "--dry-run"), partial(call, *sweep, _room().name, "--status"))
    yield Case(
        "planning/10000-cells",
        dry,
        repeats=3,
        note=lambda: f"{note}, none started; the command --dry-run",
        elsewhere=True,
    )
    written = f"{note} of {CYCLES + 1} rows, all done"
    yield Case(
        "status/10000-cells",
        partial(_on_folder, status),
        repeats=3,
        note=lambda: f"{written}; --status",
        elsewhere=True,
    )
    yield Case("loading/10000-cells", lambda: load(folder()), repeats=3, note=lambda: f"{written}; analysis.load")


def _on_folder(command: partial[None]) -> None:
    folder()
    command()


@cache
def folder() -> Path:
    """A finished sweep of so many cells, with ids as planned; written once."""
    planned = _planned()
    results = Path(_room().name) / planned.sweep.name
    labels = tuple(dict.fromkeys(arm.named.label for arm in planned.arms))
    size = Size(cycles=CYCLES, arms=labels)
    for arm in planned.arms:
        for seed, cell in arm.cells.items():
            write_cell(results / "cells" / cell.id, ("strategies", "", arm.named.label, seed), size)
    write_json(results / "plan.json", planned.record())
    return results


@cache
def _planned() -> Schedule:
    return schedule(load_sweep(_sweep(), []), Path())


@cache
def _sweep() -> Path:
    """The file of a sweep of so many cells and no others."""
    found = yaml.safe_load(SWEEP.read_text())
    experiment = found["experiments"][EXPERIMENT] | {"seeds": CELLS // 5, "protocol": {"cycles": CYCLES}}
    path = Path(_room().name) / SWEEP.name
    path.write_text(yaml.safe_dump(found | {"experiments": {EXPERIMENT: experiment}, "claims": {}}))
    return path


@cache
def _room() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()
