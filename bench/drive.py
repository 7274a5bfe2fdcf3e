"""The driver: starts workers for the cells that are missing and watches the state on disk until all are settled.

A cell that somebody else runs (another driver's worker, or one that outlived its driver) is waited for, and taken over
where they die.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bench.cell import Cell
from bench.ending import Ending
from bench.files import check_writable
from bench.folder import RunFolder
from bench.launching.crew import Crew, Order
from bench.launching.folder import new_launch
from bench.launching.options import Launch
from bench.lease import leased
from bench.progress import Display, Moment, Names, at_work
from bench.record import cell_folder, finished_rows
from bench.state import OPEN, State, state_of, states

POLL = 0.5


@dataclass(frozen=True)
class Manner:
    """`detach`: workers are started and left; `thorough`: every file of finished cells is read and checked before."""

    detach: bool = False
    thorough: bool = False


USUAL = Manner()


@dataclass
class Drive:
    """One launch of a sweep's cells, seen from the process that started it; `labels` are the cells' names by id,
    `submitted` whether a detached launch had anything for Slurm to do."""

    results: Path
    cells: Mapping[str, Cell]
    labels: Mapping[str, str]
    states: dict[str, State] = field(default_factory=dict)
    submitted: bool = False
    _cycles: dict[str, int] = field(default_factory=dict)
    _before: int = 0
    _started: float = 0.0

    def run(self, launch: Launch, data_root: Path, console: Console, manner: Manner = USUAL) -> dict[str, State]:
        """Run whatever is missing; returns the state of every cell at the end.

        Raises ResultsError where the folder cannot be written or workers keep ending, Ended where somebody else stopped
        the launch.
        """
        check_writable(self.results)
        self.states = self._checked(console, manner.thorough)
        self._cycles = {identifier: self._finished(identifier) for identifier in self.cells}
        missing = {i: cell for i, cell in self.cells.items() if self.states[i] in OPEN}
        for identifier in missing:
            RunFolder(cell_folder(self.results, identifier)).check_own()
        if missing:
            self._started, self._before = time.monotonic(), sum(self._cycles.values())
            folder = new_launch(self.results, launch.executor, missing)
            crew = crew_of(Order(launch, self.results, data_root, folder, missing))
            try:
                if manner.detach:
                    crew.fill(self._not_worked_on(crew))
                    self.submitted = bool(folder.jobs)
                else:
                    plain = launch.executor == "debug"  # a debugger's prompt must not be drawn over
                    with Display(console, Names(self.labels, self.wanted), plain) as display:
                        self._watch(crew, display)
            finally:
                with suppress(OSError):  # where nothing can be written, whoever comes next finds out
                    self._bury(Ending(folder.path.name, launch.retries, launch.device))
        return self.states

    @property
    def wanted(self) -> dict[str, int]:
        """The last cycle of every cell."""
        return {identifier: cell.protocol.cycles for identifier, cell in self.cells.items()}

    @property
    def _missing(self) -> list[str]:
        return [identifier for identifier, state in self.states.items() if state is State.MISSING]

    def _not_worked_on(self, crew: Crew) -> list[str]:
        """The missing cells, and those at which nobody known of is: their lease may be that of a job just ended."""
        held = {slot.status.get("cell") for slot in crew.slots}
        return [i for i, state in self.states.items() if state in OPEN and not (state is State.RUNNING and i in held)]

    def _watch(self, crew: Crew, display: Display) -> None:
        display.show(self._moment(crew))
        pause = POLL
        try:
            while crew.alive or any(state in OPEN for state in self.states.values()):
                crew.fill(self._missing)
                time.sleep(pause)
                crew.bury()
                looked = time.monotonic()
                before = sum(self._cycles.values())
                display.show(self._moment(crew))
                if sum(self._cycles.values()) != before:
                    crew.progress()
                pause = max(POLL, 5 * (time.monotonic() - looked))
            crew.dismiss()
        finally:
            crew.leave()
            self._look()
        display.show(self._moment(crew))

    def _moment(self, crew: Crew) -> Moment:
        self._look()
        return Moment(
            states=self.states,
            slots=at_work(crew.slots, self.states),
            cycles_done=sum(self._cycles.values()),
            cycles_before=self._before,
            cycles_wanted=sum(self._to_finish(identifier) for identifier in self.cells),
            seconds=time.monotonic() - self._started,
        )

    def _look(self) -> None:
        for identifier in [i for i, state in self.states.items() if state in OPEN]:
            state = self.states[identifier] = state_of(self.results, identifier, self.wanted[identifier])
            if state is not State.MISSING:
                self._cycles[identifier] = self._finished(identifier)

    def _to_finish(self, identifier: str) -> int:
        """How many cycles there are to be; a failed cell gets no more than it has."""
        failed = self.states[identifier] is State.FAILED
        return self._cycles[identifier] if failed else self.wanted[identifier] + 1

    def _checked(self, console: Console, thorough: bool) -> dict[str, State]:
        """The states by the strictest reading, what is damaged being named.

        Raises ResultsError where a cell, finished or not, holds results of another configuration.
        """
        found = states(self.results, self.wanted)
        for identifier in (i for i, state in found.items() if state is not State.RUNNING):
            folder = RunFolder(cell_folder(self.results, identifier))
            folder.check_configuration(self.cells[identifier].record())
            for sentence in folder.damage(thorough):
                console.print(f"damaged: {sentence}", highlight=False, soft_wrap=True, markup=False)
            if found[identifier] is State.DONE and len(folder.rows()) <= self.wanted[identifier]:
                folder.unfinish()
                found[identifier] = State.MISSING
        return found

    def _bury(self, ending: Ending) -> None:
        """Find out what became of attempts that were cut off, so that nobody has to ask when the answer is gone."""
        for identifier in self._missing:
            folder = RunFolder(cell_folder(self.results, identifier))
            if folder.unended():
                with leased(folder.path) as lease:
                    if lease is not None:
                        ending.bury(folder)

    def _finished(self, identifier: str) -> int:
        return min(finished_rows(cell_folder(self.results, identifier)), self.wanted[identifier] + 1)


def crew_of(order: Order) -> Crew:
    """The workers that the launch asks for."""
    if order.launch.executor == "slurm":
        from bench.launching.array import ArrayCrew

        return ArrayCrew(order)
    from bench.launching.local import LocalCrew

    return LocalCrew(order)
