"""Stopping a sweep from anywhere: its workers leave their cells, to go on from their last finished cycles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench import slurm
from bench.errors import ResultsError
from bench.launching.folder import LaunchFolder, Slot, launches
from bench.lease import is_leased
from bench.process import lives
from bench.record import cell_folder


def cancel(results: Path) -> Iterator[str]:
    """Stop every launch that may still be going on; what was done about each, in a sentence.

    Raises ResultsError where the mark cannot be left that workers elsewhere look for.
    """
    for launch in launches(results):
        live = {job: slurm.live_tasks([job]) for job in launch.jobs}
        here = sum(slot.busy for slot in launch.slots)
        elsewhere = Counter(slot.status["host"] for slot in launch.slots if _works_elsewhere(slot, results))
        _mark(launch)
        launch.interrupt()
        if any(tasks is None or tasks.live for tasks in live.values()):
            yield _cancel_jobs(launch, live)
        elif not launch.jobs:
            if here:
                yield f"{launch.path.name}: told {_some(here, 'worker')} on this machine to stop"
            for host, number in elsewhere.items():
                yield f"{launch.path.name}: left a mark for {_some(number, 'worker')} on {host}, to stop at it"


def _works_elsewhere(slot: Slot, results: Path) -> bool:
    """Whether a worker of another host holds the cell that it last said it was at."""
    status = slot.status
    cell, unknown = status.get("cell"), lives(status) is None
    return unknown and cell is not None and is_leased(cell_folder(results, cell))


def _mark(launch: LaunchFolder) -> None:
    try:
        launch.stop()
    except OSError as error:
        raise ResultsError(
            f"{launch.path}: wanted to leave the mark that tells workers to stop; got {error.strerror}. Cancel it from "
            "where the folder can be written"
        ) from error


def _cancel_jobs(launch: LaunchFolder, live: Mapping[str, slurm.Tasks | None]) -> str:
    arrays = [job for job, tasks in live.items() if tasks is None or tasks.live]
    taken = slurm.cancel(arrays)
    if None in live.values() or not taken:
        return (
            f"{launch.path.name}: Slurm cannot be asked from here; workers stop when they see the mark. To take "
            f"waiting jobs out, run `scancel {' '.join(arrays)}` on the cluster"
        )
    jobs = _some(sum(tasks.live for tasks in live.values() if tasks is not None), "job")
    return f"{launch.path.name}: cancelled {jobs} of Slurm's array {', '.join(arrays)}"


def _some(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
