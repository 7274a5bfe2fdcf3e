"""Stopping a sweep from anywhere: its workers leave their cells, to go on from their last finished cycles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import slurm
from bench.errors import ResultsError
from bench.launching.folder import LaunchFolder, launches


def cancel(results: Path) -> Iterator[str]:
    """Stop every launch that may still be going on; what was done about each, in a sentence.

    Raises ResultsError where the mark cannot be left that workers elsewhere look for.
    """
    for launch in launches(results):
        tasks = slurm.live_tasks(launch.jobs)
        busy = [slot for slot in launch.slots if slot.busy]
        _mark(launch)
        launch.interrupt()
        if tasks is None or tasks.live:
            yield _cancel_jobs(launch, tasks)
        if busy and not launch.jobs:
            yield f"{launch.path.name}: told {len(busy)} worker{'s' if len(busy) > 1 else ''} on this machine to stop"


def _mark(launch: LaunchFolder) -> None:
    try:
        launch.stop()
    except OSError as error:
        raise ResultsError(
            f"{launch.path}: wanted to leave the mark that tells workers to stop; got {error.strerror}. Cancel it from "
            "where the folder can be written"
        ) from error


def _cancel_jobs(launch: LaunchFolder, tasks: slurm.Tasks | None) -> str:
    arrays = ", ".join(launch.jobs)
    if tasks is None or not slurm.cancel(launch.jobs):
        return (
            f"{launch.path.name}: Slurm cannot be asked from here; workers stop when they see the mark. To take "
            f"waiting jobs out, run `scancel {arrays}` on the cluster"
        )
    return f"{launch.path.name}: cancelled {tasks.live} job{'s' if tasks.live > 1 else ''} of Slurm's array {arrays}"
