"""A small sweep that is run through a Slurm as a person would, with a gate that keeps its cells where a test wants."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slurm_daemons import until

from bench.record import Attempt, Failure, read_attempts, read_failure, read_rows

SWEEP = """
name: gated
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: mlp, width: 16, layers: 1}
    train: {epochs: 3, schedule: {name: onecycle, max_lr: 0.05}}
  protocol: {initial: 20, budget: 5, cycles: 3, candidates: 60}
  seeds: 2
experiments:
  gated: {title: Gated, strategies: [gated]}
launch:
  executor: slurm
  slurm: {partition: low, minutes: 10, memory_gib: 1, array_parallelism: 4}
"""
ONE_MINUTE = ("launch.slurm.minutes=1", "launch.slurm.partition=high")
"""The shortest limit, in the partition where nothing disturbs a job before."""
STRATEGIES = Path(__file__).parent / "gated_strategies.py"
INSTALLED = {
    "METADATA": "Metadata-Version: 2.1\nName: gated-strategies\nVersion: 1.0\n",
    "entry_points.txt": "[lookahead_bench.strategies]\ngated = gated_strategies\n",
}

ENDED_WITHIN = 150.0
"""Seconds that a sweep of a few cells may take on a busy machine."""


@dataclass(frozen=True)
class SlurmSweep:
    """A sweep file in a folder, run by commands with this environment."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """Start the command, in a session of its own."""
        with (self.folder / "said.txt").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "bench.sweep", "sweep.yaml", *options],
                cwd=self.folder,
                env=self.environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *options: str) -> int:
        """Run the command; its exit status."""
        return self.ended(self.start(*options))

    def ended(self, driver: subprocess.Popen[bytes]) -> int:
        """Wait for a command; its exit status. One that does not end is killed."""
        try:
            return driver.wait(ENDED_WITHIN)
        finally:
            driver.kill()

    def said(self) -> str:
        """What all commands so far have printed, with line breaks as spaces: where they fall depends on paths."""
        return " ".join((self.folder / "said.txt").read_text().split())

    # the gate

    def close(self, cycle: int = 2) -> None:
        """Let workers wait in the query of a cycle."""
        (self.folder / "gate/closed").write_text(str(cycle))

    def deafen(self) -> None:
        """Let workers that wait at the gate hear nothing of what is to happen to them."""
        (self.folder / "gate/deaf").touch()

    def let_later_ones_pass(self) -> None:
        """Let only the first process that comes to the gate wait there."""
        (self.folder / "gate/once").touch()

    def open(self) -> None:
        """Let workers go on."""
        (self.folder / "gate/closed").unlink()

    def waiting(self) -> list[int]:
        """The processes that have come to the closed gate, also those that have left it since."""
        return [int(path.name) for path in (self.folder / "gate/at").iterdir()]

    def wait_for_workers(self, count: int) -> None:
        """Wait until so many processes have come to the gate."""
        until(lambda: len(self.waiting()) >= count, f"{count} workers at the gate", ENDED_WITHIN)

    # what is on disk

    @property
    def results(self) -> Path:
        return self.folder / "results/gated"

    def cells(self) -> list[Path]:
        return sorted((self.results / "cells").iterdir())

    def outcome(self) -> dict[str, list[str]]:
        """The result columns of every cell as text, so that equal means equal bit for bit."""
        return {cell.name: [json.dumps(row["result"]) for row in read_rows(cell)] for cell in self.cells()}

    def attempts(self) -> list[Attempt]:
        """All attempts, cell by cell."""
        return [attempt for cell in self.cells() for attempt in read_attempts(cell)]

    def statuses(self) -> list[list[str | None]]:
        """How the attempts of each cell ended."""
        return [[attempt["status"] for attempt in read_attempts(cell)] for cell in self.cells()]

    def failures(self) -> list[Failure]:
        """Why cells failed."""
        return [failure for cell in self.cells() if (failure := read_failure(cell)) is not None]

    def arrays(self) -> list[str]:
        """The numbers of the arrays whose jobs ran the attempts, or of jobs alone, in the order of submission."""
        jobs = [attempt["environment"]["slurm"] for attempt in self.attempts()]
        return sorted({job.get("SLURM_ARRAY_JOB_ID", job["SLURM_JOB_ID"]) for job in jobs}, key=int)


def slurm_sweep(folder: Path, environment: Mapping[str, str]) -> SlurmSweep:
    """Lay out a sweep in a new folder, with its gate open; `environment` is what its commands need beside."""
    site = folder / "site"
    for made in (folder / "gate/at", site / "gated_strategies-1.0.dist-info"):
        made.mkdir(parents=True)
    for name, text in INSTALLED.items():
        (site / "gated_strategies-1.0.dist-info" / name).write_text(text)
    shutil.copy(STRATEGIES, site)
    (folder / "sweep.yaml").write_text(SWEEP)
    path = os.pathsep.join([str(site), *filter(None, [environment.get("PYTHONPATH")])])
    wide = {"COLUMNS": "200", "OMP_NUM_THREADS": "1"}
    return SlurmSweep(folder, {**environment, **wide, "PYTHONPATH": path, "LOOKAHEAD_TEST_GATE": str(folder / "gate")})


def ctrl_c(driver: subprocess.Popen[bytes]) -> None:
    """What a terminal sends to the foreground."""
    os.killpg(driver.pid, signal.SIGINT)
