"""A believable results folder, made by really running a small sweep, and the commands that read it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench import archive, track
from bench import sweep as sweeping
from bench.files import sha256

SWEEP = """
name: tiny
defaults:
  dataset: digits
  learner: ridge
  protocol: {initial: 20, budget: 5, cycles: 2, candidates: 60}
  seeds: 2
experiments:
  first: {title: The first, strategies: [random, margin, entropy]}
  second: {title: The second, grid: {learner.penalty: [0.1]}, strategies: [random, margin]}
claims:
  gain: {experiment: first, better: margin, than: random}
"""
MEMORY = 6 * 2**30  # bytes of address space for a command; torch and what it loads take half of it

Change = Callable[[dict[str, Any]], object]


def make(folder: Path) -> Path:
    """A folder with tiny.yaml and its results: two cells of ten are unfinished, and one of these has failed."""
    folder.mkdir()
    (folder / "tiny.yaml").write_text(SWEEP)
    assert sweeping.main(sweep_arguments(folder)) == 0
    for arm in ("margin", "entropy"):
        cell = cell_of(folder, arm, seed=1)
        (cell / "done.json").unlink()
        rows = cell / "rows.jsonl"
        rows.write_text("".join(rows.read_text().splitlines(keepends=True)[:2]))
    failure = {"kind": "diverged", "message": "the loss is not finite", "trace": "Traceback", "cycle": 2, "attempt": 1}
    said = {"log": "a last line", "host": "node1", "device": "cpu", "peak_mib": 12.5}
    (cell / "failure.json").write_text(json.dumps(failure | said))
    return folder


def copy(folder: Path, to: Path) -> Path:
    """The same folder elsewhere, to be changed."""
    return shutil.copytree(folder, to, symlinks=True)


def results_of(folder: Path) -> Path:
    return folder / "results/tiny"


def planned(folder: Path) -> dict[str, Any]:
    """The plan, as JSON."""
    plan: dict[str, Any] = json.loads((results_of(folder) / "plan.json").read_text())
    return plan


def cell_of(folder: Path, arm: str, seed: int = 0, experiment: str = "first") -> Path:
    """The folder of an arm's cell."""
    arms = planned(folder)["experiments"][experiment]["arms"]
    (cell,) = (each["cells"][str(seed)] for each in arms if each["label"] == arm)
    return results_of(folder) / "cells" / cell


def change(file: Path, by: Change, line: int = 0) -> None:
    """Change the JSON object of a file, or of one line of it, in place."""
    texts = file.read_text().splitlines() if file.suffix == ".jsonl" else [file.read_text()]
    value = json.loads(texts[line])
    by(value)
    texts[line] = json.dumps(value)
    file.write_text("".join(f"{text}\n" for text in texts))


def vouch(cell: Path, name: str) -> None:
    """Let the row of a file's cycle vouch for it as it is now, as a stranger would who has exchanged it."""
    cycle = int(Path(name).stem)
    change(cell / "rows.jsonl", lambda row: row["files"].update({name: sha256(cell / name)}), cycle)


def sweep_arguments(folder: Path, *more: str) -> list[str]:
    """Arguments of bench.sweep for this folder, with cells run in its own process."""
    return [str(folder / "tiny.yaml"), "--results", str(folder / "results"), "--executor", "debug", *more]


def readers(folder: Path) -> dict[str, list[str]]:
    """Every command that reads a results folder, as a module with its arguments; the last ones write into it."""
    results, sweep = str(results_of(folder)), ["bench.sweep", *sweep_arguments(folder)]
    return {
        "stats": ["analysis.stats", results],
        "stats as JSON": ["analysis.stats", results, "--json", "--failed", "out"],
        "compare": ["analysis.compare", results, results],
        "figures": ["analysis.figures", results],
        "report": ["analysis.report", results],
        "status": [*sweep, "--status"],
        "dry run": [*sweep, "--dry-run"],
        "pack": ["bench.archive", "pack", results, "--arrays", "--out", str(folder / "packed.tar.xz")],
        "merge": ["bench.archive", "merge", results, "--into", str(folder / "merged")],
        "push": ["bench.track", "push", results],
        "workspace": ["bench.track", "workspace", results],
        "verify": [*sweep, "--verify"],
        "retry": [*sweep, "--retry-failed"],
        "cancel": [*sweep, "--cancel"],
        "prune": ["bench.archive", "prune", results, "--arrays", "--launches"],
    }


def run(command: Iterable[str], folder: Path, memory: int = MEMORY) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, in bounded memory, with nothing in its working folder."""
    here = folder / "working"
    here.mkdir(exist_ok=True)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=here,
        env={**os.environ, **threads, "PYTHONPATH": str(Path(sweeping.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory)),
    )


def run_here(command: list[str]) -> int:
    """Run a command in this process; returns its exit status."""
    from analysis import compare, figures, report, stats

    mains = {"analysis.stats": stats, "analysis.compare": compare, "analysis.figures": figures}
    mains |= {"analysis.report": report, "bench.sweep": sweeping, "bench.archive": archive, "bench.track": track}
    status: int = mains[command[0]].main(command[1:])
    return status
