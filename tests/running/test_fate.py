"""How an attempt ended that could not say so: by Slurm's word, else by the kernel's count of kills.

What the commands here print was recorded from Slurm 22.05, shortened in the middle; tests/slurm asks a real one.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from bench import fate as module
from bench.fate import fate, memory_kills
from bench.record import Attempt

ENDED = (
    "JobId=5 JobName=wrap UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901755 Nice=0 Account=root "
    "QOS=normal JobState={state} Reason=TimeLimit Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 "
    "ExitCode=0:15 RunTime=00:01:29 TimeLimit=00:01:00 TimeMin=N/A NodeList=localhost BatchHost=localhost NumNodes=1"
)
REQUEUED = (
    "JobId=5 JobName=wrap UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901757 Nice=0 Account=root "
    "QOS=normal JobState={state} Reason=BeginTime Dependency=(null) Requeue=1 Restarts=1 BatchFlag=1 Reboot=0 "
    "ExitCode=0:0 RunTime=00:00:00 TimeLimit=UNLIMITED TimeMin=N/A NodeList= NumNodes=1 NumCPUs=1 NumTasks=1"
)
FORGOTTEN = "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1"


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose programs are Slurm's commands; the machine's own are out of reach."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def command(folder: Path, name: str, script: str) -> None:
    """A program that writes down what it was asked, then does as the script says."""
    (folder / name).write_text(f'#!/bin/sh\necho "$@" >> {folder}/{name}.asked\n{script}\n')
    (folder / name).chmod(0o755)


def printing(text: str) -> str:
    return f"echo '{text}'"


def attempt(**environment: Any) -> Attempt:
    known = {"host": socket.gethostname(), **environment}
    return Attempt(attempt=1, started="", ended=None, status=None, environment=known)


def in_slurm(restarts: int | None = None) -> Attempt:
    told = {} if restarts is None else {"SLURM_RESTART_COUNT": str(restarts)}
    return attempt(slurm={"SLURM_JOB_ID": "5", **told})


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        ("TIMEOUT", "timeout"),
        ("DEADLINE", "timeout"),
        ("OUT_OF_MEMORY", "out_of_memory"),
        ("CANCELLED", "cancelled"),
        ("PREEMPTED", "preempted"),
        ("NODE_FAIL", "killed"),
        ("FAILED", "killed"),
        ("COMPLETED", "killed"),
        ("RUNNING", "killed"),
    ],
)
def test_the_controller_says_how_a_job_ended(commands: Path, state: str, ended: str) -> None:
    command(commands, "scontrol", printing(ENDED.format(state=state)))
    assert fate(in_slurm()) == ended
    assert (commands / "scontrol.asked").read_text().split()[-1] == "5"


@pytest.mark.parametrize(("state", "ended"), [("TIMEOUT", "timeout"), ("CANCELLED by 0", "cancelled")])
def test_the_accounting_says_it_where_the_controller_has_forgotten_the_job(
    commands: Path, state: str, ended: str
) -> None:
    command(commands, "scontrol", FORGOTTEN)
    command(commands, "sacct", printing(state))
    assert fate(in_slurm()) == ended
    assert "--jobs=5" in (commands / "sacct.asked").read_text()


def test_of_a_worker_in_the_job_of_whoever_asks_the_kernel_knows(
    commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an interactive job, whose workers are processes of one machine."""
    command(commands, "scontrol", printing(ENDED.format(state="RUNNING")))
    monkeypatch.setattr(module, "memory_kills", lambda: 3)
    lost = attempt(slurm={"SLURM_JOB_ID": "5"}, memory_kills=2)
    assert fate(lost) == "killed"
    monkeypatch.setenv("SLURM_JOB_ID", "5")
    assert fate(lost) == "out_of_memory"
    command(commands, "scontrol", printing(REQUEUED.format(state="RUNNING")))
    assert fate(lost) == "preempted"


@pytest.mark.parametrize("state", ["PENDING", "RUNNING", "COMPLETED"])
def test_a_job_that_was_started_again_since_was_preempted(commands: Path, state: str) -> None:
    command(commands, "scontrol", printing(REQUEUED.format(state=state)))
    assert fate(in_slurm()) == "preempted"
    assert fate(in_slurm(restarts=0)) == "preempted"


def test_the_last_start_of_a_job_ended_as_the_job_did(commands: Path) -> None:
    command(commands, "scontrol", printing(REQUEUED.format(state="TIMEOUT")))
    assert fate(in_slurm(restarts=1)) == "timeout"


def test_of_a_job_that_nobody_remembers_it_is_known_that_its_process_is_gone(commands: Path) -> None:
    assert fate(in_slurm()) == "killed"
    command(commands, "scontrol", FORGOTTEN)
    command(commands, "sacct", "true")
    assert fate(in_slurm()) == "killed"


@pytest.mark.parametrize(
    ("before", "now", "ended"),
    [
        (3, 4, "out_of_memory"),
        (0, 1, "out_of_memory"),
        (3, 3, "killed"),
        (None, 4, "killed"),
        (3, None, "killed"),
        (None, None, "killed"),
    ],
)
def test_the_kernel_counts_whom_it_killed_for_want_of_memory(
    monkeypatch: pytest.MonkeyPatch, before: int | None, now: int | None, ended: str
) -> None:
    monkeypatch.setattr(module, "memory_kills", lambda: now)
    assert fate(attempt(memory_kills=before)) == ended


def test_the_count_of_another_host_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "memory_kills", lambda: 4)
    assert fate(attempt(memory_kills=3, host="elsewhere")) == "killed"


def test_an_attempt_of_an_earlier_version_that_counted_nothing_was_killed() -> None:
    assert fate(attempt()) == "killed"


def test_the_count_is_the_kernels_own() -> None:
    files = list(Path("/sys/fs/cgroup").glob("**/memory.events")) if os.path.isdir("/sys/fs/cgroup") else []
    counted = memory_kills()
    assert counted is None or counted >= 0
    assert files or counted is None
