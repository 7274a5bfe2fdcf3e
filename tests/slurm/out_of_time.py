"""Jobs and sweeps that run into the limit of their time, which no Slurm lets be shorter than a minute."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slurm_cluster import Cluster
from slurm_sweep import ONE_MINUTE, SlurmSweep, slurm_sweep

WITHIN = 240.0
"""Seconds: Slurm looks at the limits every half minute, and a sweep may need two jobs to give up."""


@dataclass(frozen=True)
class OutOfTime:
    """A bare job; a sweep of one cell that is warned and leaves; one whose worker hears nothing and is killed."""

    job: str
    warned: tuple[SlurmSweep, subprocess.Popen[bytes]]
    deaf: tuple[SlurmSweep, subprocess.Popen[bytes]]


@contextmanager
def out_of_time(slurm: Cluster, folder: Path) -> Iterator[OutOfTime]:
    """Start all of them; what still runs at the end of the block is ended."""
    warned = slurm_sweep(folder / "warned", slurm.environment)
    deaf = slurm_sweep(folder / "deaf", slurm.environment)
    deaf.deafen()
    deaf.let_later_ones_pass()
    for each in (warned, deaf):
        each.close()
    options = ("--set", "seeds=1", *ONE_MINUTE)
    job = slurm.submit("sleep 600", "--time=1", "--partition=high")
    drivers = [warned.start(*options, "launch.retries.timeout=0"), deaf.start(*options)]
    try:
        yield OutOfTime(job, (warned, drivers[0]), (deaf, drivers[1]))
    finally:
        for driver in drivers:
            driver.kill()
            driver.wait()
