"""The driver: starts workers for the cells that are missing and watches the state on disk until all are settled.

A cell that somebody else runs (another driver's worker, or one that outlived its driver) is waited for, and taken over
where they die.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bench.cell import Cell
from bench.config import Launch
from bench.errors import ResultsError
from bench.folder import RunFolder
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
        self._report_damage(console)
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
        stillborn: Counter[Slot] = Counter()
        pause = POLL
        try:
            while jobs or any(state in OPEN for state in self.states.values()):
                missing = sum(state is State.MISSING for state in self.states.values())
                for slot in [slot for slot in workers.slots if slot not in jobs][:missing]:
                    with undisturbed():
                        jobs[slot] = workers.start(slot)
                time.sleep(pause)
                _bury(jobs, stillborn)
                looked = time.monotonic()
                before = sum(self._cycles.values())
                display.show(self._moment(workers))
                if sum(self._cycles.values()) != before:
                    stillborn.clear()
                pause = max(POLL, 5 * (time.monotonic() - looked))
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

    def _report_damage(self, console: Console) -> None:
        for identifier in (i for i, state in self.states.items() if state is not State.RUNNING):
            for sentence in RunFolder(cell_folder(self.results, identifier)).damage():
                console.print(f"damaged: {sentence}", highlight=False, soft_wrap=True, markup=False)

    def _finished(self, identifier: str) -> int:
        return min(len(read_rows(cell_folder(self.results, identifier))), self.wanted[identifier] + 1)


def _bury(jobs: dict[Slot, Job], stillborn: Counter[Slot]) -> None:
    """Forget the workers that ended. Raises ResultsError where those of one slot keep ending without taking a cell."""
    for slot in [slot for slot, job in jobs.items() if job.done()]:
        job, last = jobs.pop(slot), slot.status.get("doing")
        stillborn[slot] = stillborn[slot] + 1 if last in (None, STARTING, FINISHED) else 0
        if stillborn[slot] > STILLBORN:
            raise ResultsError(f"workers end before they take a cell; {_last_words(job)}")


def _last_words(job: Job) -> str:
    """The end of what a dead worker wrote to its error stream."""
    lines = (job.stderr() or "").strip().splitlines()
    return f"the last one said: {lines[-1]}" if lines else "the last one said nothing"
