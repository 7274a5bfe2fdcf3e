"""What is finished in a results folder and not mirrored yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.folder import RunFolder
from bench.record import Plan, cell_folder, read_plan
from bench.tracked import Tracking
from bench.tracking.memory import Stand, remember, remembered
from bench.tracking.places import Subject, subjects


@dataclass
class Backlog:
    """The cells of a plan, and how much of each the mirror shows; `again` forgets what it has shown before.

    `damaged` has, by cell, why some of them cannot be shown.
    """

    results: Path
    tracking: Tracking
    only: Sequence[str] = ()
    again: bool = False
    plan: Plan = field(init=False)
    subjects: tuple[Subject, ...] = field(init=False)
    damaged: dict[str, str] = field(default_factory=dict, init=False)
    _shown: dict[str, Stand] = field(init=False)

    def __post_init__(self) -> None:
        self.plan = read_plan(self.results)
        self.subjects = subjects(self.plan, self.only)
        self._shown = {} if self.again else remembered(self.results, self.tracking)

    def due(self) -> list[tuple[Subject, Stand]]:
        """The finished cells of which there is more than the mirror shows: all, more cycles, Random's since, or another
        place in the plan."""
        cycle = cache(lambda cell: RunFolder(cell_folder(self.results, cell)).finished_cycle())
        found = []
        for subject in self.subjects:
            last = cycle(subject.cell)
            paired = sum(1 + min(last, cycle(random)) for random in subject.randoms)
            stand = Stand(last, paired, subject.digest)
            if last >= 0 and subject.cell not in self.damaged and stand != self._shown.get(subject.cell):
                found.append((subject, stand))
        return found

    def shown(self, subject: Subject, stand: Stand) -> None:
        """Note that a cell has been mirrored."""
        remember(self.results, self.tracking, subject.cell, stand)
        self._shown[subject.cell] = stand

    def settled(self) -> bool:
        """Whether no cell can come to be due any more, unless a failed one is run again."""
        return all(self._settled(subject) for subject in self.subjects)

    def _settled(self, subject: Subject) -> bool:
        folder = RunFolder(cell_folder(self.results, subject.cell))
        wanted = max(place.cycles for place in subject.places if not self.only or place.experiment in self.only)
        return folder.finished_cycle() >= wanted or folder.failed()
