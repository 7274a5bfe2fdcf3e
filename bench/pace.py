"""How long cells take, by what the finished cycles of their arms took: fitting by the label, the rest by the cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean

from bench.cell import Cell
from bench.plan import PlannedArm, Schedule
from bench.progress import duration
from bench.record import Row, cell_folder, finished_rows, read_rows
from bench.state import OPEN, State, begun_cells

SAMPLE = 3  # begun cells of an arm whose times are read


@dataclass(frozen=True)
class Pace:
    """Seconds of a cycle: `fit` for each label that there is, `rest` for its query and evaluation."""

    fit: float
    rest: float

    def seconds(self, cell: Cell, first: int) -> float:
        """What the cycles of a cell take from cycle `first` on."""
        return sum(self.fit * cell.protocol.labels(cycle) + self.rest for cycle in range(first, _cycles(cell)))


@dataclass(frozen=True)
class Expected:
    """Seconds that cells need one after the other; those of `unknown` arms, of which nothing ran, are not in it. `seed`
    is one of theirs."""

    seconds: float
    cells: int
    unknown: int
    seed: int = 0

    def __str__(self) -> str:
        if not self.cells and not self.unknown:
            return "no cell is missing"
        told = f"about {duration(self.seconds)} of one slot for {self.cells} cells, by the cycles that are finished"
        if not self.unknown:
            return told
        how = f"`--set 'seeds=[{self.seed}]' protocol.cycles=1` runs a first cycle, which the sweep then has already"
        never = f"{self.unknown} arm{'s' * (self.unknown > 1)} of which nothing has run"
        return f"not known for {never}: {how}" if not self.cells else f"{told}; not known for {never}: {how}"


def expected(planned: Schedule, results: Path, found: Mapping[str, State]) -> Expected:
    """What the open ones of the `found` cells need. A cell that several arms share counts once."""
    paces = paces_of(planned, results, found)
    met, unknown, seconds, cells = set[str](), list[int](), 0.0, 0
    for number, arm in enumerate(planned.arms):
        mine = [cell for cell in arm.cells.values() if found.get(cell.id) in OPEN and cell.id not in met]
        met |= {cell.id for cell in mine}
        if number in paces:
            seconds += sum(paces[number].seconds(cell, finished_rows(cell_folder(results, cell.id))) for cell in mine)
            cells += len(mine)
        elif mine:
            unknown.append(mine[0].seed)
    return Expected(seconds, cells, len(unknown), min(unknown, default=0))


def time_left(planned: Schedule, results: Path, found: Mapping[str, State]) -> str | None:
    """How long the open cells may take with as many at a time as now; None before any arm has a finished cycle.

    Arms without one count with the mean of the others.
    """
    arms = {cell.id: (number, cell) for number, arm in enumerate(planned.arms) for cell in arm.cells.values()}
    cells = [arms[i] for i, state in found.items() if state in OPEN]
    paces = paces_of(planned, results, found) if cells else {}
    if not paces:
        return None
    usual = Pace(fmean(each.fit for each in paces.values()), fmean(each.rest for each in paces.values()))
    begun = {cell.id: finished_rows(cell_folder(results, cell.id)) for _, cell in cells}
    work = sum(paces.get(number, usual).seconds(cell, begun[cell.id]) for number, cell in cells)
    workers = max(1, sum(state is State.RUNNING for state in found.values()))
    return f"about {duration(work / workers)} left with {workers} cell{'s' * (workers > 1)} at a time"


def paces_of(planned: Schedule, results: Path, found: Mapping[str, State]) -> dict[int, Pace]:
    """The pace of the arms that have finished cycles, by their numbers."""
    begun = begun_cells(results) & found.keys()
    paces = {number: _pace(arm, results, begun) for number, arm in enumerate(planned.arms) if begun}
    return {number: pace for number, pace in paces.items() if pace is not None}


def _pace(arm: PlannedArm, results: Path, begun: set[str]) -> Pace | None:
    mine = islice((cell for cell in arm.cells.values() if cell.id in begun), SAMPLE)
    rows = [row for cell in mine for row in read_rows(cell_folder(results, cell.id))]
    if not rows:
        return None
    fit = sum(row["measured"]["seconds"].get("fit", 0.0) for row in rows) / sum(
        row["result"]["labelled"] for row in rows
    )
    bought = [row for row in rows if row["cycle"]] or rows  # the first set is not asked of the strategy
    return Pace(fit, fmean(_rest(row) for row in bought))


def _rest(row: Row) -> float:
    return sum(took for name, took in row["measured"]["seconds"].items() if "/" not in name and name != "fit")


def _cycles(cell: Cell) -> int:
    return cell.protocol.cycles + 1
