"""A small real sweep that the tests of the wandb mirror share, and reading back what wandb wrote of it."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from bench.record import Arm, read_plan

SWEEP = """
name: mirrored
defaults:
  dataset: digits
  learner: {name: ridge, penalty: 10}
  protocol: {initial: 20, budget: 5, cycles: 3, candidates: 60}
  seeds: 2
experiments:
  first: {title: The first, strategies: [random, margin]}
  second: {title: The second, strategies: [random, entropy]}
  sizes:
    title: Two budgets
    grid: {protocol.budget: [5, 10]}
    strategies: [random, margin]
launch: {slots: 1}
"""
CELLS = 10  # random and margin under two budgets, entropy under one; two seeds each


def run_sweep(folder: Path, *options: str) -> Path:
    """Run the sweep in a folder, in a process of its own; returns its results."""
    (folder / "mirrored.yaml").write_text(SWEEP)
    command = [sys.executable, "-m", "bench.sweep", "mirrored.yaml", "--executor", "debug", *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=240)
    return folder / "results/mirrored"


@cache
def _finished() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mirrored-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return run_sweep(folder)


def finished_sweep(folder: Path) -> Path:
    """A copy of the sweep's results, run once for all tests."""
    return Path(shutil.copytree(_finished(), folder / "results/mirrored"))


def change_rows(results: Path, cell: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Rewrite every row of a cell."""
    file = results / "cells" / cell / "rows.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        change(row)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))


def mark(results: Path, cell: str, cycle: int | None = None) -> None:
    """Let the final marker of a cell vouch for the cycles up to `cycle`, or take it away."""
    marker = results / "cells" / cell / "done.json"
    marker.unlink(missing_ok=True) if cycle is None else marker.write_text(json.dumps({"cycle": cycle}))


def arm_of(results: Path, experiment: str, label: str, group: str = "") -> Arm:
    """An arm of the sweep's plan."""
    arms = read_plan(results)["experiments"][experiment]["arms"]
    return next(arm for arm in arms if (arm["label"], arm["group"]) == (label, group))


def runs_of(results: Path) -> dict[str, Path]:
    """The folders that wandb wrote offline, by the run's id; two of one id are an error."""
    files = sorted((results / "tracking/wandb").glob("offline-run-*/run-*.wandb"))
    found = {file.stem.removeprefix("run-"): file.parent for file in files}
    assert len(found) == len(files)
    return found


def history(run: Path) -> list[dict[str, Any]]:
    """What wandb's own reader finds that was logged of a run, without wandb's own columns."""
    items = [record["history"]["item"] for record in _records(run) if record["type"] == "history"]
    return [{name: value for name, value in item.items() if not name.startswith("_")} for item in items]


def header(run: Path) -> dict[str, Any]:
    """What wandb's own reader finds a run to be: name, group, tags, …"""
    return next(record["run"] for record in _records(run) if record["type"] == "run")


def told(run: Path) -> dict[str, Any]:
    """The state, configuration and summary of a run."""
    return json.loads(_inspect("--summary", "--json", str(run)))


def pushed(results: Path) -> list[dict[str, Any]]:
    """The lines of pushed.jsonl."""
    return [json.loads(line) for line in (results / "tracking/pushed.jsonl").read_text().splitlines()]


def _records(run: Path) -> Iterator[dict[str, Any]]:
    yield from map(json.loads, _inspect("--json", str(run)).splitlines())


def _inspect(*arguments: str) -> str:
    command = [sys.executable, "-m", "wandb", "leet", "inspect", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
