"""A small sweep that is run by commands, as a person would, with a gate at which its cells wait for a test."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.record import read_attempts, read_rows

SWEEP = """
name: launched
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: mlp, width: 1024, layers: 1}  # whose weights are 300 KB
    train: {epochs: 3, schedule: {name: onecycle, max_lr: 0.05}}
  protocol: {initial: 20, budget: 5, cycles: 3, candidates: 60}
  seeds: 2
experiments:
  launched: {title: Launched, strategies: [waiting]}
launch: {slots: 2}
"""
SEEDS = 3  # that any test uses
STRATEGY = Path(__file__).parent / "waiting_strategy.py"
INSTALLED = {
    "METADATA": "Metadata-Version: 2.1\nName: waiting-strategy\nVersion: 1.0\n",
    "entry_points.txt": "[lookahead_bench.strategies]\nwaiting = waiting_strategy\n",
}
PATIENCE = 150.0
"""Seconds that anything may take on a busy machine."""
WORKER = "submitit.core._submit"


def until(holds: Callable[[], object], wanted: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds; raises TimeoutError that says what was wanted."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"wanted {wanted} within {seconds:g} s")
        time.sleep(0.05)


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit status; line breaks are spaces, since where they fall depends on paths."""

    status: int
    output: str
    errors: str


@dataclass(frozen=True)
class Command:
    """A command that was started, and where it writes what it says."""

    process: subprocess.Popen[bytes]
    folder: Path

    def ended(self, seconds: float = PATIENCE) -> Said:
        """Wait for its end."""
        status = self.process.wait(seconds)
        output, errors = (" ".join((self.folder / name).read_text().split()) for name in ("output", "errors"))
        return Said(status, output, errors)


@dataclass(frozen=True)
class LaunchedSweep:
    """A sweep file in a folder; `environment` is what its commands need, and marks their processes."""

    folder: Path
    environment: dict[str, str]

    def start(self, *options: str) -> Command:
        """Start the command, in a session of its own; its workers may outlive it with its output in their hands."""
        words = [sys.executable, "-m", "bench.sweep", "launched.yaml", *options]
        said = Path(tempfile.mkdtemp(prefix="said-", dir=self.folder))
        with (said / "output").open("w") as output, (said / "errors").open("w") as errors:
            process = subprocess.Popen(
                words, cwd=self.folder, env=self.environment, stdout=output, stderr=errors, start_new_session=True
            )
        return Command(process, said)

    def run(self, *options: str) -> Said:
        """Run the command to its end."""
        return self.start(*options).ended()

    # the gate

    def close(self, cycle: int = 2) -> None:
        """Let cells wait in the query of a cycle."""
        (self.folder / "gate").write_text(str(cycle))

    def open(self) -> None:
        """Let cells go on."""
        (self.folder / "gate").unlink()

    def wait_for_cells(self, count: int, cycle: int = 2) -> None:
        """Wait until so many cells are in the query of a cycle."""
        doing = f"cycle {cycle}: query"
        until(lambda: [each["doing"] for each in self.told()].count(doing) == count, f"{count} cells in {doing}")

    # what is on disk

    @property
    def results(self) -> Path:
        return self.folder / "results/launched"

    def told(self) -> list[dict[str, Any]]:
        """What the workers of all launches say, those included that are gone."""
        return [json.loads(path.read_text()) for path in sorted(self.results.glob("launches/*/slot*/status.json"))]

    def cells(self) -> list[Path]:
        return sorted((self.results / "cells").iterdir())

    def statuses(self) -> list[list[str | None]]:
        """How the attempts of each cell ended."""
        return [[attempt["status"] for attempt in read_attempts(cell)] for cell in self.cells()]

    def failed(self) -> list[Path]:
        return list(self.results.glob("cells/*/failure.json"))

    def outcome(self) -> dict[str, list[str]]:
        """The result columns of every cell as text, so that equal means equal bit for bit."""
        return {cell.name: [json.dumps(row["result"]) for row in read_rows(cell)] for cell in self.cells()}

    # what runs

    def processes(self, module: str = "") -> list[int]:
        """The living processes of this sweep that run a module."""
        return sorted(pid for pid, command in self._commands() if module in command)

    def end(self) -> None:
        """Kill whatever still runs of it."""
        while found := self.processes():
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def _commands(self) -> Iterator[tuple[int, str]]:
        mark = f"LOOKAHEAD_TEST_GATE={self.environment['LOOKAHEAD_TEST_GATE']}\0"
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdecimal() and mark.encode() in (entry / "environ").read_bytes():
                    yield int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()


def launched_sweep(folder: Path) -> LaunchedSweep:
    """Lay out the sweep in a folder, with its gate open."""
    site = folder / "site"
    installed = site / "waiting_strategy-1.0.dist-info"
    installed.mkdir(parents=True)
    for name, text in INSTALLED.items():
        (installed / name).write_text(text)
    shutil.copy(STRATEGY, site)
    (folder / "launched.yaml").write_text(SWEEP)
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    wide = {"COLUMNS": "200", "OMP_NUM_THREADS": "1"}
    gate = {"PYTHONPATH": path, "LOOKAHEAD_TEST_GATE": str(folder / "gate")}
    return LaunchedSweep(folder, {**os.environ, **wide, **gate})


@cache
def undisturbed() -> dict[str, list[str]]:
    """The result columns of the cells as text, by id and in the order of their seeds, run once in one process."""
    folder = Path(tempfile.mkdtemp(prefix="launched-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    alone = launched_sweep(folder)
    said = alone.run("--executor", "debug", "--set", f"seeds={SEEDS}")
    assert said.status == 0, said
    (arm,) = json.loads((alone.results / "plan.json").read_text())["experiments"]["launched"]["arms"]
    return {arm["cells"][str(seed)]: alone.outcome()[arm["cells"][str(seed)]] for seed in range(SEEDS)}


def expected(seeds: int) -> dict[str, list[str]]:
    """The same of the first seeds alone."""
    return dict(list(undisturbed().items())[:seeds])
