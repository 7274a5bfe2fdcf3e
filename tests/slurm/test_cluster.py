"""The test bed: a Slurm that schedules, preempts, cancels and accounts like a real one, because it is one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from slurm_cluster import Cluster, cluster
from slurm_daemons import marked, until


def test_a_job_is_completed_by_the_accounting(slurm: Cluster) -> None:
    job = slurm.submit("echo here")
    slurm.wait(job, "COMPLETED")
    until(lambda: slurm.sacct(job) == {job: "COMPLETED"}, "the accounting's word")
    assert slurm.output(job) == "here\n"
    assert job not in slurm.squeue()


def test_a_job_that_fails_is_failed(slurm: Cluster) -> None:
    job = slurm.submit("exit 3")
    slurm.wait(job, "FAILED")
    assert slurm.job(job)["ExitCode"] == "3:0"


def test_jobs_at_once_see_one_gpu_each_and_a_third_waits(slurm: Cluster) -> None:
    jobs = [slurm.submit("echo $CUDA_VISIBLE_DEVICES; sleep 1", "--gpus=1") for _ in range(3)]
    slurm.wait(jobs[1], "RUNNING")
    assert slurm.squeue()[jobs[2]] == "PENDING"
    slurm.wait(jobs[2], "COMPLETED")
    assert sorted(slurm.output(job) for job in jobs[:2]) == ["0\n", "1\n"]


def test_a_cancelled_job_is_cancelled(slurm: Cluster) -> None:
    job = slurm.submit("sleep 600")
    slurm.wait(job, "RUNNING")
    slurm.run("scancel", job)
    slurm.wait(job, "CANCELLED")
    until(lambda: slurm.sacct(job) == {job: "CANCELLED by 0"}, "the accounting's word")


@pytest.mark.slow
def test_a_low_job_is_preempted_by_a_high_one_and_requeued(slurm: Cluster) -> None:
    """The signal that it asked for comes first; after the time of grace it is ended, and starts anew."""
    waiting = "for _ in $(seq 600); do sleep 0.1; done"
    script = f"trap 'echo warned' USR2; echo start $SLURM_RESTART_COUNT; {waiting}"
    low = slurm.submit(script, "--gpus=2", "--partition=low", "--signal=B:USR2@30")
    until(lambda: "start" in slurm.output(low), "the job's word")
    high = slurm.submit("sleep 1", "--gpus=1", "--partition=high")
    slurm.wait(high, "COMPLETED")
    until(lambda: "start 1" in slurm.output(low), "a second start")
    assert slurm.output(low).startswith("start\nwarned\n")
    assert "PREEMPTED" in slurm.run("sacct", "-nPX", "--duplicates", "--format=State", f"--jobs={low}")
    slurm.run("scancel", low)


def test_a_job_of_one_bed_is_unknown_to_another(slurm: Cluster, slurm_without_accounting: Cluster) -> None:
    job = slurm_without_accounting.submit("sleep 600", "--job-name=elsewhere")
    assert slurm_without_accounting.squeue().keys() == {job}
    assert "elsewhere" not in slurm.run("squeue", "--format=%j")
    slurm_without_accounting.run("scancel", job)


def test_without_accounting_sacct_fails_and_scontrol_knows(slurm_without_accounting: Cluster) -> None:
    job = slurm_without_accounting.submit("true")
    slurm_without_accounting.wait(job, "COMPLETED")
    with pytest.raises(RuntimeError, match="accounting storage is disabled"):
        slurm_without_accounting.sacct(job)


def test_nothing_outlives_a_block_that_fails(slurm: Cluster, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail_with_a_running_job(tmp_path / "bed")
    assert not marked(f"SLURM_CONF={tmp_path}/bed")


def _fail_with_a_running_job(folder: Path) -> None:
    with cluster(folder) as bed:
        bed.wait(bed.submit("sleep 600; true"), "RUNNING")
        assert len(marked(f"SLURM_CONF={folder}")) >= 5, "four daemons and a job"
        raise ZeroDivisionError


def test_nothing_outlives_tests_that_are_killed(slurm: Cluster, tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from slurm_cluster import cluster
with cluster(Path({str(tmp_path)!r}) / "bed", accounting=False) as bed:
    bed.wait(bed.submit("sleep 600; true"), "RUNNING")
    print("running", flush=True)
    input()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=Path(__file__).parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tests:
        assert tests.stdout is not None
        assert tests.stdout.readline() == b"running\n"
        assert marked(f"SLURM_CONF={tmp_path}/bed")
        tests.send_signal(signal.SIGKILL)
    until(lambda: not marked(f"SLURM_CONF={tmp_path}/bed"), "the end of every daemon and job")
