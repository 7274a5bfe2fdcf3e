"""Asking Slurm about jobs, by its own commands: from a login node, a compute node, with accounting or without."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

PATIENCE = 60  # seconds; a busy controller is slow to answer
BEGAN = "LOOKAHEAD_JOB_BEGAN"
NOTE_BEGINNING = f"export {BEGAN}=$(date +%s)"
"""A shell line for the start of a job, from which its walltime counts."""
FORGOTTEN = "Invalid job id"
WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD")
LIVE = (*WAITING, "RUNNING", "SUSPENDED", "STOPPED", "RESIZING", "COMPLETING")


@dataclass(frozen=True)
class JobState:
    """What Slurm says of a job: its state, such as TIMEOUT, and how often it was started again (0 if not known)."""

    state: str
    restarts: int = 0

    @property
    def live(self) -> bool:
        """Whether it runs, or may run yet."""
        return self.state in LIVE


@dataclass(frozen=True)
class Tasks:
    """How many jobs of some arrays wait for their turn, and how many run."""

    waiting: int = 0
    running: int = 0

    @property
    def live(self) -> int:
        return self.waiting + self.running

    def __add__(self, others: Tasks) -> Tasks:
        return Tasks(self.waiting + others.waiting, self.running + others.running)


def live_tasks(jobs: Sequence[str]) -> Tasks | None:
    """The jobs of these arrays that are not over; None where Slurm does not answer, which says nothing of them."""
    if not jobs:
        return Tasks()
    answer = _asked("squeue", "--noheader", "--array", "--format=%T", f"--jobs={','.join(jobs)}")
    if answer is None:
        return None
    if answer.returncode != 0 and len(jobs) > 1:  # one that Slurm has forgotten spoils the answer for the others
        first, others = live_tasks(jobs[:1]), live_tasks(jobs[1:])
        return None if first is None or others is None else first + others
    if answer.returncode != 0:
        return Tasks() if FORGOTTEN in answer.stderr else None
    states = answer.stdout.split()
    waiting = sum(state in WAITING for state in states)
    return Tasks(waiting, sum(state in LIVE for state in states) - waiting)


def seconds_of_this_job(otherwise: float) -> float:
    """How long ago the job of this process began, where its script noted that."""
    began = os.environ.get(BEGAN, "")
    return time.time() - int(began) if began.isdecimal() else otherwise


def warning(minutes: int) -> int:
    """How many seconds before the end of its walltime a job asks to be told of it."""
    return min(90, 15 * minutes)


def job_state(job: str) -> JobState | None:
    """What is known of one job by its number (not an array's); None where Slurm has forgotten it or is not here."""
    told = _ask("scontrol", "--oneliner", "show", "job", job) or ""  # all jobs of an array, if it has the number of one
    told = next((line for line in told.splitlines() if line.startswith(f"JobId={job} ")), "")
    if state := re.search(r"\bJobState=(\w+)", told):
        restarts = re.search(r"\bRestarts=(\d+)", told)
        return JobState(state.group(1), int(restarts.group(1)) if restarts else 0)
    found = _accounted(job)
    return JobState(found[0]) if found else None


def states(array: str) -> set[str]:
    """The states of all jobs of an array, as far as Slurm remembers."""
    told = _ask("scontrol", "--oneliner", "show", "job", array) or ""
    return set(re.findall(r"\bJobState=(\w+)", told)) or set(_accounted(array))


def cancel(jobs: Sequence[str], *options: str) -> bool:
    """Cancel arrays, one by one, so that one that Slurm has forgotten spoils nothing; whether it took every one."""
    taken = [_ask("scancel", *options, job) is not None for job in jobs]
    return all(taken)


def _accounted(job: str) -> list[str]:
    """The states by Slurm's accounting, which not every cluster has; "CANCELLED by 0" is CANCELLED."""
    told = _ask("sacct", "--noheader", "--parsable2", "--allocations", "--format=State", f"--jobs={job}") or ""
    return [line.split()[0] for line in told.splitlines() if line.strip()]


def _ask(command: str, *arguments: str) -> str | None:
    """What a command prints; None where it is missing or fails."""
    answer = _asked(command, *arguments)
    return answer.stdout if answer is not None and answer.returncode == 0 else None


def _asked(command: str, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    """How a command ended; None where it is missing or says nothing for too long."""
    if shutil.which(command) is None:
        return None
    try:
        return subprocess.run([command, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
