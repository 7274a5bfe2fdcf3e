"""Arrays of Slurm's jobs that earlier launches of a sweep submitted, and that still wait or run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import slurm
from bench.errors import ConfigError
from bench.launching.folder import LaunchFolder, Slot, launches
from bench.worker import STARTING


@dataclass
class Earlier:
    """The arrays of one launch: what they were submitted with, and how many of their jobs were live when last asked."""

    folder: LaunchFolder
    cells: frozenset[str]
    share: int
    tasks: slurm.Tasks

    def ask(self) -> None:
        """Ask Slurm again; without an answer what was true is taken to be true."""
        tasks = slurm.live_tasks(self.folder.jobs)
        self.tasks = self.tasks if tasks is None else tasks

    def taken(self, missing: Collection[str]) -> set[str]:
        """Which of the missing cells the jobs are going to take: as many of their queue as they have room for."""
        theirs = sorted(self.cells.intersection(missing))
        return {*theirs[: room(self.tasks, self.folder.slots, self.share)]}


def earlier_arrays(results: Path) -> list[Earlier]:
    """Those of a results folder with live jobs. Raises ConfigError where Slurm does not say."""
    found = []
    for folder in launches(results):
        if folder.jobs and not folder.stopped:
            tasks = slurm.live_tasks(folder.jobs)
            if tasks is None:
                raise ConfigError.of(
                    "launch",
                    "executor",
                    f"wanted Slurm's word on the jobs of {folder.path}; it does not answer here. Start the sweep where "
                    "squeue works; where those jobs are over for certain, delete that folder",
                )
            if tasks.live:
                found.append(Earlier(folder, frozenset(folder.cells), folder.share, tasks))
    return found


def room(tasks: slurm.Tasks, slots: Sequence[Slot], share: int) -> int:
    """How many more cells live jobs can take, of `share` for each, those that run being at one."""
    starting = sum(slot.status.get("doing", STARTING) == STARTING for slot in slots)
    starting = max(0, min(starting - tasks.waiting, tasks.running))
    return tasks.waiting * share + tasks.running * (share - 1) + starting
