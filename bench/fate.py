"""How an attempt ended that could not say so itself: its process is gone without a word."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from bench import slurm
from bench.record import Attempt

BY_STATE = {
    "TIMEOUT": "timeout",
    "DEADLINE": "timeout",
    "OUT_OF_MEMORY": "out_of_memory",
    "CANCELLED": "cancelled",
    "PREEMPTED": "preempted",
}


def fate(attempt: Attempt) -> str:
    """timeout, out_of_memory, cancelled, preempted or killed: by Slurm's word, or the kernel's count of kills.

    The kernel is asked where no job ended: outside of Slurm, and of workers that were in one job with whoever asks.
    """
    where = attempt["environment"]
    said = where.get("slurm")
    told = said if isinstance(said, dict) else {}
    job, restarts = str(told.get("SLURM_JOB_ID")), str(told.get("SLURM_RESTART_COUNT", 0))
    if job.isdecimal() and restarts.isdecimal() and (ended := _fate_of_job(job, int(restarts))):
        return ended
    before = where.get("memory_kills") if where.get("host") == socket.gethostname() else None
    now = memory_kills()
    return "out_of_memory" if isinstance(before, int) and now is not None and now > before else "killed"


def memory_kills() -> int | None:
    """How many processes the kernel has killed here for want of memory; None where it does not tell.

    It counts those of this process's control group, so that a job's neighbours do not matter.
    """
    with suppress(OSError, IndexError, ValueError):
        group = Path("/proc/self/cgroup").read_text().rpartition("::")[2].strip().lstrip("/")
        for folder in (Path("/sys/fs/cgroup") / group, Path("/sys/fs/cgroup")):
            events = folder / "memory.events"
            if events.is_file():
                counts = dict(line.split() for line in events.read_text().splitlines())
                return int(counts["oom_kill"])
    return None


def _fate_of_job(job: str, restarts: int) -> str | None:
    """None where this process is in the job, and it was not started again: what was killed there was killed alone."""
    known = slurm.job_state(job)
    ours = job == os.environ.get("SLURM_JOB_ID")
    if known is None:
        return None if ours else "killed"
    if known.restarts > restarts:
        return "preempted"
    return None if ours else BY_STATE.get(known.state, "killed")
