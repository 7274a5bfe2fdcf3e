"""What running cells costs beside the work in them: the harness's share of a cell, and what a second slot gains."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.cell import Cell
from bench.files import write_json
from bench.launching.options import Launch
from bench.numerics import strict
from bench.plan import schedule
from bench.record import cell_folder, read_rows
from bench.sweep_file import load_sweep
from bench.worker import Desk, Worker
from perf.bench_analysis import call
from perf.case import Case

SWEEP, EXPERIMENT = Path("sweeps/digits.yaml"), "strategies"
PRODUCTS = 20_000


def cases() -> Iterator[Case]:
    """The cells of the demo, in a warm worker; and a short sweep of them in one slot and in two."""
    share = Share()
    yield Case("harness/digits-cells", share.run, repeats=2, note=share.note)
    slots = Slots()
    yield Case("slots/two-of-one-thread", slots.two, slots.one, "one slot", repeats=2, note=slots.note, elsewhere=True)


class Share:
    """Every arm of the demo once, in this process; what is not query, fit or evaluation is the harness's own."""

    def __init__(self) -> None:
        self._runs: list[list[tuple[float, float]]] = []

    def run(self) -> None:
        """One seed of each arm."""
        cells = schedule(load_sweep(SWEEP, ["seeds=1"]), Path()).of([EXPERIMENT]).cells()
        self._runs.append([])
        with tempfile.TemporaryDirectory() as room:
            for cell in cells.values():
                whole = self._seconds(Path(room), cell)
                worked = _worked(cell_folder(Path(room), cell.id))
                self._runs[-1].append((whole - worked, whole))

    def _seconds(self, room: Path, cell: Cell) -> float:
        """How long a worker is at a cell; its data are loaded by then, as in all but its first."""
        queue = room / cell.id / "queue.json"
        write_json(queue, {cell.id: cell.record()})
        worker = Worker(Desk(str(room), str(queue), str(queue.parent / "status.json"), str(room), Launch()))
        with strict(threads=1):
            worker._prepare()
            worker._data(cell)
            started = time.perf_counter()
            worker._take(cell.id, cell.record())
            return time.perf_counter() - started

    def note(self) -> str:
        """The share, over all runs but the first, in which torch was still warming up, and its extremes."""
        cells = [cell for run in self._runs[1:] for cell in run]
        shares, all_own, all_whole = sorted(own / whole for own, whole in cells), *map(sum, zip(*cells, strict=True))
        share = f"harness's own share {all_own / all_whole:.1%} of {all_whole:.0f} s"
        return f"{share}; cells {shares[0]:.1%} to {shares[-1]:.1%}"


class Slots:
    """A sweep of twelve cells, whole: start of the workers included."""

    def one(self) -> None:
        """In one slot."""
        _sweep(1)

    def two(self) -> None:
        """In two."""
        _sweep(2)

    def note(self) -> str:
        """What the machine gives two processes that share nothing, in one run, as the most that two slots can gain."""
        with tempfile.TemporaryDirectory() as room:
            alone = _multiplying(1, room)
            return f"two processes that only multiply matrices: {2 * alone / _multiplying(2, room):.2f}×"


def _sweep(slots: int) -> None:
    with tempfile.TemporaryDirectory() as room:
        chosen = ("seeds=4", "experiments.strategies.strategies=[random,entropy,margin]", "claims=null")
        where = ("--only", EXPERIMENT, "--results", room, "--jobs", str(slots))
        call("bench.sweep", str(SWEEP), *where, "--set", *chosen, "tracking.mode=off")


def _multiplying(processes: int, room: str) -> float:
    started = time.perf_counter()
    work = f"import torch; torch.set_num_threads(1); a = torch.rand(256, 256)\nfor _ in range({PRODUCTS}): a @ a"
    running = [subprocess.Popen([sys.executable, "-c", work], cwd=room) for _ in range(processes)]
    for process in running:
        process.wait()
    return time.perf_counter() - started


def _worked(cell: Path) -> float:
    rows = read_rows(cell)
    return sum(took for row in rows for stage, took in row["measured"]["seconds"].items() if "/" not in stage)
