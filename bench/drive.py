"""The driver: starts workers for the cells that are missing and watches the state on disk until all are settled."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bench.cell import Cell
from bench.config import Launch
from bench.errors import ResultsError
from bench.launch import Job, Pool, Slot, pool, undisturbed
from bench.progress import Display, Moment, Names
from bench.record import cell_folder, read_rows
from bench.state import State, state_of, states
from bench.worker import FINISHED, STARTING

POLL = 0.5
STILLBORN = 2
OPEN = (State.MISSING, State.RUNNING)


@dataclass
class Drive:
    """One launch of a sweep's cells, seen from the process that started it; `labels` are the cells' names by id."""

    results: Path
    cells: Mapping[str, Cell]
    labels: Mapping[str, str]
    states: dict[str, State] = field(default_factory=dict)
    _cycles: dict[str, int] = field(default_factory=dict)
    _before: int = 0
    _started: float = 0.0

    def run(self, launch: Launch, data_root: Path, console: Console) -> dict[str, State]:
        """Run whatever is missing; returns the state of every cell at the end."""
        self.states = states(self.results, self.wanted)
        self._cycles = {identifier: self._finished(identifier) for identifier in self.cells}
        missing = {i: cell for i, cell in self.cells.items() if self.states[i] in OPEN}
        if missing:
            self._started, self._before = time.monotonic(), sum(self._cycles.values())
            workers = pool(launch, self.results, data_root, missing)
            with Display(console, Names(self.labels, self.wanted)) as display:
                self._watch(workers, display)
        return self.states

    @property
    def wanted(self) -> dict[str, int]:
        """The last cycle of every cell."""
        return {identifier: cell.protocol.cycles for identifier, cell in self.cells.items()}

    def _watch(self, workers: Pool, display: Display) -> None:
        display.show(self._moment(workers))
        jobs: dict[Slot, Job] = {}
        stillborn = 0
        try:
            for slot in workers.slots:
                with undisturbed():
                    jobs[slot] = workers.start(slot)
            while jobs:
                for slot in [slot for slot, job in jobs.items() if job.done()]:
                    job, last = jobs.pop(slot), slot.status.get("doing")
                    if last == FINISHED:
                        continue
                    stillborn += last in (None, STARTING)
                    if stillborn > STILLBORN:
                        raise ResultsError(f"workers die before they take a cell; {_last_words(job)}")
                    with undisturbed():
                        jobs[slot] = workers.start(slot)
                looked = time.monotonic()
                display.show(self._moment(workers))
                time.sleep(max(POLL, 5 * (time.monotonic() - looked)))
        finally:
            workers.stop(jobs)
        display.show(self._moment(workers))

    def _moment(self, workers: Pool) -> Moment:
        for identifier in [i for i, state in self.states.items() if state in OPEN]:
            state = self.states[identifier] = state_of(self.results, identifier, self.wanted[identifier])
            if state is State.RUNNING:
                self._cycles[identifier] = self._finished(identifier)
            elif state is not State.MISSING:
                self._cycles[identifier] = self.wanted[identifier] + 1  # settled: nothing of it is left to wait for
        return Moment(
            states=self.states,
            slots=workers.slots,
            cycles_done=sum(self._cycles.values()),
            cycles_before=self._before,
            cycles_wanted=sum(cycles + 1 for cycles in self.wanted.values()),
            seconds=time.monotonic() - self._started,
        )

    def _finished(self, identifier: str) -> int:
        return min(len(read_rows(cell_folder(self.results, identifier))), self.wanted[identifier] + 1)


def _last_words(job: Job) -> str:
    """The end of what a dead worker wrote to its error stream."""
    lines = (job.stderr() or "").strip().splitlines()
    return f"the last one said: {lines[-1]}" if lines else "the last one said nothing"
