"""The folder of one launch: the queue that its workers share, and what everybody can know of it from any machine.

launches/NAME/queue.json            id → configuration of every cell that was open when it began
launches/NAME/launch.json           the executor, the driver, the numbers of Slurm's arrays, cells per job
launches/NAME/stop                  a mark: its workers are to stop
launches/NAME/slot0/status.json     what a worker is doing; beside it submitit's files and logs
"""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cell import Cell
from bench.files import read_intact, write_atomically, write_json
from bench.launching.options import Executor
from bench.process import lives, me
from bench.worker import FINISHED, STOP


@dataclass(frozen=True)
class Slot:
    """A place that one worker fills at a time, with the folder of its logs and status."""

    number: int
    folder: Path

    @property
    def status(self) -> dict[str, Any]:
        """What the slot's worker says it is doing; {} before it says anything, and where the file is damaged."""
        return read_intact(self.folder / "status.json", "cell", "doing", "share", "pid") or {}

    @property
    def busy(self) -> bool:
        """Whether its worker is known to live on this host."""
        status = self.status
        return status.get("doing") != FINISHED and lives(status) is True


@dataclass(frozen=True)
class LaunchFolder:
    """Where one launch keeps its files."""

    path: Path

    @property
    def queue(self) -> Path:
        return self.path / "queue.json"

    @property
    def slots(self) -> list[Slot]:
        """Those of its workers that have said anything, or had a place made for them."""
        found = [path for path in self.path.glob("slot*") if path.name[4:].isdecimal()]
        return [Slot(int(path.name[4:]), path) for path in sorted(found, key=lambda path: int(path.name[4:]))]

    @property
    def jobs(self) -> list[str]:
        """The numbers of its arrays in Slurm."""
        told = read_intact(self.path / "launch.json") or {}
        jobs = told.get("jobs")
        return [str(job) for job in (jobs if isinstance(jobs, list) else []) if str(job).isdecimal()]

    @property
    def share(self) -> int:
        """How many cells each of those jobs may settle."""
        share = (read_intact(self.path / "launch.json") or {}).get("share")
        return share if isinstance(share, int) and share > 0 else 1

    @property
    def stopped(self) -> bool:
        return (self.path / STOP).exists()

    @property
    def cells(self) -> set[str]:
        """The cells of its queue."""
        return set(read_intact(self.queue) or {})

    def note(self, executor: Executor, jobs: Sequence[str] = (), share: int = 1) -> None:
        """Write down who drives it and how."""
        told = {"executor": executor, "driver": me(), "jobs": list(jobs), "share": share}
        write_json(self.path / "launch.json", told)

    def stop(self) -> None:
        """Ask its workers to stop; those of this host that are in the middle of something hear it at once."""
        write_atomically(self.path / STOP, b"", durable=False)

    def interrupt(self) -> None:
        """Send Ctrl-C to its workers on this host."""
        for slot in self.slots:
            if slot.busy:
                with suppress(ProcessLookupError):
                    os.kill(slot.status["pid"], signal.SIGINT)


def new_launch(results: Path, executor: Executor, cells: Mapping[str, Cell]) -> LaunchFolder:
    """Make the folder and write the queue; nothing is started yet."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
    made = LaunchFolder(results / "launches" / name)
    write_json(made.queue, {identifier: cell.record() for identifier, cell in cells.items()})
    made.note(executor)
    return made


def launches(results: Path) -> Iterator[LaunchFolder]:
    """Every launch that has left a folder, oldest first."""
    yield from (LaunchFolder(path) for path in sorted((results / "launches").glob("*")) if path.is_dir())
